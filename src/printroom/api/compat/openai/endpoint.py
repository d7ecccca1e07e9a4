"""`POST /compat/openai/v1/images/{generations, edits, variations}`.

body -> Asked -> a pipeline, run as often as asked -> pictures as base64
                 NotFound BadPipeline BadParameter, and whatever the runs raise

A refusal has the `error` object that OpenAI's clients read, as everywhere here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from printroom.accounts.prices import Amounts
from printroom.accounts.principal import Principal
from printroom.api.body import Body, Receive, check_length, output_error
from printroom.api.compat.openai.answers import answer
from printroom.api.compat.openai.asked import Asked
from printroom.api.compat.openai.filling import draws, edits, filled, picture_of
from printroom.api.endpoint import Call, Endpoint, principal, watched
from printroom.api.job import Job
from printroom.api.pipelines.answers import Answer
from printroom.api.pipelines.endpoint import amounts_of
from printroom.api.pipelines.inputs import Form
from printroom.api.problems import BadParameter
from printroom.api.replies import Send, Stall
from printroom.api.service import Service
from printroom.api.sold import Selling, sold
from printroom.core.errors import BadOption
from printroom.engine.saving import Saving
from printroom.imaging.formats import Format
from printroom.marketplace.terms import Sale
from printroom.pipelines.telling import hidden
from printroom.runs.target import Target, Targets

PREFIX = "/compat/openai/v1/"
EVENTS = {
    f"{PREFIX}images/generations": "image_generation.completed",
    f"{PREFIX}images/edits": "image_edit.completed",
    f"{PREFIX}images/variations": "image_edit.completed",
}
"""Path -> what a finished picture is called in a stream."""
DEFAULT = "enhance"
"""The pipeline that edits when none is named."""


class ImagesEndpoint(Endpoint):
    """The ASGI application for the paths of EVENTS."""

    params: ClassVar[Mapping[str, str]] = {"not_found": "model"}

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self._targets = Targets(service.workshop)

    async def _answer(
        self, call: Call, body: Body, scope: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        service, path = self._service, scope["path"]
        service.gate.check()
        form = Form(call.media_type)
        check_length(call.length, service.limits.body)
        form.check(call.length)
        source = await body.read(receive)
        form.check(body.size)
        job = ImagesJob(service, self._targets, form, source, path, principal(call))
        try:
            answered, target = await watched(job, scope)
            body.release()
            call.model, call.made = target.id, job.made
            headers = [
                (b"content-type", answered.media_type.encode()),
                (b"x-printroom-pipeline", target.id.encode()),
                *(header for sale in job.sales for header in sold(sale)),
            ]
            stall = Stall(scope["transport"], service.limits.idle)
            await self._send(call, answered.path, headers, stall, send)
        finally:
            await asyncio.to_thread(job.release)

    def _hide(self, text: str) -> str:
        return hidden(super()._hide(text))


class ImagesJob(Job[tuple[Answer, Target]]):
    """The runs of one request."""

    def __init__(
        self,
        service: Service,
        targets: Targets,
        form: Form,
        source: bytes | Path,
        path: str,
        who: Principal,
    ) -> None:
        """Take a place at the gate. Raises Overloaded."""
        self._form, self._source, self._path, self._who = form, source, path, who
        self._targets = targets
        self.sales: list[Sale] = []
        """What is paid for its runs."""
        self._folder = service.scratch.path("run")
        self.made = Amounts()
        """What it made, once it is done."""
        super().__init__(service, batch=True)  # it may take long: some places are not for those

    def _work(self) -> tuple[Answer, Target]:
        with self._service.hands.aside():
            try:
                return self._ran()
            except OSError as error:
                raise output_error(error) from error

    def _ran(self) -> tuple[Answer, Target]:
        began = time.monotonic()
        self._folder.mkdir()
        asked = Asked.of(self._form, self._source, self._stored)
        target = self._target(asked)
        graph, selling = target.graph, Selling(self._service.workshop, self._who, target)
        name, pictures = picture_of(graph), []
        for number, values in enumerate(filled(graph, asked)):
            folder = self._folder / str(number)
            folder.mkdir()
            pictures += self._pictures(target, selling, values, name, folder, asked.format)
        if not pictures:
            raise BadOption(f"{target.id} made no picture of this", "ask it for something else")
        self.made = amounts_of({name: pictures}, time.monotonic() - began)
        return answer(pictures, asked, EVENTS[self._path], self._folder), target

    def _pictures(
        self,
        target: Target,
        selling: Selling,
        values: Mapping[str, Any],
        name: str,
        folder: Path,
        wanted: Format,
    ) -> list[Path]:
        """What one run made."""
        began = time.monotonic()
        with selling.of(values) as sale:
            outputs = self._service.workshop.run_pipeline(
                target.graph,
                values,
                folder,
                cancel=self._cancel,
                pixels=self._service.limits.pixels,
                saving=Saving(lambda _: wanted),
                account=selling.viewer,
                owner=selling.owner,
                paid=sale.paid,
            )
            seconds = time.monotonic() - began
            sale.done(amounts_of(outputs, seconds).pixels, seconds)
        self.sales.append(sale)
        found = outputs.get(name, [])
        return found if isinstance(found, list) else [found]

    def _target(self, asked: Asked) -> Target:
        """The pipeline, for strangers. Raises NotFound, BadParameter."""
        generates = self._path.endswith("generations")
        if not asked.model and generates:
            raise BadParameter("model names the pipeline", "GET models", params=["model"])
        target = self._targets.find(asked.model or DEFAULT, self._who.account)
        graph = target.graph
        if not (draws(graph) if generates else edits(graph)):
            takes = "takes no text alone" if generates else "takes no picture"
            raise BadParameter(f"{target.id} {takes}", "name another", params=["model"])
        if generates and not asked.prompt:
            raise BadParameter("there is no prompt", "say what to draw", params=["prompt"])
        return target

    def _stored(self, content: memoryview) -> bytes | Path:
        """A picture out of the body: in memory if the whole body is."""
        if isinstance(self._source, bytes):
            return bytes(content)
        path = self._folder / f"picture-{len(list(self._folder.iterdir()))}"
        path.write_bytes(content)
        return path

    def _clean(self) -> None:
        self._service.scratch.discard(self._folder)
