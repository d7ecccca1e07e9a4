"""Asking other servers on behalf of strangers, who choose the address but not where it leads.

    URL -> checked                     AddressRefused: not https, or nothing that is public
    fetch(URL, sink) -> Answer         FetchFailed AddressRefused BodyTooLarge
    exchange(method, URL, body) -> Answer, whatever it says             the same
    post(URL, body) -> Answer          FetchFailed AddressRefused

The name is resolved once, all its addresses are checked, and the connection goes to one that was:
a second answer of the name server is never asked for. Each redirect is a new address, checked
anew. What is private, of this machine or this link, reserved, multicast, or a private address
in the guise of another (IPv4-mapped, 6to4, NAT64, Teredo) is refused. Proxies of the environment
are not used.

A list of names and networks is let through all the same, also without https, for webhooks at home.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from urllib.parse import urljoin, urlsplit

import httpcore

from printroom.core.errors import AddressRefused, BodyTooLarge, FetchFailed
from printroom.core.sizes import format_size

REDIRECTS = 5
"""That are followed."""
SECONDS = 60.0
"""For all of a request, redirects included."""
_CONNECT = 10.0
"""Seconds for one connection."""
_LONGEST = 2048
"""Characters of a URL."""
_TOLD = 64 * 1024
"""Bytes that are read of an answer nobody asked for."""
_PUBLIC6 = ipaddress.IPv6Network("2000::/3")
_GUISES = tuple(
    map(ipaddress.IPv6Network, ("2002::/16", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32"))
)
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Send = Callable[[bytes], object]
Resolve = Callable[[str, int], list[Address]]
"""Host and port -> all addresses it has."""


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    url: str
    """Where it came from, after redirects."""
    size: int
    """Bytes of its body that were read."""


class Allowed:
    """Names and networks that are let through: `hooks.internal`, `10.2.0.0/16`, `127.0.0.1`."""

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self._names: set[str] = set()
        self._networks: list[Network] = []
        for entry in entries:
            try:
                self._networks.append(ipaddress.ip_network(entry, strict=False))
            except ValueError:
                self._names.add(entry.lower().rstrip("."))

    def host(self, host: str) -> bool:
        """Whether the host, as it is written, is let through."""
        plain = host.lower().rstrip(".")
        if plain in self._names:
            return True
        try:
            return self.address(ipaddress.ip_address(plain))
        except ValueError:
            return False

    def address(self, address: Address) -> bool:
        """Whether an address is let through."""
        return any(
            address.version == network.version and address in network for network in self._networks
        )


def public(address: Address) -> bool:
    """Whether `address` is one of the open internet, and not another in its guise.

    >>> public(ipaddress.ip_address("1.1.1.1")), public(ipaddress.ip_address("::ffff:1.1.1.1"))
    (True, False)
    """
    special = (
        address.is_private,
        address.is_loopback,
        address.is_link_local,
        address.is_multicast,
        address.is_reserved,
        address.is_unspecified,
    )
    if any(special) or not address.is_global:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    return address in _PUBLIC6 and not any(address in guise for guise in _GUISES)


class Outbound:
    """A client for addresses that strangers name. Safe from many threads; close it."""

    def __init__(self, allow: Iterable[str] = (), resolve: Resolve | None = None) -> None:
        """`allow`: see `Allowed`. `resolve`: who knows names; None = this machine."""
        self._allowed, self._resolve = Allowed(allow), resolve or resolved
        self._lock = Lock()
        self._made: httpcore.ConnectionPool | None = None

    def check(self, url: str) -> None:
        """Refuse what can be refused without asking anybody. Raises AddressRefused."""
        try:
            parts = urlsplit(url)
            host, _port = parts.hostname or "", parts.port
        except ValueError:
            raise AddressRefused("this is no URL", "write it as https://host/path") from None
        plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= _LONGEST
        if not plain or not host or parts.username is not None:
            reason = "the URL has no host, a user, or characters that belong escaped"
            raise AddressRefused(reason, "write it as https://host/path")
        safe = parts.scheme == "https" or (parts.scheme == "http" and self._allowed.host(host))
        if not safe:
            raise AddressRefused(f"{parts.scheme or 'no'} URLs are not taken", "give one of https")
        try:
            literal = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return
        self._admitted(host, [literal])

    def fetch(self, url: str, sink: Send, *, largest: int, seconds: float = SECONDS) -> Answer:
        """GET `url` into `sink`, piece by piece, `largest` bytes at most; follows redirects.

        Raises BodyTooLarge, FetchFailed for any answer but 200, AddressRefused.
        """
        until = time.monotonic() + seconds
        for _ in range(REDIRECTS + 1):
            with self._asked("GET", url, {"accept": "*/*"}, None, until) as response:
                headers = _headers(response)
                if response.status in (301, 302, 303, 307, 308) and "location" in headers:
                    url = urljoin(url, headers["location"])
                    continue
                if response.status != 200:
                    raise FetchFailed(f"{_host(url)} answers {response.status}", "check the URL")
                size = _taken(response, headers, sink, largest, until)
                return Answer(200, headers, url, size)
        raise FetchFailed(f"{_host(url)} redirects more than {REDIRECTS} times", "check the URL")

    def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        sink: Send,
        *,
        largest: int,
        seconds: float,
    ) -> Answer:
        """One request, and its answer into `sink`; a redirect is an answer like any other.

        Raises FetchFailed, AddressRefused, BodyTooLarge.
        """
        until = time.monotonic() + seconds
        with self._asked(method, url, headers, body, until) as response:
            told = _headers(response)
            size = _taken(response, told, sink, largest, until)
            return Answer(response.status, told, url, size)

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float = SECONDS
    ) -> Answer:
        """POST `body`; redirects are answers like any other. Raises FetchFailed, AddressRefused."""
        until = time.monotonic() + seconds
        with self._asked("POST", url, headers, body, until) as response:
            size = 0
            for piece in response.iter_stream():
                size += len(piece)
                if size > _TOLD or time.monotonic() > until:
                    break
            return Answer(response.status, _headers(response), url, size)

    def close(self) -> None:
        """Let go of connections."""
        with self._lock:
            if self._made is not None:
                self._made.close()
                self._made = None

    @property
    def _pool(self) -> httpcore.ConnectionPool:
        with self._lock:
            if self._made is None:
                import httpx  # knows where certificates are

                self._made = httpcore.ConnectionPool(
                    ssl_context=httpx.create_ssl_context(trust_env=False),
                    network_backend=_Guard(self._admitted, self._resolve),
                    max_keepalive_connections=4,
                    keepalive_expiry=10.0,
                )
            return self._made

    @contextmanager
    def _asked(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, until: float
    ) -> Iterator[httpcore.Response]:
        """One request, its faults told as ours."""
        self.check(url)
        left = until - time.monotonic()
        times = {"connect": min(_CONNECT, left), "read": left, "write": left, "pool": left}
        sent = {"host": urlsplit(url).netloc, "user-agent": "printroom", **headers}
        sent["accept-encoding"] = "identity"
        if body is not None:
            sent["content-length"] = str(len(body))
        try:
            if left <= 0:
                raise httpcore.TimeoutException
            with self._pool.stream(
                method,
                url,
                headers=list(sent.items()),
                content=body,
                extensions={"timeout": times},
            ) as response:
                yield response
        except httpcore.TimeoutException as error:
            late = FetchFailed(f"{_host(url)} takes too long", "try again later", passing=True)
            late.heard = not isinstance(error, httpcore.ConnectTimeout | httpcore.PoolTimeout)
            raise late from error
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.UnsupportedProtocol,
        ) as error:
            why = str(error) or type(error).__name__
            reason = f"{_host(url)} cannot be asked: {why}"
            failed = FetchFailed(reason, "check the URL", passing=True)
            failed.heard = not isinstance(error, httpcore.ConnectError)
            raise failed from error

    def _admitted(self, host: str, addresses: Iterable[Address]) -> list[Address]:
        """All of `addresses`, if each is one that may be asked. Raises AddressRefused."""
        found = list(addresses)
        if self._allowed.host(host):
            return found
        for address in found:
            if not (public(address) or self._allowed.address(address)):
                remedy = "give a public one; PRINTROOM_OUTBOUND_ALLOW lets others through"
                raise AddressRefused(f"{host} leads to an address that is not public", remedy)
        return found


class _Guard(httpcore.NetworkBackend):
    """Connects to addresses that were checked, and to no others."""

    def __init__(
        self, admitted: Callable[[str, Iterable[Address]], list[Address]], resolve: Resolve
    ) -> None:
        self._admitted, self._resolve = admitted, resolve
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """As httpcore has it. Raises AddressRefused."""
        name = host.removeprefix("[").removesuffix("]")
        last: Exception | None = None
        for address in self._admitted(name, self._resolve(name, port))[:4]:
            try:
                return self._plain.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last or httpcore.ConnectError("it has no address")


def resolved(host: str, port: int) -> list[Address]:
    """All addresses of a name, as this machine knows them. Raises httpcore.ConnectError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError("its name is not known") from error
    texts = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
    return [ipaddress.ip_address(text) for text in texts]


def _taken(
    response: httpcore.Response, headers: Mapping[str, str], sink: Send, largest: int, until: float
) -> int:
    """Pass the body on; its size. Raises BodyTooLarge, FetchFailed."""
    told = headers.get("content-length", "")
    size = int(told) if told.isascii() and told.isdigit() else 0
    _bounded(size, largest)
    size = 0
    for piece in response.iter_stream():
        size += len(piece)
        _bounded(size, largest)
        if time.monotonic() > until:
            raise FetchFailed("the server sends too slowly", "try again later")
        sink(piece)
    return size


def _bounded(size: int, largest: int) -> None:
    if size > largest:
        reason = f"what is at the URL is larger than {format_size(largest)}"
        raise BodyTooLarge(reason, "give a smaller file")


def _headers(response: httpcore.Response) -> dict[str, str]:
    return {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
    }


def _host(url: str) -> str:
    """For messages: neither path nor query, which may hold a secret."""
    return urlsplit(url).hostname or "the server"
