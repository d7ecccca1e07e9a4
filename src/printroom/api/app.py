"""The ASGI application: one comparison, then the hot path or the others.

POST /v1/images/enhance              -> EnhanceEndpoint, without any middleware
POST /v1/pipelines/{name}            -> PipelineEndpoint, likewise
POST /v2/models/{model}/infer        -> InferEndpoint, likewise
POST /compat/openai/v1/images/…      -> ImagesEndpoint, likewise
GET  /a/… /i/…                       -> DeliveryEndpoint, likewise
GET  / /assets/…                     -> the studio, likewise
/healthz /readyz /metrics /docs / …  -> FastAPI
"""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from printroom.api.access import Who
from printroom.api.accounts import cors
from printroom.api.accounts.guard import Guard
from printroom.api.accounts.routes import routes as accounts
from printroom.api.body import Receive
from printroom.api.collections import routes as collections
from printroom.api.compat.kserve.endpoint import SUFFIX, InferEndpoint
from printroom.api.compat.kserve.names import PREFIX as MODELS
from printroom.api.compat.kserve.routes import routes as kserve
from printroom.api.compat.openai.endpoint import EVENTS as IMAGES
from printroom.api.compat.openai.endpoint import ImagesEndpoint
from printroom.api.compat.openai.routes import routes as openai
from printroom.api.compat.replicate import files as files_of_replicate
from printroom.api.compat.replicate import models as models_of_replicate
from printroom.api.compat.replicate import predictions
from printroom.api.delivery.endpoint import PREFIXES as DELIVERED
from printroom.api.delivery.endpoint import delivery_endpoint
from printroom.api.delivery.routes import routes as artifacts
from printroom.api.document import document
from printroom.api.files import routes as uploads
from printroom.api.files import tus
from printroom.api.hot import EnhanceEndpoint
from printroom.api.market import buying, closing, moderating, months, paying
from printroom.api.market import listings as market
from printroom.api.models import routes as own_models
from printroom.api.openapi import PATH
from printroom.api.people import routes as people
from printroom.api.pipelines.endpoint import CHECK, PREFIX, PipelineEndpoint
from printroom.api.pipelines.palette import routes as steps
from printroom.api.pipelines.publishing import routes as publishing
from printroom.api.pipelines.routes import routes
from printroom.api.problems import BadParameter, Problem, problem, problem_of
from printroom.api.proxied import ROOT, Proxies, below
from printroom.api.replies import Send, send_problem
from printroom.api.resident import resident
from printroom.api.runs import batches, quotes, webhooks
from printroom.api.runs import routes as runs
from printroom.api.runs.desk import Desk
from printroom.api.service import Service
from printroom.api.storages import objects
from printroom.api.storages.routes import routes as storages
from printroom.api.studio import is_studio, studio
from printroom.api.trainings import routes as trainings
from printroom.core.errors import PrintroomError
from printroom.engine.tensors import Tensors
from printroom.pipelines.telling import hidden
from printroom.workshop import Workshop


class App:
    """The server's application."""

    def __init__(self, service: Service) -> None:
        settings = service.workshop.settings
        self._proxies = Proxies(settings.http_proxies, settings.url)
        self._enhance = EnhanceEndpoint(service)
        self._pipeline = PipelineEndpoint(service)
        self._delivery = delivery_endpoint(service)
        tensors = Tensors(service.workshop.floor)
        self._infer = InferEndpoint(service, tensors)
        self._images = ImagesEndpoint(service)
        self._rest = Guard(service, _fastapi(service, tensors))
        self._door = service.door

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Dispatch one request."""
        self._proxies.read(scope)
        if root := scope[ROOT]:
            send = below(send, root)
        if scope["path"].startswith(DELIVERED):  # the same for all sites, as caches want it
            await self._delivery(scope, receive, send)
            return
        if scope["type"] == "http" and is_studio(scope["path"]):
            await studio(scope, receive, send)
            return
        if (headers := await cors.allowed(self._door, scope)) is not None:
            if cors.preflight(scope):
                await cors.answer(send, headers)
                return
            send = cors.adding(send, headers)
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._other(scope)(scope, receive, send)
        elif scope["method"] == "POST":
            await self._enhance(scope, receive, send)
        else:
            await send_problem(send, _no_such(405), [(b"allow", b"POST")])

    def _other(self, scope: dict[str, Any]) -> Any:
        path = scope["path"]
        if scope["method"] != "POST":
            return self._rest
        if path.startswith(PREFIX) and path != CHECK:
            return self._pipeline
        if path.startswith(MODELS) and path.endswith(SUFFIX):
            return self._infer
        return self._images if path in IMAGES else self._rest


def _fastapi(service: Service, tensors: Tensors) -> FastAPI:
    app = FastAPI(
        title="printroom",
        version=version("printroom"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(PrintroomError, _on_refusal)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(Exception, _on_fault)
    _runs(app, service)  # first, since a run is asked for most often: paths are tried in this order
    app.include_router(steps(service.workshop))
    app.include_router(publishing(service))
    app.include_router(routes(service.workshop))
    app.include_router(resident(service))
    app.include_router(accounts(service))
    app.include_router(artifacts(service.workshop))
    app.include_router(storages(service.workshop))
    app.include_router(kserve(service, tensors))
    app.include_router(openai(service.workshop))
    _health(app, service)
    _pages(app)
    _document(app, service.workshop)
    return app


REPLICATE = (predictions, files_of_replicate, models_of_replicate)
"""Routes for replicate's clients."""


