"""What proxies say: believed from those that are trusted, and from nobody else."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.api.proxied import ROOT, Proxies, base_of, forwarded
from printroom.core.errors import BadOption
from printroom.core.settings import Settings

TRUSTED = ("10.0.0.0/8", "::1")
PROXIES = Proxies(TRUSTED, None)
NAMES = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-prefix", "forwarded")


def scope_of(peer: str, path: str = "/v1/runs", **said: str) -> dict[str, Any]:
    """A request from `peer`; underscores of names are dashes."""
    headers = [(b"host", b"pictures.example")]
    headers += [(name.replace("_", "-").encode(), text.encode()) for name, text in said.items()]
    return {
        "type": "http", "client": (peer, 4711), "scheme": "http", "path": path, "headers": headers,
    }  # fmt: skip


def read(proxies: Proxies, found: dict[str, Any]) -> tuple[str, str, str, str]:
    """Client, scheme, root and path, once it was read."""
    proxies.read(found)
    return found["client"][0], found["scheme"], found[ROOT], found["path"]


@pytest.mark.parametrize(
    ("said", "client"),
    [
        ({}, "10.0.0.1"),
        ({"x_forwarded_for": "203.0.113.7"}, "203.0.113.7"),
        ({"x_forwarded_for": "6.6.6.6, 203.0.113.7"}, "203.0.113.7"),
        ({"x_forwarded_for": "6.6.6.6, 203.0.113.7, 10.1.2.3"}, "203.0.113.7"),
        ({"x_forwarded_for": "10.9.9.9, 10.1.2.3"}, "10.9.9.9"),
        ({"x_forwarded_for": "203.0.113.7:51234"}, "203.0.113.7"),
        ({"x_forwarded_for": "[2001:db8::7]:443"}, "2001:db8::7"),
        ({"x_forwarded_for": "2001:db8::7"}, "2001:db8::7"),
        ({"x_forwarded_for": "::ffff:203.0.113.7"}, "203.0.113.7"),
        ({"x_forwarded_for": "203.0.113.7, unknown"}, "10.0.0.1"),
        ({"x_forwarded_for": "203.0.113.7, unknown, 10.2.2.2"}, "10.2.2.2"),
        ({"forwarded": "for=203.0.113.7;proto=https"}, "203.0.113.7"),
        ({"forwarded": 'for="[2001:db8::7]:47", for=10.2.2.2'}, "2001:db8::7"),
        ({"forwarded": "for=6.6.6.6, for=203.0.113.7"}, "203.0.113.7"),
        ({"forwarded": "for=_hidden"}, "10.0.0.1"),
        ({"forwarded": 'for="203.0.113.7'}, "10.0.0.1"),
        ({"forwarded": "for=203.0.113.7", "x_forwarded_for": "203.0.113.7"}, "203.0.113.7"),
        ({"forwarded": "for=6.6.6.6", "x_forwarded_for": "203.0.113.7"}, "10.0.0.1"),
        ({"x_forwarded_for": "1.2.3.4, " * 1000 + "203.0.113.7"}, "10.0.0.1"),
    ],
)
def test_the_client_is_the_rightmost_that_is_no_proxy(said: dict[str, str], client: str) -> None:
    assert read(PROXIES, scope_of("10.0.0.1", **said))[0] == client


@pytest.mark.parametrize(
    ("said", "scheme"),
    [
        ({"x_forwarded_proto": "https"}, "https"),
        ({"x_forwarded_proto": "HTTPS", "x_forwarded_for": "203.0.113.7"}, "https"),
        ({"x_forwarded_for": "203.0.113.7, 10.2.2.2", "x_forwarded_proto": "https, http"}, "https"),
        ({"x_forwarded_for": "6.6.6.6, 203.0.113.7", "x_forwarded_proto": "http, https"}, "https"),
        ({"forwarded": "for=203.0.113.7;proto=https, for=10.2.2.2;proto=http"}, "https"),
        ({"x_forwarded_proto": "gopher"}, "http"),
        ({}, "http"),
    ],
)
def test_the_scheme_is_what_the_client_came_by(said: dict[str, str], scheme: str) -> None:
    assert read(PROXIES, scope_of("10.0.0.1", **said))[1] == scheme


@pytest.mark.parametrize(
    ("prefix", "root"),
    [
        ("/pictures", "/pictures"),
        ("/a/b/", "/a/b"),
        ("//evil.example", ""),
        ("/..", ""),
        ("/a/../b", ""),
        ("pictures", ""),
        ("/a b", ""),
        ("/a\\b", ""),
        ("/" * 200, ""),
    ],
)
def test_the_path_above_is_one_or_is_not_taken(prefix: str, root: str) -> None:
    assert read(PROXIES, scope_of("10.0.0.1", x_forwarded_prefix=prefix))[2] == root


def test_the_path_is_the_same_whether_the_proxy_takes_it_away() -> None:
    said = {"x_forwarded_prefix": "/v1"}
    for path in ("/v1/runs", "/v1/v1/runs"):
        assert read(PROXIES, scope_of("10.0.0.1", path, **said))[2:] == ("/v1", path[3:])
    known = Proxies((), "https://example.com/Pictures/")
    assert read(known, scope_of("6.6.6.6", "/v1/runs")) == (
        "6.6.6.6", "https", "/Pictures", "/v1/runs",
    )  # fmt: skip
    assert read(known, scope_of("6.6.6.6", "/Pictures/docs"))[3] == "/docs"


@given(
    said=st.dictionaries(
        st.sampled_from(NAMES), st.text('0123456789.:,;=/ abforprt"[]', max_size=60)
    )
)
@settings(max_examples=80)
def test_nobody_else_is_believed(said: dict[str, str]) -> None:
    for proxies in (PROXIES, Proxies((), None)):
        forged = scope_of("203.0.113.7")
        forged["headers"] += [(name.encode(), text.encode()) for name, text in said.items()]
        assert read(proxies, forged) == ("203.0.113.7", "http", "", "/v1/runs")


@pytest.mark.parametrize("host", [b"", b"evil.example/a", b"a@b", b'"', b"\xff", b"h" * 300])
def test_what_is_no_host_is_told_to_nobody(host: bytes) -> None:
    found = scope_of("203.0.113.7")
    found["headers"] = [(b"host", host)]
    read(PROXIES, found)
    assert base_of(found, None) == "http://localhost"


@given(
    said=st.dictionaries(
        st.sampled_from(NAMES), st.text('0123456789.:,;=/ abforprt"[]', max_size=60)
    )
)
@settings(max_examples=80)
def test_whatever_a_proxy_says_is_an_address_and_a_scheme(said: dict[str, str]) -> None:
    found = scope_of("10.0.0.1")
    found["headers"] += [(name.encode(), text.encode()) for name, text in said.items()]
    client, scheme, root, path = read(PROXIES, found)
    assert Settings.read({"PRINTROOM_HTTP_PROXIES": client}).http_proxies == (client,)
    assert scheme in ("http", "https")
    assert base_of(found, None) == f"{scheme}://pictures.example{root}"
    assert path.startswith("/")


@given(
    written=st.lists(
        st.tuples(
            st.sampled_from(["1.2.3.4", '"[::1]:80"', "_x"]), st.sampled_from(["http", "https"])
        ),
        min_size=1,
        max_size=5,
    ),
    by=st.booleans(),
)
@settings(max_examples=50)
def test_what_is_written_as_forwarded_is_read(written: list[tuple[str, str]], by: bool) -> None:
    more = ';by=_proxy;host="a, b; c"' if by else ""
    header = ", ".join(f"for={who};proto={how}{more}" for who, how in written)
    assert forwarded(header) == [(who.strip('"'), how) for who, how in written]


@pytest.mark.parametrize("wrong", ["proxy.example", "10.0.0.0/33", "1.2.3", "*"])
def test_who_is_trusted_must_be_addresses(wrong: str) -> None:
    with pytest.raises(BadOption, match="PRINTROOM_HTTP_PROXIES"):
        Settings.read({"PRINTROOM_HTTP_PROXIES": f"10.0.0.1, {wrong}"})
