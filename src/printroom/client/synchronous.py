"""The client that waits: each method returns when the server has answered."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

import httpx

from printroom.client import calls
from printroom.client.asking import (
    AGAIN,
    Ask,
    Call,
    Came,
    Follow,
    Lost,
    Page,
    Pause,
    Reply,
    checked,
)
from printroom.client.following import Parser
from printroom.client.methods import shown
from printroom.client.model import Event, File, Made, Picture
from printroom.client.saving import Saving
from printroom.client.settings import TIMEOUT, base_of, headers_of, quiet
from printroom.core.errors import FetchFailed

P = ParamSpec("P")
T = TypeVar("T")


def _call(call: Callable[P, Call[T]]) -> Callable[Concatenate[Client, P], T]:
    """A method that returns when it is done."""

    @shown(call)
    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._do(call(*args, **kwargs))

    return method


def _pages(
    call: Callable[Concatenate[str | None, P], Call[Page[T]]],
) -> Callable[Concatenate[Client, P], Iterator[T]]:
    """A method that turns the pages."""

    @shown(call, "Iterator[{}]", skip=1)
    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        page, after = self._do(call(None, *args, **kwargs))
        yield from page
        while after is not None:
            page, after = self._do(call(after, *args, **kwargs))
            yield from page

    return method


def _events(
    call: Callable[P, Parser],
) -> Callable[Concatenate[Client, P], Generator[Event, None, None]]:
    """A method that follows a stream."""

    @shown(call, "Generator[Event, None, None]")
    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> Generator[Event, None, None]:
        return self._followed(call(*args, **kwargs))

    return method


class Client:
    """One server, with one key. Safe from many threads; a context manager that closes.

    Its methods are those of `printroom.client.calls`, and `save`.
    """

    def __init__(self, url: str | None = None, key: str | None = None) -> None:
        """`url`: None = $PRINTROOM_SERVER, or http://127.0.0.1:8000; `key`: None = $PRINTROOM_KEY,
        or none. Raises BadOption.
        """
        self._http = httpx.Client(
            base_url=base_of(url), headers=headers_of(key), timeout=TIMEOUT, follow_redirects=False
        )

    enhance = _call(calls.runs.enhance)
    run = _call(calls.runs.run)
    submit = _call(calls.runs.submit)
    wait = _call(calls.runs.wait)
    events = _events(calls.runs.events)
    all_events = _events(calls.runs.all_events)
    get = _call(calls.runs.get)
    cancel = _call(calls.runs.cancel)
    retry = _call(calls.runs.retry)
    runs = _pages(calls.runs.runs)

    pipelines = _call(calls.pipelines.pipelines)
    pipeline = _call(calls.pipelines.pipeline)

    models = _pages(calls.models.models)
    model = _call(calls.models.model)
    push_model = _call(calls.models.push_model)
    delete_model = _call(calls.models.delete_model)

    recipes = _call(calls.trainings.recipes)
    submit_training = _call(calls.trainings.submit_training)
    wait_training = _call(calls.trainings.wait_training)
    training_events = _events(calls.trainings.training_events)
    training = _call(calls.trainings.training)
    cancel_training = _call(calls.trainings.cancel_training)
    retry_training = _call(calls.trainings.retry_training)
    trainings = _pages(calls.trainings.trainings)

    create_person = _call(calls.people.create_person)
    person = _call(calls.people.person)
    add_pictures = _call(calls.people.add_pictures)
    person_pictures = _call(calls.people.person_pictures)
    remove_picture = _call(calls.people.remove_picture)
    train_person = _call(calls.people.train_person)
    cancel_person_training = _call(calls.people.cancel_person_training)
    wait_person = _call(calls.people.wait_person)
    person_events = _events(calls.people.person_events)
    forget = _call(calls.people.forget)
    people = _pages(calls.people.people)

    draw = _call(calls.portraits.draw)
    submit_portraits = _call(calls.portraits.submit_portraits)
    styles = _call(calls.portraits.styles)
    set_style = _call(calls.portraits.set_style)
    delete_style = _call(calls.portraits.delete_style)
    portraits = _pages(calls.portraits.portraits)

    create_collection = _call(calls.collections.create_collection)
    collection = _call(calls.collections.collection)
    delete_collection = _call(calls.collections.delete_collection)
    add_items = _call(calls.collections.add_items)
    items = _pages(calls.collections.items)
    delete_item = _call(calls.collections.delete_item)
    search_collection = _call(calls.collections.search_collection)
    collections = _pages(calls.collections.collections)

    upload = _call(calls.files.upload)
    file = _call(calls.files.file)
    read = _call(calls.files.read)
    delete = _call(calls.files.delete)

    def save(self, file: File | Picture | Made | str, path: Path) -> Path:
        """Bring a file here, whole or not at all, in place of what was there."""
        with Saving(file, path) as saving:
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
        came: Came = None
        while True:
            try:
                wanted = call.send(came)
            except StopIteration as end:
                result: T = end.value
                return result
            came = None
            match wanted:
                case Ask():
                    came = self._asked(wanted)
                case Pause():
                    time.sleep(wanted.seconds)
                case Follow():
                    for came in self._followed(wanted.parser):
                        if wanted.progress is not None:
                            wanted.progress(came)

    def _asked(self, ask: Ask) -> Reply | Lost:
        try:
            answer = self._http.request(
                ask.method, ask.path, json=ask.json, content=ask.content,
                headers=dict(ask.headers), params=dict(ask.params), files=ask.files,
            )  # fmt: skip
        except httpx.TransportError as error:
            return Lost(str(error) or type(error).__name__)
        except httpx.InvalidURL as error:
            raise FetchFailed(f"the server cannot be asked: {error}", "mend its URL") from None
        return Reply(answer.status_code, dict(answer.headers), answer.content)

    def _followed(self, parser: Parser) -> Generator[Event, None, None]:
        while not parser.over:
            why = "its events break off"
            try:
                with self._http.stream(
                    "GET", parser.path, headers=parser.headers, timeout=quiet(parser.patience)
                ) as answer:
                    self._check(answer)
                    parser.begins(answer.headers.get("date", ""))
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