def _runs(app: FastAPI, service: Service) -> None:
    """Runs and files, and all that goes with them."""
    desk = Desk(service)
    service.closing.append(desk.close)
    for one in (
        runs,
        webhooks,
        batches,
        quotes,
        tus,
        uploads,
        objects,
        own_models,
        collections,
        people,
        trainings,
        *REPLICATE,
    ):
        app.include_router(one.routes(desk))
    for part in (market, buying, paying, months, moderating, closing):
        app.include_router(part.routes(desk))


def _document(app: FastAPI, workshop: Workshop) -> None:
    metrics_open = workshop.settings.http_metrics_open

    @app.get("/openapi.json", include_in_schema=False)
    def openapi(request: Request, who: Who) -> JSONResponse:  # in a thread: it reads pipelines
        root = request.scope[ROOT]
        told = document(app, workshop, who.account, root, metrics_open=metrics_open)
        return JSONResponse(told)


class State(BaseModel):
    """How the server is."""

    status: str = Field(examples=["ready"])


def _health(app: FastAPI, service: Service) -> None:
    @app.get("/healthz", summary="Alive?", tags=["health"], operation_id="getHealth")
    async def healthz() -> State:
        """Whether the process answers at all."""
        return State(status="alive")

    @app.get(
        "/readyz",
        summary="Ready?",
        tags=["health"],
        operation_id="getReadiness",
        responses={200: {"model": State}, 503: {"model": State, "description": "Not ready"}},
    )
    async def readyz() -> JSONResponse:
        """Whether the models are loaded and new work is taken."""
        return JSONResponse({"status": service.state}, 200 if service.ready else 503)

    @app.get(
        "/metrics",
        summary="Metrics",
        tags=["health"],
        operation_id="getMetrics",
        response_class=PlainTextResponse,
    )
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
    ("/docs", "api/pages/docs.html", "text/html"),
    ("/sample.jpg", "samples/cat.jpg", "image/jpeg"),
)
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'"
)


async def _on_http_error(request: Request, error: Exception) -> Response:
    if isinstance(refusal := error.__cause__, PrintroomError):  # while the body was read
        return _response(problem_of(refusal, "", hidden, {}), {})
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 405:
        return _response(_no_such(status), {"allow": ", ".join(_methods(request))})
    return _response(_no_such(status), getattr(error, "headers", None) or {})


def _methods(request: Request) -> list[str]:
    """What an address takes, by all routes that have it."""
    bare = request.scope["path"].startswith(PREFIX)
    return [
        method
        for method in ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
        if (bare and method == "POST")
        or any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]


async def _on_refusal(_: Request, error: Exception) -> Response:
    return _response(problem_of(error, "", hidden, {}), {})


async def _on_invalid(_: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    faults = {".".join(map(str, one["loc"][1:])) or "body": str(one["msg"]) for one in found}
    reason = "; ".join(f"{name[:64]}: {why}" for name, why in faults.items())
    wrong = BadParameter(reason[:2000], "see /docs", params=list(faults))
    return _response(problem_of(wrong, "", hidden, {}), {})


async def _on_fault(_: Request, __: Exception) -> Response:
    return _response(problem(500, "internal_error", "something went wrong here; it is logged"), {})


def _no_such(status: int) -> Problem:
    if status == 400:  # FastAPI's word for a body that is not even UTF-8
        return problem(422, "bad_option", "the body is not JSON: send an object")
    if status == 405:
        return problem(status, "method_not_allowed", "this address does not take that method")
    return problem(status, "not_found", "there is nothing at this address: see /docs")


def _response(answer: Problem, headers: dict[str, str]) -> Response:
    known = {name.decode(): value.decode() for name, value in answer.headers}
    return Response(answer.body, answer.status, headers=known | headers)
