"""Behind proxies: whose request it is, over what, and below which path.

    scope, who may be believed -> the same scope: client, scheme, and ROOT, the path below which
                                  people see the server; the path without it

What a proxy writes into headers counts only on connections that come from one that is trusted;
from anybody else it changes nothing. Of a list of addresses the client's is the rightmost that is
no trusted proxy's: what stands left of it was written by the client itself. Where
`X-Forwarded-For` and `Forwarded` say different things, one of them came from the client, and
neither counts.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from printroom.api.replies import Send

ROOT = "printroom.root"
"""Where the scope of a request has that path; "" = none."""
_PREFIX = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*){1,8}")
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")
_PAIR = re.compile(r'\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)=("(?:[^"\\]|\\.)*"|[^\s;,"]*)\s*(;|,|$)')
_LONGEST = 4096
"""Characters of a list that are looked at."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Hop = tuple[str, str]
"""Who a proxy got it from, and the scheme; either may be empty."""


class Proxies:
    """Those that are trusted. Safe from any thread."""

    def __init__(self, trusted: Iterable[str], url: str | None) -> None:
        """`trusted`: addresses and networks, well formed; `url`: where people reach the server, if
        that is known.
        """
        self._trusted = [ipaddress.ip_network(text, strict=False) for text in trusted]
        parts = urlsplit(url or "")
        self._scheme = parts.scheme.lower()
        path = parts.path.rstrip("/")
        self._root = path if _PREFIX.fullmatch(path) else ""

    def read(self, scope: dict[str, Any]) -> None:
        """Put what is known into the scope of a request."""
        scope[ROOT] = root = self._root
        if self._trusted:
            peer = _address((scope.get("client") or ("",))[0])
            if peer is not None and self._trusts(peer):
                self._believe(scope, peer)
                root = scope[ROOT]
        if self._scheme:
            scope["scheme"] = self._scheme
        if root and scope["path"].startswith(f"{root}/"):  # a proxy that took nothing away
            scope["path"] = scope["path"][len(root) :]

    def _believe(self, scope: dict[str, Any], peer: Address) -> None:
        said: dict[bytes, str] = {}
        for name, value in scope["headers"]:
            if name.startswith((b"x-forwarded-", b"forwarded")):
                text = value.decode("latin-1")
                said[name] = f"{said[name]}, {text}" if name in said else text
        listed = _listed(said.get(b"x-forwarded-for", ""), said.get(b"x-forwarded-proto", ""))
        found = self._client(peer, listed)
        if b"forwarded" in said:
            other = self._client(peer, forwarded(said[b"forwarded"]))
            if b"x-forwarded-for" not in said:
                found = (other[0], other[1] or found[1])
            elif other[0] != found[0]:
                found = (str(peer), "")
        scope["client"] = (found[0], 0)
        if found[1] in ("http", "https"):
            scope["scheme"] = found[1]
        prefix = said.get(b"x-forwarded-prefix", "").rstrip("/")
        if _PREFIX.fullmatch(prefix):
            scope[ROOT] = prefix

    def _client(self, peer: Address, hops: Sequence[Hop]) -> Hop:
        """The nearest that is no proxy of ours, and how it came in."""
        client, scheme = str(peer), hops[-1][1] if hops else ""
        for text, how in reversed(hops):
            if (address := _address(_host(text))) is None:  # `unknown`, or a name that hides one
                break
            client, scheme = str(address), how or scheme
            if not self._trusts(address):
                break
        return client, scheme

    def _trusts(self, address: Address) -> bool:
        return any(address in one for one in self._trusted)


def forwarded(header: str) -> list[Hop]:
    """The hops of a `Forwarded` header (RFC 7239), the client's first; none if it is malformed."""
    hops: list[Hop] = []
    pairs: dict[str, str] = {}
    at, text = 0, header[-_LONGEST:] if len(header) <= _LONGEST else ""
    while at < len(text):
        found = _PAIR.match(text, at)
        if found is None:
            return []
        value = found[2]
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        pairs.setdefault(found[1].lower(), value)
        at = found.end()
        if found[3] != ";":
            hops.append((pairs.get("for", ""), pairs.get("proto", "").lower()))
            pairs = {}
    return hops


def below(send: Send, root: str) -> Send:
    """`send`, with addresses in `Location` as they are below `root`."""

    async def wrapped(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = [
                (
                    name,
                    root.encode() + value if name == b"location" and value[:1] == b"/" else value,
                )
                for name, value in message["headers"]
            ]
            message = {**message, "headers": headers}
        await send(message)

    return wrapped


def base_of(scope: Mapping[str, Any], own: str | None) -> str:
    """The address of the server as its clients know it, without a slash at its end.

    `own`: as somebody said it is.
    """
    if own:
        return own.rstrip("/")
    said = next((value for name, value in scope["headers"] if name == b"host"), b"")
    host = said.decode("latin-1")
    host = host if _HOST.fullmatch(host) else "localhost"
    return f"{scope['scheme']}://{host}{scope.get(ROOT, '')}"


def _listed(addresses: str, schemes: str) -> list[Hop]:
    """The hops of `X-Forwarded-For`, each with its scheme where as many are told; else with the
    last of them, the nearest proxy's.
    """
    if len(addresses) > _LONGEST or len(schemes) > _LONGEST:
        return []
    hops = [one.strip() for one in addresses.split(",")]
    hows = [one.strip().lower() for one in schemes.split(",")]
    if len(hows) != len(hops):
        hows = hows[-1:] * len(hops)
    return list(zip(hops, hows, strict=True))


def _host(text: str) -> str:
    """An address without its port and brackets."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _address(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
