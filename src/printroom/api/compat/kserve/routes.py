"""What can be asked at `/v2` beside inference: health, metadata, configurations, the repository.

GET /v2, /v2/health/live, /v2/health/ready
GET /v2/models/{model}[/versions/{version}][/ready | /config]          NotFound BadModel NeedsMemory
POST /v2/repository/index

A model is loaded to see its ports, once; that takes threads, so those routes are plain functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from printroom.api.access import Who
from printroom.api.compat.kserve.endpoint import in_protocol
from printroom.api.compat.kserve.names import PREFIX, Address, found
from printroom.api.compat.kserve.tensors import datatype_of, free
from printroom.api.problems import Problem, problem_of
from printroom.api.service import Service
from printroom.catalogue.card import Model
from printroom.core.errors import PrintroomError
from printroom.engine.order import Order
from printroom.engine.tensors import Ports, Tensors
from printroom.pipelines.telling import hidden
from printroom.runtimes.onnx.signature import Port

EXTENSIONS = ["binary_tensor_data", "model_configuration", "model_repository"]


def routes(service: Service, tensors: Tensors) -> APIRouter:
    """The routes, over the models of `service`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/v2")
    async def server() -> JSONResponse:
        return JSONResponse(
            {"name": "printroom", "version": version("printroom"), "extensions": EXTENSIONS}
        )

    @router.get("/v2/health/live")
    async def live() -> JSONResponse:
        return JSONResponse({"live": True})

    @router.get("/v2/health/ready")
    async def ready() -> JSONResponse:
        return JSONResponse({"ready": service.ready}, 200 if service.ready else 503)

    @router.get(PREFIX + "{path:path}")
    def model(who: Who, path: str) -> Response:
        return _told(lambda: _of_model(service, tensors, path, who.viewer))

    @router.post("/v2/repository/index")
    def index(who: Who) -> JSONResponse:
        cards = [model.card for model in service.workshop.catalogue.models]
        lines = [_line(card.name, card.version, ready=True) for card in cards]
        if who.viewer:
            handle, own = service.workshop.owned.of(who.viewer)
            lines += [
                _line(f"{handle}/{one.name}", one.version, ready=one.state == "ready")
                for one in own
            ]
        return JSONResponse(lines)

    return router


def _of_model(service: Service, tensors: Tensors, path: str, account: str) -> Response:
    address = Address.of(path)
    known = found(service.workshop, address, account)
    if address.verb == "ready":
        body = {"name": known.card.name, "ready": service.ready}
        return JSONResponse(body, 200 if service.ready else 503)
    if address.verb == "infer":
        return JSONResponse({"error": "send it by POST"}, 405, {"allow": "POST"})
    ports = tensors.ports(known, Order())
    shown = _config if address.verb else _metadata
    return JSONResponse(shown(service, known, ports))


def _metadata(service: Service, model: Model, ports: Ports) -> dict[str, Any]:
    versions = [
        str(one.card.version)
        for one in service.workshop.catalogue.models
        if one.card.name == model.card.name
    ]
    return {
        "name": model.card.name,
        "versions": sorted(versions, key=int) or [str(model.card.version)],
        "platform": _platform(model),
        "inputs": [_tensor(port) for port in ports.inputs],
        "outputs": [_tensor(port) for port in ports.outputs],
    }


def _config(_: Service, model: Model, ports: Ports) -> dict[str, Any]:
    """As Triton writes it; no batch is taken out of the shapes."""

    def written(port: Port) -> dict[str, Any]:
        return {
            "name": port.name,
            "data_type": f"TYPE_{datatype_of(port)}".replace("BYTES", "STRING"),
            "dims": free(port),
        }

    return {
        "name": model.card.name,
        "platform": _platform(model),
        "backend": model.card.runtime.replace("onnx", "onnxruntime"),
        "max_batch_size": 0,
        "input": [written(port) for port in ports.inputs],
        "output": [written(port) for port in ports.outputs],
    }


def _line(name: str, version: int, *, ready: bool) -> Mapping[str, str]:
    """Every model of the server is ready: it is loaded when it is asked for."""
    state, reason = ("READY", "") if ready else ("UNAVAILABLE", "see GET /v1/models")
    return {"name": name, "version": str(version), "state": state, "reason": reason}


def _platform(model: Model) -> str:
    return {"onnx": "onnxruntime_onnx", "torch": "pytorch", "tensorflow": "tensorflow"}[
        model.card.runtime
    ]


def _tensor(port: Port) -> dict[str, Any]:
    return {"name": port.name, "datatype": datatype_of(port), "shape": free(port)}


def _told(answer: Callable[[], Response]) -> Response:
    """The answer, or a refusal in the words of the protocol."""
    try:
        return answer()
    except PrintroomError as error:
        return _response(in_protocol(problem_of(error, "", hidden, {})))


def _response(problem: Problem) -> Response:
    headers = {name.decode(): value.decode() for name, value in problem.headers}
    return Response(problem.body, problem.status, headers)
