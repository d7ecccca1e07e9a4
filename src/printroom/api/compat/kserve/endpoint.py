"""`POST /v2/models/{model}[/versions/{version}]/infer`: tensors through a model's own graph.

body -> tensors -> outputs as JSON, or JSON with bytes behind it
                   NotFound BadOption BodyTooLarge NeedsMemory Overloaded Cancelled
"""

from __future__ import annotations

import asyncio
import json
import mmap
import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from printroom.accounts.prices import Amounts
from printroom.api.body import Body, Receive, check_length, output_error
from printroom.api.compat.kserve.names import PREFIX, Address, found
from printroom.api.compat.kserve.request import HEADER, Asked, Wish
from printroom.api.compat.kserve.tensors import Array, kind_of, to_bytes, to_json
from printroom.api.endpoint import Call, Endpoint, principal, watched
from printroom.api.job import Job
from printroom.api.problems import Headers, Problem
from printroom.api.replies import Send, Stall
from printroom.api.service import Service
from printroom.api.sold import sold
from printroom.catalogue.card import Model
from printroom.catalogue.owned import Unpaid
from printroom.core.errors import BadOption, ModelFailed
from printroom.engine.order import Order
from printroom.engine.tensors import Tensors, extent
from printroom.marketplace.terms import Sale

SUFFIX = "/infer"


@dataclass(frozen=True)
class Inferred:
    """An answer, how much of it is JSON (None = all), and what is counted of it."""

    body: bytes | Path
    header: int | None
    made: Amounts


