"""`POST /v1/pipelines/{owner}/{name}`, or `{name}`: runs a published pipeline on what came along.

name, Content-Type, Accept, body -> outputs      NotFound BadPipeline BadParameter
                                                 and whatever the run raises
What others sell is held for before it runs, and charged before it is answered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from printroom.accounts.prices import Amounts
from printroom.api.body import Body, Receive, check_length, output_error
from printroom.api.endpoint import Call, Endpoint, principal, watched
from printroom.api.job import Job
from printroom.api.pipelines.answers import Answer, Wanted
from printroom.api.pipelines.inputs import Form
from printroom.api.problems import BadParameter
from printroom.api.replies import Send, Stall
from printroom.api.service import Service
from printroom.api.sold import Selling, sold
from printroom.engine.saving import Saving
from printroom.imaging.vips import pyvips
from printroom.pipelines.declare import StepShape
from printroom.pipelines.telling import hidden
from printroom.runs.target import Targets

PREFIX = "/v1/pipelines/"
CHECK = f"{PREFIX}check"
"""No pipeline is called so."""


class PipelineEndpoint(Endpoint):
    """The ASGI application for all pipelines."""

    params: ClassVar[Mapping[str, str]] = {}

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self._targets = Targets(service.workshop)

    async def _answer(
        self, call: Call, body: Body, scope: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        service = self._service
        if query := scope["query_string"]:
            names = [name for name, _ in parse_qsl(query.decode("latin-1"), True)]
            raise BadParameter("there are no parameters here", "send inputs as body", params=names)
        service.gate.check()
        name, who = scope["path"].removeprefix(PREFIX), principal(call)
        target = await asyncio.to_thread(self._targets.find, name, who.account)
        graph = target.graph
        form = Form(call.media_type)
        check_length(call.length, service.limits.body)
        form.check(call.length)
        call.model = target.id
        wanted = Wanted.of(graph, call.accept)
        source = await body.read(receive)
        form.check(body.size)
        job = PipelineJob(service, wanted, form, source, Selling(service.workshop, who, target))
        try:
            answer = await watched(job, scope)
            body.release()
            call.made = job.made
            headers = [
                (b"content-type", answer.media_type.encode()),
                (b"x-printroom-pipeline", target.id.encode()),
                *sold(job.selling.sale),
            ]
            stall = Stall(scope["transport"], service.limits.idle)
            await self._send(call, answer.path, headers, stall, send)
        finally:
            job.release()

    def _target(self, scope: dict[str, Any]) -> str:
        return str(scope["path"].removeprefix(PREFIX))

    def _hide(self, text: str) -> str:
        return hidden(super()._hide(text))


class PipelineJob(Job[Answer]):
    """A run of a pipeline."""

    def __init__(
        self,
        service: Service,
        wanted: Wanted,
        form: Form,
        source: bytes | Path,
        selling: Selling,
    ) -> None:
        """Take a place at the gate. Raises Overloaded."""
        self._wanted, self._form, self._source = wanted, form, source
        self.selling = selling
        """For whom it is done, and what is paid for it."""
        self._pictures: list[Path] = []
        self._folder = service.scratch.path("run")
        self.made = Amounts()
        """What it made, once it is done."""
        whole = any(node.step.shape is StepShape.RUN for node in wanted.graph.nodes)
        super().__init__(service, batch=whole)  # it may take long: some places are not for those

    def _work(self) -> Answer:
        with self._service.hands.aside():  # steps may take long, and leave room for small pictures
            try:
                return self._ran()
            except OSError as error:
                raise output_error(error) from error

    def _ran(self) -> Answer:
        service, graph = self._service, self._wanted.graph
        values = self._form.read(graph.inputs, self._source, self._stored)
        self._folder.mkdir()
        began = time.monotonic()
        with self.selling.of(values) as sale:
            outputs = service.workshop.run_pipeline(
                graph,
                values,
                self._folder,
                cancel=self._cancel,
                pixels=service.limits.pixels,
                saving=Saving(self._wanted.choose),
                account=self.selling.viewer,
                owner=self.selling.owner,
                paid=sale.paid,
            )
            seconds = time.monotonic() - began
            self.made = amounts_of(outputs, seconds)
            sale.done(self.made.pixels, seconds)
        return self._wanted.answer(outputs, self._folder)

    def _stored(self, content: memoryview) -> bytes | Path:
        """A picture out of the body: in memory if the whole body is."""
        if isinstance(self._source, bytes):
            return bytes(content)
        self._pictures.append(self._service.scratch.path("picture"))
        self._pictures[-1].write_bytes(content)
        return self._pictures[-1]

    def _clean(self) -> None:
        for path in (self._folder, *self._pictures):
            self._service.scratch.discard(path)


def amounts_of(outputs: Mapping[str, Any], seconds: float) -> Amounts:
    """What the outputs of a run amount to."""
    paths: list[Path] = []
    for value in outputs.values():
        paths += [one for one in (value if isinstance(value, list) else [value])
                  if isinstance(one, Path)]  # fmt: skip
    pixels = 0
    for path in paths:
        head = pyvips.Image.new_from_file(str(path), access="sequential")
        pixels += head.width * head.height
    return Amounts(len(paths), pixels, round(seconds * 1000))
