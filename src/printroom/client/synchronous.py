"""The client that waits: each method returns when the server has answered."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
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


class Client:
    """One server, with one key. Safe from many threads; a context manager that closes."""

    def __init__(self, url: str | None = None, key: str | None = None) -> None:
        """`url`: None = $PRINTROOM_SERVER, or http://127.0.0.1:8000; `key`: None = $PRINTROOM_KEY,
        or none. Raises BadOption.
        """
        self._http = httpx.Client(
            base_url=base_of(url), headers=headers_of(key), timeout=TIMEOUT, follow_redirects=False
        )

    def enhance(self, picture: Path | bytes, **options: str | int) -> bytes:
        """The picture, mended and enlarged on the spot; for options see POST /v1/images/enhance."""
        return self._do(calls.enhance(source_of(picture), options))

    def run(
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
        submitted = self._do(calls.submit(wanted))
        return self.wait(submitted, timeout=timeout, progress=progress)

    def submit(
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
        return self._do(calls.submit(wanted))

    def wait(
        self, run: Run | str, *, timeout: float | None = None, progress: Progress | None = None
    ) -> Run:
        """The run when it has succeeded. Raises why it did not, and DeadlinePassed."""
        name = name_of(run)
        if progress is not None:
            for event in self._followed(Parser(name, 0, timeout)):
                progress(event)
            timeout = None
        return calls.finished(self._do(calls.wait(name, timeout)))

    def events(self, run: Run | str, after: int = 0) -> Iterator[Event]:
        """What happens to a run, behind event number `after`, until it is over.

        A stream that breaks is taken up again where it broke.
        """
        return self._followed(Parser(name_of(run), after))

    def get(self, run: Run | str) -> Run:
        """The run as it is now."""
        return self._do(calls.get(name_of(run)))

    def cancel(self, run: Run | str) -> Run:
        """Take it back."""
        return self._do(calls.change(name_of(run), "cancel"))

    def retry(self, run: Run | str) -> Run:
        """Try a run that failed again. Raises WrongState."""
        return self._do(calls.change(name_of(run), "retry"))

    def runs(self, status: str | None = None, target: str | None = None) -> Iterator[Run]:
        """All of them, or those of a pipeline in all its versions, the newest first."""
        after: str | None = None
        while True:
            page, after = self._do(calls.runs(status, target, after))
            yield from page
            if after is None:
                return

    def pipelines(self) -> list[dict[str, Any]]:
        """The pipelines of the server."""
        return self._do(calls.pipelines())

    def pipeline(self, name: str) -> dict[str, Any]:
        """What one takes and gives."""
        return self._do(calls.pipeline(name))

    def models(self, query: str = "") -> Iterator[dict[str, Any]]:
        """The models that may be used, by name; of one's own also those that are not ready."""
        after: str | None = None
        while True:
            page, after = self._do(models.listed(query, after))
            yield from page
            if after is None:
                return

    def model(self, name: str) -> dict[str, Any]:
        """A version of a model, `owner/name@version`, or the newest, and how it is."""
        return self._do(models.model(name))

    def push_model(
        self, content: Path | bytes, name: str, file: str = "model.onnx", **about: Any
    ) -> dict[str, Any]:
        """Give the server a model of one's own, under `name`; it can be used once it is `ready`.

        `file`: what bytes are called; `about`: title, description, licence, task, reading.
        """
        source = source_of(content, "" if isinstance(content, Path) else file)
        return self._do(models.pushed(source, {"name": name, **about}))

    def delete_model(self, name: str) -> None:
        """Have a version of one's own gone, or all of them."""
        self._do(models.deleted(name))

    def upload(self, content: Path | bytes, name: str = "") -> File:
        """Keep a file for a while; large ones go in parts, and are taken up where they broke."""
        return self._do(calls.upload(source_of(content, name)))

    def file(self, file: File | Picture | str) -> File:
        """What is known of a file."""
        return self._do(calls.file(name_of(file)))

    def delete(self, file: File | Picture | str) -> None:
        """Have it gone."""
        self._do(calls.delete(name_of(file)))

    def save(self, file: File | Picture | str, path: Path) -> Path:
        """Bring a file here, whole or not at all, in place of what was there."""
        with Saving(name_of(file), path) as saving:
            while not saving.whole:
                try:
                    with self._http.stream("GET", saving.path, headers=saving.headers) as answer:
                        self._check(answer)
                        saving.begins(answer.status_code, dict(answer.headers))
                        for piece in answer.iter_raw():
                            saving.take(piece)
                except httpx.TransportError as error:
                    time.sleep(saving.broke(str(error)))
        return path

    def read(self, file: File | Picture | str) -> bytes:
        """The bytes of a file."""
        return self._do(calls.content(name_of(file)))

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def _do(self, call: Call[T]) -> T:
        """Carry out what a call wants."""
        came: Reply | Lost | None = None
        try:
            while True:
                wanted = call.send(came)
                if isinstance(wanted, Pause):
                    time.sleep(wanted.seconds)
                    came = None
                else:
                    came = self._asked(wanted)
        except StopIteration as end:
            result: T = end.value
            return result

    def _asked(self, ask: Ask) -> Reply | Lost:
        try:
            answer = self._http.request(
                ask.method, ask.path, json=ask.json, content=ask.content,
                headers=dict(ask.headers), params=dict(ask.params),
            )  # fmt: skip
        except httpx.TransportError as error:
            return Lost(str(error) or type(error).__name__)
        except httpx.InvalidURL as error:
            raise FetchFailed(f"the server cannot be asked: {error}", "mend its URL") from None
        return Reply(answer.status_code, dict(answer.headers), answer.content)

    def _followed(self, parser: Parser) -> Iterator[Event]:
        while not parser.over:
            why = "its events break off"
            try:
                with self._http.stream("GET", parser.path, headers=parser.headers) as answer:
                    self._check(answer)
                    for line in answer.iter_lines():
                        yield from parser.line(line)
            except httpx.TransportError as error:
                why = str(error)
            if not parser.over:
                time.sleep(parser.broke(why))

    def _check(self, answer: httpx.Response) -> None:
        if answer.status_code in AGAIN:
            raise httpx.ReadError(f"it answers {answer.status_code}")
        if answer.status_code >= 400:
            with contextlib.suppress(httpx.TransportError):
                answer.read()
            checked(Reply(answer.status_code, dict(answer.headers), answer.content))