class InferEndpoint(Endpoint):
    """The ASGI application for all models."""

    def __init__(self, service: Service, tensors: Tensors) -> None:
        super().__init__(service)
        self._tensors = tensors

    async def _answer(
        self, call: Call, body: Body, scope: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        service = self._service
        service.gate.check()
        header = _header(scope["headers"])
        check_length(call.length, service.limits.body)
        address = Address.of(scope["path"].removeprefix(PREFIX))
        model, paid = await asyncio.to_thread(self._found, address, principal(call).viewer)
        call.model = model.card.id
        source = await body.read(receive)
        account = principal(call).viewer if paid else None
        job = InferJob(service, self._tensors, model, source, header, account)
        try:
            inferred = await watched(job, scope)
            body.release()
            call.made = inferred.made
            stall = Stall(scope["transport"], service.limits.idle)
            headers = [*_headers(inferred), *sold(job.sale)]
            await self._send(call, inferred.body, headers, stall, send)
        finally:
            job.release()

    def _found(self, address: Address, account: str) -> tuple[Model, bool]:
        """The model, and whether it is to be paid for."""
        workshop = self._service.workshop
        try:
            return found(workshop, address, account, named=False), False
        except Unpaid:
            return found(workshop, address, account), True

    def _problem(self, error: Exception, request_id: str) -> Problem:
        return in_protocol(super()._problem(error, request_id))


class InferJob(Job[Inferred]):
    """One call of a model."""

    def __init__(
        self,
        service: Service,
        tensors: Tensors,
        model: Model,
        source: bytes | Path,
        header: int | None,
        payer: str | None,
    ) -> None:
        """Take a place at the gate. `payer`: the account that pays for it; None = it is not sold.

        Raises Overloaded.
        """
        self._tensors, self._model, self._source = tensors, model, source
        self._header, self._payer = header, payer
        self.sale = Sale()
        """What is paid for it, once it is done."""
        self._target: Path | None = None
        super().__init__(service)

    def _work(self) -> Inferred:
        try:
            return self._inferred(_opened(self._source))
        except OSError as error:
            raise output_error(error) from error

    def _inferred(self, view: memoryview) -> Inferred:
        order = Order(cancel=self._cancel, aside=self._service.hands.aside)
        asked = Asked.of(view, self._header)
        ports = self._tensors.ports(self._model, order)
        feed, wishes = asked.feed(ports), asked.wishes(ports)
        names = [wish.name for wish in wishes]
        try:
            outputs, made = self._paid(feed, names, order)
        except ModelFailed as error:  # what went in was the caller's, and nobody's else
            reason = f"{self._model.card.id} cannot take these tensors: {error.remedy}"
            raise BadOption(reason, "see its metadata") from error
        return self._written(asked.id, wishes, outputs, made)

    def _paid(
        self, feed: Mapping[str, Array], names: list[str], order: Order
    ) -> tuple[Mapping[str, Array], Amounts]:
        """The outputs, and what they amount to, charged where it is sold."""

        def measure(_: tuple[str, ...]) -> tuple[int, bool]:
            scale = self._model.card.geometry.scale
            return ceil(_amounts(feed, 0.0).pixels * scale * scale), True

        def infer() -> tuple[Mapping[str, Array], Amounts]:
            began = time.monotonic()
            outputs = self._tensors.infer(self._model, feed, names, order)
            return outputs, _amounts(outputs, time.monotonic() - began)

        if self._payer is None:
            return infer()
        terms, models = self._service.workshop.terms, [self._model.card.id]
        with terms.sale(self._payer, None, models, measure) as self.sale:
            outputs, made = infer()
            self.sale.done(made.pixels, made.milliseconds / 1000)
        return outputs, made

    def _written(
        self,
        request: str | None,
        wishes: list[Wish],
        outputs: Mapping[str, Array],
        made: Amounts,
    ) -> Inferred:
        card, pieces = self._model.card, []
        told: dict[str, Any] = {"model_name": card.name, "model_version": str(card.version)}
        if request is not None:
            told["id"] = request
        told["outputs"] = []
        for wish in wishes:
            array = outputs[wish.name]
            one: dict[str, Any] = {
                "name": wish.name,
                "datatype": kind_of(array),
                "shape": list(array.shape),
            }
            if wish.binary:
                pieces.append(to_bytes(array))
                one["parameters"] = {"binary_data_size": len(pieces[-1])}
            else:
                one["data"] = to_json(wish.name, array)
            told["outputs"].append(one)
        head = json.dumps(told).encode()
        size = len(head) + sum(map(len, pieces))
        header = len(head) if pieces else None
        if size <= self._service.limits.buffer:
            return Inferred(b"".join((head, *pieces)), header, made)
        self._target = self._service.scratch.path("result")
        with self._target.open("wb") as file:
            file.writelines((head, *pieces))
        return Inferred(self._target, header, made)

    def _clean(self) -> None:
        if self._target is not None:
            self._service.scratch.discard(self._target)


def _amounts(outputs: Mapping[str, Array], seconds: float) -> Amounts:
    """Tensors of pictures count as pictures; of others, each value as a pixel."""
    items, pixels = 0, 0
    for array in outputs.values():
        count, size = extent(array)
        items, pixels = max(items, count), pixels + count * size
    return Amounts(items, pixels, round(seconds * 1000))


def _opened(source: bytes | Path) -> memoryview:
    """A body as it lies; a file's pages come when they are looked at, and go with the view."""
    if isinstance(source, bytes) or not source.stat().st_size:  # what is empty cannot be mapped
        return memoryview(source if isinstance(source, bytes) else b"")
    with source.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def in_protocol(problem: Problem) -> Problem:
    """A refusal whose `error` is a text, as the protocol has it, beside the members of ours."""
    content = json.loads(problem.body)
    content["error"] = content["detail"]
    body = json.dumps(content).encode()
    length = (b"content-length", str(len(body)).encode())
    headers = [length if name == b"content-length" else (name, value)
               for name, value in problem.headers]  # fmt: skip
    return Problem(problem.status, headers, body, problem.code)


def _header(headers: Headers) -> int | None:
    """Bytes of JSON at the beginning of the body. Raises BadOption."""
    known = dict(headers)
    if known.get(b"content-encoding", b"identity").lower() not in (b"", b"identity"):
        raise BadOption("compressed bodies are not taken", "send tensors as they are")
    text = known.get(HEADER)
    if text is None:
        return None
    if not text.isdigit() or len(text) > 12:
        raise BadOption(f"{HEADER.decode()} is no number of bytes", "let the client write it")
    return int(text)


def _headers(inferred: Inferred) -> Headers:
    if inferred.header is None:
        return [(b"content-type", b"application/json")]
    length = str(inferred.header).encode()
    return [(b"content-type", b"application/octet-stream"), (HEADER, length)]
