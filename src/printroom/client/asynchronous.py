"""The same client for an event loop: see `printroom.client.synchronous`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from printroom.client import calls, models
from printroom.client.asking import AGAIN, Ask, Call, Lost, Pause, Reply, checked
from printroom.client.calls import Target, Wanted, name_of, output_of
from printroom.client.following import Parser, Progress
from printroom.client.model import Event, File, Picture, Run
from printroom.client.saving import Saving
from printroom.client.settings import TIMEOUT, base_of, headers_of
from printroom.client.sources import source_of
from printroom.core.errors import FetchFailed

T = TypeVar("T")


class AsyncClient:
    """One server, with one key; for one event loop. An async context manager that closes."""

    def __init__(self, url: str | None = None, key: str | None = None) -> None:
        """`url`: None = $PRINTROOM_SERVER, or http://127.0.0.1:8000; `key`: None = $PRINTROOM_KEY,
        or none. Raises BadOption.
        """
        self._http = httpx.AsyncClient(
            base_url=base_of(url), headers=headers_of(key), timeout=TIMEOUT, follow_redirects=False
        )

    async def enhance(self, picture: Path | bytes, **options: str | int) -> bytes:
        """The picture, mended and enlarged on the spot; for options see POST /v1/images/enhance."""
        return await self._do(calls.enhance(source_of(picture), options))

    async def run(
        self,
        target: Target,
        input: Mapping[str, Any] | None = None,  # noqa: A002  the same word as everywhere
        *,
        format: str | None = None,  # noqa: A002
        quality: int | None = None,
        metadata: str | None = None,
        previews: bool = False,
        webhook: str | None = None,
        deadline: float | None = None,
        key: str | None = None,
        timeout: float | None = None,
        progress: Progress | None = None,
    ) -> Run:
        """Run a pipeline and wait for its end. Raises why it failed, as the server does.

        `target`: its name, or all of one that is not published, as JSON. `input`: a value for each
        of its inputs; paths, and bytes, of pictures are uploaded. `format`, `quality`: of pictures
        it makes; `metadata`: what goes with them, "keep", "strip" or "copyright"; `previews`:
        whether each step shows its picture, in an event; `deadline`: seconds until it must be over
        there; `timeout`: seconds to wait here, then DeadlinePassed; `key`: the same request with
        the same key is the same run; `progress`: told of each event.
        """
        output = output_of(format, quality, metadata, previews)
        wanted = Wanted(target, input or {}, output, webhook, deadline, key)
        submitted = await self._do(calls.submit(wanted))
        return await self.wait(submitted, timeout=timeout, progress=progress)

    async def submit(
        self,
        target: Target,
        input: Mapping[str, Any] | None = None,  # noqa: A002
        *,
        format: str | None = None,  # noqa: A002
        quality: int | None = None,
        metadata: str | None = None,
        previews: bool = False,
        webhook: str | None = None,
        deadline: float | None = None,
        key: str | None = None,
    ) -> Run:
        """The same without waiting."""
        output = output_of(format, quality, metadata, previews)
        wanted = Wanted(target, input or {}, output, webhook, deadline, key)
        return await self._do(calls.submit(wanted))

    async def wait(
        self, run: Run | str, *, timeout: float | None = None, progress: Progress | None = None
    ) -> Run:
        """The run when it has succeeded. Raises why it did not, and DeadlinePassed."""
        name = name_of(run)
        if progress is not None:
            async for event in self._followed(Parser(name, 0, timeout)):
                progress(event)
            timeout = None
        return calls.finished(await self._do(calls.wait(name, timeout)))

    def events(self, run: Run | str, after: int = 0) -> AsyncIterator[Event]:
        """What happens to a run, behind event number `after`, until it is over.

        A stream that breaks is taken up again where it broke.
        """
        return self._followed(Parser(name_of(run), after))

    async def get(self, run: Run | str) -> Run:
        """The run as it is now."""
        return await self._do(calls.get(name_of(run)))

    async def cancel(self, run: Run | str) -> Run:
        """Take it back."""
        return await self._do(calls.change(name_of(run), "cancel"))

    async def retry(self, run: Run | str) -> Run:
        """Try a run that failed again. Raises WrongState."""
        return await self._do(calls.change(name_of(run), "retry"))

    async def runs(
        self, status: str | None = None, target: str | None = None
    ) -> AsyncIterator[Run]:
        """All of them, or those of a pipeline in all its versions, the newest first."""
        after: str | None = None
        while True:
            page, after = await self._do(calls.runs(status, target, after))
            for one in page:
                yield one
            if after is None:
                return

    async def pipelines(self) -> list[dict[str, Any]]:
        """The pipelines of the server."""
        return await self._do(calls.pipelines())

    async def pipeline(self, name: str) -> dict[str, Any]:
        """What one takes and gives."""
        return await self._do(calls.pipeline(name))

    async def models(self, query: str = "") -> AsyncIterator[dict[str, Any]]:
        """The models that may be used, by name; of one's own also those that are not ready."""
        after: str | None = None
        while True:
            page, after = await self._do(models.listed(query, after))
            for one in page:
                yield one
            if after is None:
                return

    async def model(self, name: str) -> dict[str, Any]:
        """A version of a model, `owner/name@version`, or the newest, and how it is."""
        return await self._do(models.model(name))

    async def push_model(
        self, content: Path | bytes, name: str, file: str = "model.onnx", **about: Any
    ) -> dict[str, Any]:
        """Give the server a model of one's own, under `name`; it can be used once it is `ready`.

        `file`: what bytes are called; `about`: title, description, licence, task, reading.
        """
        source = source_of(content, "" if isinstance(content, Path) else file)
        return await self._do(models.pushed(source, {"name": name, **about}))

    async def delete_model(self, name: str) -> None:
        """Have a version of one's own gone, or all of them."""
        await self._do(models.deleted(name))

    async def upload(self, content: Path | bytes, name: str = "") -> File:
        """Keep a file for a while; large ones go in parts, and are taken up where they broke."""
        return await self._do(calls.upload(source_of(content, name)))

    async def file(self, file: File | Picture | str) -> File:
        """What is known of a file."""
        return await self._do(calls.file(name_of(file)))

    async def delete(self, file: File | Picture | str) -> None:
        """Have it gone."""
        await self._do(calls.delete(name_of(file)))

    async def save(self, file: File | Picture | str, path: Path) -> Path:
        """Bring a file here, whole or not at all, in place of what was there."""
        with Saving(name_of(file), path) as saving:
            while not saving.whole:
                try:
                    async with self._http.stream(
                        "GET", saving.path, headers=saving.headers
                    ) as answer:
                        await self._check(answer)
                        saving.begins(answer.status_code, dict(answer.headers))
                        async for piece in answer.aiter_raw():
                            saving.take(piece)
                except httpx.TransportError as error:
                    await asyncio.sleep(saving.broke(str(error)))
        return path

    async def read(self, file: File | Picture | str) -> bytes:
        """The bytes of a file."""
        return await self._do(calls.content(name_of(file)))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self.close()

    async def _do(self, call: Call[T]) -> T:
        """Carry out what a call wants."""
        came: Reply | Lost | None = None
        try:
            while True:
                wanted = call.send(came)
                if isinstance(wanted, Pause):
                    await asyncio.sleep(wanted.seconds)
                    came = None
                else:
                    came = await self._asked(wanted)
        except StopIteration as end:
            result: T = end.value
            return result

    async def _asked(self, ask: Ask) -> Reply | Lost:
        try:
            answer = await self._http.request(
                ask.method, ask.path, json=ask.json, content=ask.content,
                headers=dict(ask.headers), params=dict(ask.params),
            )  # fmt: skip
        except httpx.TransportError as error:
            return Lost(str(error) or type(error).__name__)
        except httpx.InvalidURL as error:
            raise FetchFailed(f"the server cannot be asked: {error}", "mend its URL") from None
        return Reply(answer.status_code, dict(answer.headers), answer.content)

    async def _followed(self, parser: Parser) -> AsyncIterator[Event]:
        while not parser.over:
            why = "its events break off"
            try:
                async with self._http.stream("GET", parser.path, headers=parser.headers) as answer:
                    await self._check(answer)
                    async for line in answer.aiter_lines():
                        for event in parser.line(line):
                            yield event
            except httpx.TransportError as error:
                why = str(error)
            if not parser.over:
                await asyncio.sleep(parser.broke(why))

    async def _check(self, answer: httpx.Response) -> None:
        if answer.status_code in AGAIN:
            raise httpx.ReadError(f"it answers {answer.status_code}")
        if answer.status_code >= 400:
            with contextlib.suppress(httpx.TransportError):
                await answer.aread()
            checked(Reply(answer.status_code, dict(answer.headers), answer.content))
