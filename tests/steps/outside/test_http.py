"""Calls of another server: what is sent, what is taken, what is tried again, what is refused."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any

import numpy as np
import pytest

from printroom.core.errors import (
    AddressRefused,
    BadOption,
    BadPipeline,
    FetchFailed,
    NotAPicture,
    TooManyPixels,
)
from printroom.core.settings import Settings
from printroom.imaging.vips import pyvips
from printroom.pipelines.spec import PipelineSpec
from printroom.workshop import Workshop


def png(side: int = 6, seed: int = 0) -> bytes:
    levels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)
    picture = pyvips.Image.new_from_array(levels).copy(interpretation="srgb")
    return bytes(picture.write_to_buffer(".png"))


def levels(data: Any) -> Any:
    if not isinstance(data, bytes):
        data = data.read_bytes()
    return pyvips.Image.new_from_buffer(data, "").numpy()


def test_a_body_with_typed_values(other: Any, run: Any) -> None:
    other.says({"choices": [{"text": "a wet street"}]})
    body = '{"prompt": "{text1}", "steps": "{number1}", "how": ["{number2}", {"a": "{image}"}]}'
    said = run(
        "http",
        {
            "url": f"{other.url}/v1/{{text2}}",
            "body": body,
            "texts": ["$words", "../a?b=c"],
            "numbers": [20, 0.5],
            "image": "$photo",
            "take": "/choices/0/text",
        },
        words='rain "and" {number1}',
        photo=png(),
    )
    assert said == "a wet street"
    (asked,) = other.asked
    assert (asked["method"], asked["path"]) == ("POST", "/v1/..%2Fa%3Fb%3Dc")
    assert asked["headers"]["content-type"] == "application/json"
    sent = json.loads(asked["body"])
    picture = sent["how"][1].pop("a")
    assert sent == {"prompt": 'rain "and" {number1}', "steps": 20, "how": [0.5, {}]}
    kind, _, coded = picture.partition(",")
    assert kind == "data:image/png;base64"
    assert np.array_equal(levels(base64.b64decode(coded)), levels(png()))


def test_results_of_each_kind(other: Any, run: Any) -> None:
    asks: dict[str, Any] = {"url": other.url + "/", "method": "GET"}
    other.says(b"plain text")
    assert run("http", asks) == "plain text"
    other.says({"a": {"score": 0.25}})
    assert run("http-number", asks | {"take": "/a/score"}) == 0.25
    other.says(png(seed=1), content_type="image/png")
    assert np.array_equal(levels(run("http-picture", asks)), levels(png(seed=1)))
    for text in (base64.b64encode(png(seed=2)).decode(),):
        for written in (text, f"data:image/png;base64,{text}"):
            other.says([{"image": written}])
            found = run("http-picture", asks | {"take": "/0/image"})
            assert np.array_equal(levels(found), levels(png(seed=2)))


SCHEMA = json.dumps(
    {
        "type": "object",
        "required": ["score"],
        "properties": {"score": {"type": "number", "minimum": 0, "maximum": 1}},
    }
)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"score": 2}, r"\$\.score is out of range"),
        ({"points": 1}, r"\$ has no 'score'"),
        (b"<html>", "no JSON"),
        (b'{"score": NaN}', r"\$\.score"),
        ([1], "no object"),
        (b'{"score": ' + b"[" * 100_000, "no JSON"),
    ],
)
def test_an_answer_must_be_as_expected(other: Any, run: Any, answer: Any, reason: str) -> None:
    other.says(answer)
    asks = {"url": other.url, "schema": SCHEMA, "take": "/score"}
    with pytest.raises(FetchFailed, match=reason):
        run("http-number", asks)
    assert len(other.asked) == 1  # what was heard is not said twice


@pytest.mark.parametrize("answer", [{"score": "1"}, {"score": True}, {"score": None}])
def test_a_number_is_no_text(other: Any, run: Any, answer: Any) -> None:
    other.says(answer)
    with pytest.raises(FetchFailed, match="no number there"):
        run("http-number", {"url": other.url, "take": "/score"})


def test_pictures_that_are_none_or_too_large(other: Any, run: Any) -> None:
    asks = {"url": other.url, "method": "GET"}
    other.says(b"GIF? no")
    with pytest.raises(NotAPicture):
        run("http-picture", asks)
    large = pyvips.Image.black(8192, 4096).write_to_buffer(".png")  # a few kilobytes
    other.says(bytes(large))
    with pytest.raises(TooManyPixels):
        run("http-picture", asks)
    other.says({"image": "not base64!"})
    with pytest.raises(FetchFailed, match="no picture there"):
        run("http-picture", asks | {"take": "/image"})


def test_what_may_be_done_twice_is_tried_again(other: Any, run: Any) -> None:
    other.says(b"", status=503)
    other.says(b"", status=0)
    other.says(b"there")
    assert run("http", {"url": other.url, "method": "GET"}) == "there"
    assert len(other.asked) == 3


@pytest.mark.parametrize("status", [0, 503])
def test_what_may_not_is_not(other: Any, run: Any, status: int) -> None:
    other.says(b"", status=status)
    other.says({"ok": True})
    with pytest.raises(FetchFailed):
        run("http", {"url": other.url, "method": "POST", "body": "{}"})
    assert len(other.asked) == 1


def test_redirects_lead_to_hosts_that_are_allowed_and_take_no_secret_along(
    other: Any, run: Any, monkeypatch: Any
) -> None:
    monkeypatch.setenv("PRINTROOM_SECRET_TOKEN", "Bearer s3cr3t-s3cr3t")
    asks = {
        "url": f"{other.url}/a",
        "method": "GET",
        "headers": ["Authorization", "X-Kind"],
        "values": [{"secret": "TOKEN"}, "blue"],
    }
    other.says(b"", status=302, location="/b")
    other.says(b"Bearer s3cr3t-s3cr3t came")
    assert run("http", asks) == "*** came"
    assert [one["path"] for one in other.asked] == ["/a", "/b"]
    assert other.asked[1]["headers"]["authorization"] == "Bearer s3cr3t-s3cr3t"
    for location in ("http://127.0.0.1:1/", "http://169.254.169.254/latest", "https://other.org/"):
        other.says(b"", status=307, location=location)
        with pytest.raises(AddressRefused, match="may not ask"):
            run("http", asks)


def test_a_listed_host_on_a_private_network_stays_refused(run: Any, workshop: Workshop) -> None:
    workshop.outbound._resolve = lambda host, port: [_address("10.0.0.7")]
    with pytest.raises(AddressRefused, match="not public"):
        run("http", {"url": "https://api.example.com/"})
    with pytest.raises(AddressRefused, match="not public"):
        run("http", {"url": "https://a.lan.example/"})


def _address(text: str) -> Any:
    import ipaddress

    return ipaddress.ip_address(text)


def test_secrets_are_in_no_log_and_no_error(
    other: Any, run: Any, monkeypatch: Any, caplog: Any
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setenv("PRINTROOM_SECRET_TOKEN", "top-secret-42")
    asks = {"url": other.url, "headers": ["x-key"], "values": [{"secret": "TOKEN"}]}
    other.says(b"top-secret-42", status=418)
    with pytest.raises(FetchFailed, match="answers 418") as found:
        run("http", asks)
    monkeypatch.setenv("PRINTROOM_SECRET_TOKEN", "top-secret-42\r\nx-other: 1")
    with pytest.raises(BadOption, match="header x-key") as odd:
        run("http", asks)
    for text in (str(found.value), str(odd.value), caplog.text):
        assert "top-secret" not in text


def test_time_and_size_have_ends(other: Any, run: Any, monkeypatch: Any) -> None:
    other.says(b"x" * (2**25 + 1))
    with pytest.raises(FetchFailed, match="more than 32 MiB"):
        run("http", {"url": other.url})


WRONG = [
    ({"url": "https://elsewhere.org/"}, "may not ask 'elsewhere.org'"),
    ({"url": "https://api.example.com:8443/"}, "may not ask"),
    ({"url": "https://api.example.com.evil.org/"}, "may not ask"),
    ({"url": "https://lan.example/"}, "may not ask"),
    ({"url": "https://user:word@api.example.com/"}, "a user"),
    ({"url": "http://api.example.com/"}, "http URLs are not taken"),
    ({"url": "file:///etc/passwd"}, "may not ask"),
    ({"url": "https://{text1}/"}, "may not ask"),
    ({"schema": "{"}, "not JSON"),
    ({"schema": '{"pattern": "(a+)+$"}'}, r"\$\.pattern what is not checked here"),
    ({"schema": '{"$ref": "#"}'}, "not checked here"),
    ({"body": "{text1}"}, "not JSON"),
    ({"headers": ["Host"]}, "no header that may be said"),
    ({"headers": ["a b"]}, "no header that may be said"),
    ({"method": "PUT"}, "not one of GET, POST"),
    ({"seconds": 9999}, "above 300"),
    ({"values": [{"secret": "TOKEN"}]}, "secrets are those of the installation"),
]


@pytest.mark.parametrize(("bound", "reason"), WRONG)
def test_a_strangers_pipeline_is_checked_when_it_is_published(
    workshop: Workshop, bound: dict[str, Any], reason: str
) -> None:
    asks = {"url": "https://api.example.com/v1?q={text1}"} | bound
    spec = PipelineSpec.from_dict({"name": "asks", "steps": {"a": {"use": "http", "with": asks}}})
    with pytest.raises(BadPipeline, match=reason):
        workshop.shelf.sent(spec, "acct_1")


def test_where_nobody_allowed_a_host_the_step_says_what_to_do(tmp_path: Any) -> None:
    asks = {"url": "https://api.example.com/"}
    spec = PipelineSpec.from_dict({"name": "asks", "steps": {"a": {"use": "http", "with": asks}}})
    with (
        Workshop(Settings(data=tmp_path / "data", workers=1)) as closed,
        pytest.raises(BadPipeline, match="PRINTROOM_STEPS_HOSTS"),
    ):
        closed.shelf.sent(spec, "acct_1")


def test_a_host_that_comes_in_is_looked_at_when_it_runs(other: Any, run: Any) -> None:
    with pytest.raises(AddressRefused, match="may not ask"):
        run("http", {"url": "$where"}, where="https://elsewhere.org/")
    other.says(b"here")
    assert run("http", {"url": "$where", "method": "GET"}, where=other.url) == "here"


def test_a_place_without_a_value(run: Any, other: Any) -> None:
    with pytest.raises(BadOption, match=r"no value for \{text2\}.*bind texts"):
        run("http", {"url": other.url, "body": '["{text2}"]', "texts": ["one"]})
    with pytest.raises(BadOption, match="bind image"):
        run("http", {"url": other.url, "body": '["{image}"]'})
    assert not other.asked
