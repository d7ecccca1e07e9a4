"""Errors as answers."""

import json

import pytest

from printroom.api.problems import BadParameter, problem_of
from printroom.core import errors


def test_what_nobody_foresaw_shows_nothing_of_the_inside() -> None:
    problem = problem_of(ValueError("secret"), "r-1", str)
    assert problem.status == 500
    assert b"secret" not in problem.body
    assert b"r-1" in problem.body


@pytest.mark.parametrize(
    ("error", "members"),
    [
        (errors.NeedsMemory("big", needed=7), {"needed_bytes": 7, "status": 413}),
        (errors.Overloaded("busy", retry_after=3), {"retry_after": 3, "status": 503}),
        (BadParameter("no", "yes", params=["a", "b"]), {"params": ["a", "b"], "detail": "no: yes"}),
        (errors.PicturesDiffer("odd", pictures=("a", "b")), {"pictures": ["a", "b"]}),
        (errors.DiskFull("full"), {"code": "disk_full", "status": 507}),
    ],
)
def test_what_an_error_knows_is_told(error: Exception, members: dict[str, object]) -> None:
    problem = problem_of(error, "r-1", str)
    body = json.loads(problem.body)
    assert members.items() <= body.items()
    assert body["error"]["code"] == body["code"] == problem.code
    names = dict(problem.headers)
    assert int(names[b"content-length"]) == len(problem.body)
    assert (b"retry-after" in names) == isinstance(error, errors.Overloaded)
