"""People as clients see them: over HTTP, and on the command line.

Whole, Answer, Erased, jobs -> JSON as `schemas` has it
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from printroom.core.errors import NotFound
from printroom.jobs.model import Job
from printroom.people.adding import Answer, odd_of
from printroom.people.erasing import Erased
from printroom.people.model import Picture, Version
from printroom.people.rows import Whole
from printroom.runs.view import moment, run_json
from printroom.runtimes.generation import STYLES

LINKED = 3600
"""Seconds that signed addresses of portraits are good for."""
Link = Callable[[str, str, int], tuple[str, int | None]]
"""Digest, account, seconds -> a signed address, and when it ends."""


def person_json(found: Whole) -> dict[str, Any]:
    """A person, with versions and consent."""
    person, place = found.person, f"/v1/people/{found.person.id}"
    ready, consent = found.ready, found.consent
    return {
        "id": person.id,
        "name": person.name,
        "state": state_of(found),
        "pictures": len(found.pictures),
        "pictures_needed": person.needed,
        "odd": odd_of(found),
        "version": None if ready is None else ready.number,
        "versions": [_version(one) for one in found.versions],
        "consent": {
            "id": consent.id,
            "who": consent.who,
            "digest": consent.digest,
            "text": consent.text,
            "given_at": moment(consent.given_at),
        },
        "created_at": moment(person.created_at),
        "urls": {
            "get": place,
            "pictures": f"{place}/pictures",
            "portraits": f"{place}/portraits",
            "events": f"{place}/events",
        },
    }


def state_of(found: Whole) -> str:
    """`collecting`, `training`, `ready` or `failed`."""
    if found.training is not None:
        return "training"
    if found.ready is not None:
        return "ready"
    return "failed" if found.versions else "collecting"


def picture_json(picture: Picture) -> dict[str, Any]:
    """A picture that is kept."""
    return {
        "id": picture.asset,
        "name": picture.name,
        "digest": picture.digest,
        "findings": picture.findings,
        "created_at": moment(picture.created_at),
    }


def added_json(answers: Sequence[Answer], found: Whole) -> dict[str, Any]:
    """What became of pictures that came."""
    accepted = sum(one.picture is not None for one in answers)
    return {
        "data": [answer_json(one) for one in answers],
        "accepted": accepted,
        "refused": len(answers) - accepted,
        "person": person_json(found),
    }


def answer_json(answer: Answer) -> dict[str, Any]:
    """What became of one."""
    findings = [asdict(one) for one in answer.findings]
    return {"name": answer.name, "id": answer.picture, "findings": findings}


def erased_json(erased: Erased) -> dict[str, Any]:
    """What went."""
    return {
        "id": erased.person,
        "consent": erased.consent,
        "given_at": moment(erased.given_at),
        "withdrawn_at": moment(erased.withdrawn_at),
        "pictures": erased.pictures,
        "versions": erased.versions,
        "portraits": erased.portraits,
    }


def portraits_json(job: Job, link: Link) -> dict[str, Any]:
    """A run that draws somebody, with signed addresses of its pictures."""
    told = run_json(job)
    links = []
    for picture in (told["output"] or {}).get("pictures", []):
        with suppress(NotFound):  # it was deleted meanwhile
            url, _ = link(picture["digest"], job.account, LINKED)
            links.append({"digest": picture["digest"], "url": url})
    return {**told, "links": links}


def styles_json(own: Mapping[str, str]) -> dict[str, Any]:
    """Those of the generator, then the account's."""
    shipped = [{"name": name, "prompt": None, "own": False} for name in STYLES]
    kept = [{"name": name, "prompt": prompt, "own": True} for name, prompt in own.items()]
    return {"data": [*shipped, *kept]}


def _version(version: Version) -> dict[str, Any]:
    ready = version.state == "ready"
    return {
        "version": version.number,
        "state": version.state,
        "pictures": version.pictures,
        "run": version.job,
        "base": version.base if ready else None,
        "digest": version.digest if ready else None,
        "bytes": version.size if ready else None,
        "error": version.error,
        "created_at": moment(version.created_at),
        "ready_at": moment(version.ready_at),
    }
