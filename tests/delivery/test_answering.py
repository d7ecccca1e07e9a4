"""Status, headers and bytes of answers."""

import email
from email import policy
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from printroom.delivery.answering import Facts, Request, Span, answer, disposition
from printroom.delivery.artifact import Held
from printroom.delivery.conditions import verdict

DATA = bytes(range(200))
FACTS = Facts('"tag"', "text/plain", "no-cache")


def ask(method="GET", **headers):
    given_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    found = answer(Request(method, "/a/x", "", given_headers), FACTS, Held(DATA))
    body = b"".join(
        part if isinstance(part, bytes) else part.content.read(part.start, part.size)
        for part in found.parts
    )
    return found.status, {k.decode(): v.decode() for k, v in found.headers}, body


def test_the_whole():
    status, headers, body = ask()
    assert (status, body) == (200, DATA)
    assert headers["content-length"] == "200"
    assert headers["accept-ranges"] == "bytes"
    assert headers["x-content-type-options"] == "nosniff"


def test_a_head_has_the_headers_of_the_whole_and_no_body():
    whole, head = ask(), ask("HEAD", range="bytes=0-1")
    assert head == (whole[0], whole[1], b"")


def test_one_range():
    status, headers, body = ask(range="bytes=5-9")
    assert (status, body) == (206, DATA[5:10])
    assert headers["content-range"] == "bytes 5-9/200"
    assert headers["content-length"] == "5"


def test_several_ranges_are_a_message_of_parts_that_a_mail_reader_understands():
    status, headers, body = ask(range="bytes=0-4,190-,100-109")
    assert status == 206
    assert int(headers["content-length"]) == len(body)
    head = f"Content-Type: {headers['content-type']}\r\n\r\n".encode()
    message = email.message_from_bytes(head + body, policy=policy.HTTP)
    parts = [(p["content-range"], p["content-type"], p.get_payload(decode=True)) for p in
             message.iter_parts()]  # fmt: skip
    assert parts == [
        ("bytes 0-4/200", "text/plain", DATA[:5]),
        ("bytes 190-199/200", "text/plain", DATA[190:]),
        ("bytes 100-109/200", "text/plain", DATA[100:110]),
    ]


def test_beyond_the_end():
    status, headers, body = ask(range="bytes=200-")
    assert (status, headers["content-range"], body) == (416, "bytes */200", b"")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if_none_match": '"tag"'}, 304),
        ({"if_none_match": 'W/"tag"'}, 304),
        ({"if_none_match": '"other", "tag"'}, 304),
        ({"if_none_match": "*"}, 304),
        ({"if_none_match": '"other"'}, 200),
        ({"if_none_match": "tag"}, 200),
        ({"if_match": '"tag"'}, 200),
        ({"if_match": "*"}, 200),
        ({"if_match": '"other"'}, 412),
        ({"if_match": 'W/"tag"'}, 412),
        ({"if_match": '"other"', "if_none_match": '"tag"'}, 412),
        ({"if_none_match": '"tag"', "range": "bytes=0-1"}, 304),
        ({"if_range": '"tag"', "range": "bytes=0-1"}, 206),
        ({"if_range": '"other"', "range": "bytes=0-1"}, 200),
        ({"if_range": 'W/"tag"', "range": "bytes=0-1"}, 200),
        ({"if_range": "Wed, 21 Oct 2015 07:28:00 GMT", "range": "bytes=0-1"}, 200),
        ({"if_range": '"other"', "range": "bytes=900-"}, 200),
    ],
)
def test_conditions(headers, status):
    assert ask(**headers)[0] == status


def test_an_answer_without_body_still_says_what_a_cache_must_know():
    _, headers, body = ask(if_none_match='"tag"')
    assert (headers["etag"], headers["cache-control"], body) == ('"tag"', "no-cache", b"")
    assert "content-length" not in headers


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_ignored(text):
    assert verdict({"if-none-match": text}, '"tag"') in ("go", "unchanged")
    assert verdict({"if-match": text}, '"tag"') in ("go", "failed")


@given(st.text(min_size=1, max_size=60).filter(str.isprintable))
@example("<>")
@example('"<a>"')
def test_names_are_one_header_whatever_they_are(name):
    header = disposition(name, "image/png")
    assert header.startswith("attachment; filename=")
    assert header.isascii()
    assert header.isprintable()
    plain, star, encoded = header.partition("; filename*=UTF-8''")
    message = email.message_from_string(f"Content-Disposition: {plain}\n\n")
    kept = message.get_param("filename", header="content-disposition")
    assert (unquote(encoded) if star else kept) == name  # `get_filename` would unquote it twice


def test_what_may_have_scripts_in_it_is_saved_not_shown():
    assert disposition(None, "image/png") == ""
    for risky in ("image/svg+xml", "text/html", "application/pdf"):
        assert disposition(None, risky) == "attachment"


def test_nothing_is_read_for_an_answer():
    parts = answer(Request("GET", "/"), FACTS, Held(DATA)).parts
    assert len(parts) == 1
    assert isinstance(parts[0], Span)
