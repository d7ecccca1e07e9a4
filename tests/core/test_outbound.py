"""Strangers name URLs; connections go to the open internet, or where they were let through."""

import ipaddress
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.core.errors import AddressRefused, BodyTooLarge, FetchFailed
from printroom.core.outbound import Allowed, Outbound, public


@contextmanager
def serving(answer):
    """A server on loopback; `answer(handler)` answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            answer(self)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def say(handler, status, body=b"", **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def outbound():
    made = Outbound(["127.0.0.1"])
    yield made
    made.close()


@pytest.fixture
def strict():
    made = Outbound()
    yield made
    made.close()


PRIVATE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "::10.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:a00:1::",
    "fc00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_public(text):
    assert not public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111"])
def test_what_is_public(text):
    assert public(ipaddress.ip_address(text))


@given(st.ip_addresses(v=4))
def test_an_address_is_not_public_in_another_guise(address):
    """IPv4 in IPv6, in all the ways there are, whatever it is."""
    number = int(address)
    for prefix, shift in [("::ffff:0:0", 0), ("64:ff9b::", 0), ("2002::", 80), ("::", 0)]:
        guise = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | number << shift)
        assert not public(guise)


@pytest.mark.parametrize("host", ["localhost", "127.1", "0x7f.1", "2130706433", "017700000001"])
def test_names_that_lead_home_are_refused_when_they_are_resolved(strict, host):
    with pytest.raises(AddressRefused):
        strict.fetch(f"https://{host}/", print, largest=100)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "https:///path",
        "http://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "https://user:secret@example.com/",
        "https://example.com/a b",
        "https://example.com/\r\nx: y",
        "https://example.com:99999/",
        "https://[::1",
        "https://[::1]/",
        "https://ex\u00e4mple.com/",
        "https://example.com/" + "a" * 3000,
    ],
)
def test_what_is_refused_without_asking_anybody(strict, url):
    with pytest.raises(AddressRefused):
        strict.check(url)


@given(st.text(max_size=100))
def test_any_text_is_a_url_or_refused(text):
    outbound = Outbound()
    try:
        outbound.check(text)
    except AddressRefused as error:
        assert str(error)


def test_what_is_there_comes_in_pieces(outbound):
    got = []
    with serving(lambda handler: say(handler, 200, b"x" * 300_000)) as url:
        answer = outbound.fetch(url, got.append, largest=300_000)
        assert (answer.status, answer.size) == (200, 300_000)
        assert b"".join(got) == b"x" * 300_000
        with pytest.raises(BodyTooLarge):
            outbound.fetch(url, got.append, largest=299_999)


def test_a_body_without_a_length_is_bounded_as_well(outbound):
    def endless(handler):
        handler.send_response(200)
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        except OSError:
            handler.close_connection = True

    size = 0

    def count(piece):
        nonlocal size
        size += len(piece)

    with serving(endless) as url:
        with pytest.raises(BodyTooLarge):
            outbound.fetch(url, count, largest=2**20)
        assert size <= 2**20
        with pytest.raises(FetchFailed):
            outbound.fetch(url, count, largest=2**50, seconds=0.3)


def test_redirects_are_followed_and_each_is_checked(outbound):
    def answer(handler):
        if handler.path == "/here":
            say(handler, 200, b"found")
        elif handler.path == "/round":
            say(handler, 302, location="/round")
        else:
            target = "/here" if handler.path == "/there" else "http://127.0.0.2:1/"
            say(handler, 307, location=target)

    got = []
    with serving(answer) as url:
        assert outbound.fetch(f"{url}/there", got.append, largest=10).url == f"{url}/here"
        assert got == [b"found"]
        with pytest.raises(AddressRefused):
            outbound.fetch(f"{url}/away", got.append, largest=10)
        with pytest.raises(FetchFailed):
            outbound.fetch(f"{url}/round", got.append, largest=10)


@pytest.mark.parametrize("status", [204, 301, 404, 500])
def test_any_answer_but_200_is_no_file(outbound, status):
    with serving(lambda handler: say(handler, status)) as url, pytest.raises(FetchFailed):
        outbound.fetch(url, print, largest=10)


def test_a_post_takes_no_redirect(outbound):
    heard = []

    def answer(handler):
        size = int(handler.headers["content-length"])
        heard.append((handler.rfile.read(size), handler.headers["x-mark"], handler.headers["host"]))
        say(handler, 302, location="http://127.0.0.2:1/")

    with serving(answer) as url:
        assert outbound.post(url, b"hello", {"x-mark": "1"}).status == 302
        assert heard == [(b"hello", "1", url.removeprefix("http://"))]


def test_who_does_not_answer_fails_in_time(outbound):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        with pytest.raises(FetchFailed):
            outbound.post(url, b"", {}, seconds=0.3)
    with pytest.raises(FetchFailed):
        outbound.post(url, b"", {}, seconds=5)


def test_the_name_is_asked_for_once():
    """A server of names that answers differently the second time is not asked a second time."""
    asked = []

    def resolve(host, port):
        asked.append(host)
        return [ipaddress.ip_address("127.0.0.1" if len(asked) == 1 else "10.0.0.1")]

    with serving(lambda handler: say(handler, 200, b"x", connection="close")) as url:
        rebound = Outbound(["127.0.0.0/8"], resolve)
        with pytest.raises(AddressRefused):
            rebound.check("http://rebind.test/")  # a name that is not let through needs https
        named = Outbound(["rebind.test"], resolve)
        got = []
        place = f"http://rebind.test:{url.rpartition(':')[2]}/"
        named.fetch(place, got.append, largest=10)
        named.close()
    assert (asked, got) == (["rebind.test"], [b"x"])


@pytest.mark.parametrize(
    "addresses", [["10.0.0.1"], ["1.1.1.1", "10.0.0.1"], ["::ffff:1.1.1.1"], ["fe80::1"]]
)
def test_one_address_that_is_not_public_is_enough(addresses):
    made = Outbound((), lambda _host, _port: [ipaddress.ip_address(one) for one in addresses])
    with pytest.raises(AddressRefused):
        made.fetch("https://pictures.test/", print, largest=10)
    made.close()


def test_the_list_has_names_and_networks():
    allowed = Allowed(["hooks.internal", "10.2.0.0/16", "fd00::/8"])
    assert allowed.host("HOOKS.internal.")
    assert allowed.host("10.2.3.4")
    assert allowed.address(ipaddress.ip_address("fd12::1"))
    assert not allowed.host("10.3.0.1")
    assert not allowed.host("x.hooks.internal")
