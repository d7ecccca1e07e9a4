"""What can be asked of a server about portraits: runs that draw somebody who was learnt.

Person -> draw -> Run, with its pictures         why it failed; DeadlinePassed
       -> submit_portraits -> Run, queued        NotFound WrongState ForbiddenWords
styles, set_style, delete_style                  manners they are drawn in
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from printroom.client.asking import Ask, Call, Page, asked, given, once, paged, place
from printroom.client.calls.runs import wait
from printroom.client.faults import strange
from printroom.client.following import Progress
from printroom.client.model import Person, Run, name_of


def draw(
    person: Person | str,
    prompt: str = "",
    *,
    style: str | None = None,
    count: int | None = None,
    seeds: Sequence[int] = (),
    format: str | None = None,  # noqa: A002  the same word as everywhere
    version: int | None = None,
    webhook: str | None = None,
    deadline: float | None = None,
    key: str | None = None,
    timeout: float | None = None,
    progress: Progress | None = None,
) -> Call[Run]:
    """Draw a person and wait for the pictures: `pictures["pictures"]` of the run.

    `prompt`: what else is in the picture; `style`: one of `styles`; `count`: pictures, or `seeds`,
    one for each: the same seed gives the same picture again; `format`: "png", "jpeg", "webp";
    `version`: of what was learnt, None = the newest; the rest as of `run`. Raises why it failed,
    NotFound, WrongState for who was not learnt yet, ForbiddenWords, DeadlinePassed.
    """
    submitted = yield from submit_portraits(
        person, prompt, style=style, count=count, seeds=seeds, format=format, version=version,
        webhook=webhook, deadline=deadline, key=key,
    )  # fmt: skip
    return (yield from wait(submitted, timeout=timeout, progress=progress))


def submit_portraits(
    person: Person | str,
    prompt: str = "",
    *,
    style: str | None = None,
    count: int | None = None,
    seeds: Sequence[int] = (),
    format: str | None = None,  # noqa: A002
    version: int | None = None,
    webhook: str | None = None,
    deadline: float | None = None,
    key: str | None = None,
) -> Call[Run]:
    """The same as `draw` without waiting: a run like any other."""
    body = {
        "prompt": prompt, "seeds": list(seeds),
        **given(
            style=style, count=count, format=format, version=version, webhook=webhook,
            deadline=deadline,
        ),
    }  # fmt: skip
    path = place("people", name_of(person), "portraits")
    return Run.of((yield from asked(Ask("POST", path, json=body, headers=once(key)))).json())


def portraits(after: str | None, person: Person | str) -> Call[Page[Run]]:
    """Runs that draw a person, the newest first; `raw["links"]` of each has addresses of its
    pictures that need no key for an hour. Raises NotFound.
    """
    path = place("people", name_of(person), "portraits")
    return paged(path, Run.of, "runs", after=after)


def styles() -> Call[list[dict[str, Any]]]:
    """Manners that portraits are drawn in: those of the generator, then your own."""
    found = (yield from asked(Ask("GET", place("portraits", "styles")))).json()
    try:
        return list(found["data"])
    except (KeyError, TypeError):
        raise strange("a list of styles") from None


def set_style(name: str, prompt: str) -> Call[dict[str, Any]]:
    """Have a style of your own: `prompt` comes before what is asked for. Raises BadOption for a
    name of the generator's, ForbiddenWords.
    """
    ask = Ask("PUT", place("portraits", "styles", name), json={"prompt": prompt}, again=True)
    found = (yield from asked(ask)).json()
    if not isinstance(found, dict):
        raise strange("a style")
    return found


def delete_style(name: str) -> Call[None]:
    """Have a style of your own gone; portraits in it stay. Raises NotFound."""
    yield from asked(Ask("DELETE", place("portraits", "styles", name)))
