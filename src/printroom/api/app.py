"""The ASGI application: one comparison, then the hot path or the others.

POST /v1/images/enhance              -> EnhanceEndpoint, without any middleware
POST /v1/pipelines/{name}            -> PipelineEndpoint, likewise
/healthz /readyz /metrics /docs / …  -> FastAPI
"""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException

from printroom.api.body import Receive
from printroom.api.hot import EnhanceEndpoint
from printroom.api.openapi import PATH, PROBLEM_SCHEMA, enhance_path
from printroom.api.pipelines.answers import hidden
from printroom.api.pipelines.document import pipeline_paths
from printroom.api.pipelines.endpoint import PREFIX, PipelineEndpoint
from printroom.api.pipelines.routes import routes
from printroom.api.problems import Problem, problem, problem_of
from printroom.api.replies import Send, send_problem
from printroom.api.resident import resident
from printroom.api.service import Service
from printroom.core.errors import PrintroomError
from printroom.workshop import Workshop


class App:
    """The server's application."""

    def __init__(self, service: Service) -> None:
        self._enhance = EnhanceEndpoint(service)
        self._pipeline = PipelineEndpoint(service)
        self._rest = _fastapi(service)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Dispatch one request."""
        if scope["type"] != "http" or scope["path"] != PATH:
            posted = scope.get("method") == "POST" and scope["path"].startswith(PREFIX)
            other = self._pipeline if posted else self._rest
            await other(scope, receive, send)  # type: ignore[arg-type]
        elif scope["method"] == "POST":
            await self._enhance(scope, receive, send)
        else:
            await send_problem(send, _no_such(405), [(b"allow", b"POST")])


def _fastapi(service: Service) -> FastAPI:
    app = FastAPI(
        title="printroom",
        version=version("printroom"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(PrintroomError, _on_refusal)
    app.add_exception_handler(Exception, _on_fault)
    app.include_router(routes(service.workshop))
    app.include_router(resident(service))
    _health(app, service)
    _pages(app)
    _document(app, service.workshop)
    return app


def _document(app: FastAPI, workshop: Workshop) -> None:
    @app.get("/openapi.json", include_in_schema=False)
    def openapi() -> JSONResponse:  # in a thread: it reads and checks all pipelines
        document = dict(app.openapi())
        document["paths"] = document["paths"] | {PATH: enhance_path()} | pipeline_paths(workshop)
        schemas = document.get("components", {}).get("schemas", {})
        document["components"] = {"schemas": schemas | {"Problem": PROBLEM_SCHEMA}}
        return JSONResponse(document)


def _health(app: FastAPI, service: Service) -> None:
    @app.get("/healthz", summary="Alive?", tags=["health"])
    async def healthz() -> dict[str, str]:
        """Whether the process answers at all."""
        return {"status": "alive"}

    @app.get(
        "/readyz",
        summary="Ready?",
        tags=["health"],
        responses={503: {"description": "Not ready"}},
    )
    async def readyz() -> JSONResponse:
        """Whether the models are loaded and new work is taken."""
        return JSONResponse({"status": service.state}, 200 if service.ready else 503)

    @app.get("/metrics", summary="Metrics", tags=["health"], response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Numbers for Prometheus."""
        return Response(await service.metrics(), media_type=CONTENT_TYPE_LATEST)


def _pages(app: FastAPI) -> None:
    package = files("printroom")
    for path, name, media_type in _PAGES:
        page = Response(
            package.joinpath(name).read_bytes(),
            media_type=media_type,
            headers={"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"},
        )

        async def show(_: Request, page: Response = page) -> Response:
            return page

        app.add_route(path, show, include_in_schema=False)


_PAGES = (
    ("/", "api/pages/index.html", "text/html"),
    ("/docs", "api/pages/docs.html", "text/html"),
    ("/sample.jpg", "samples/cat.jpg", "image/jpeg"),
)
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'"
)


async def _on_http_error(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _response(_no_such(status), getattr(error, "headers", None) or {})


async def _on_refusal(_: Request, error: Exception) -> Response:
    return _response(problem_of(error, "", hidden, {}), {})


async def _on_fault(_: Request, __: Exception) -> Response:
    return _response(problem(500, "internal_error", "something went wrong here; it is logged"), {})


def _no_such(status: int) -> Problem:
    if status == 405:
        return problem(status, "method_not_allowed", "this address does not take that method")
    return problem(status, "not_found", "there is nothing at this address: see /docs")


def _response(answer: Problem, headers: dict[str, str]) -> Response:
    known = {name.decode(): value.decode() for name, value in answer.headers}
    return Response(answer.body, answer.status, headers=known | headers)
