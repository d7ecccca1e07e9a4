"""What the headers of a request say of who sent it, and from which page.

headers -> Sent         OtherSite, where nobody has to sign in
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from printroom.api.problems import Headers
from printroom.core.errors import OtherSite

COOKIE = "printroom_session"
_COOKIE = f"{COOKIE}=".encode()
_SCHEMES = (b"bearer", b"token", b"key")
SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(slots=True)
class Sent:
    """The few headers that matter here."""

    text: str | None = None
    """A key, session or token."""
    cookie: bool = False
    """Whether it came as a cookie: browsers send those unasked."""
    csrf: str = ""
    host: str = ""
    origin: str | None = None
    """The site whose page sent the request; None = no browser, or the same site."""
    site: str = ""
    """`Sec-Fetch-Site`."""
    mode: str = ""
    """`Sec-Fetch-Mode`."""
    passed_on: bool = False
    """Whether a proxy says that it passed this on for somebody."""

    @classmethod
    def read(cls, headers: Headers) -> Sent:
        """Names are lower case already."""
        sent = cls()
        cookie: str | None = None
        for name, value in headers:
            match name:
                case b"authorization":
                    sent.text = _authorised(value)
                case b"x-api-key":
                    sent.text = sent.text or value.decode("latin-1").strip()
                case b"cookie":
                    cookie = _cookie(value) or cookie
                case b"host":
                    sent.host = value.decode("latin-1").lower()
                case b"origin":
                    sent.origin = value.decode("latin-1").lower()
                case b"sec-fetch-site":
                    sent.site = value.decode("latin-1")
                case b"sec-fetch-mode":
                    sent.mode = value.decode("latin-1")
                case b"x-csrf-token":
                    sent.csrf = value.decode("latin-1")
                case b"forwarded" | b"x-forwarded-for":
                    sent.passed_on = True
        if sent.text is None and cookie is not None:
            sent.text, sent.cookie = cookie, True
        return sent

    def stranger(self, own: str | None) -> str | None:
        """The other site whose page sent this; None = none. `own`: the server's own address."""
        if self.origin is None or self.origin == own:
            return None
        return None if _host_of(self.origin) == self.host else self.origin

    def check_at_home(self) -> None:
        """Refuse what may come from elsewhere, where nobody has to say who they are.

        A browser on this machine can be made to send requests here by any page, also under a name
        that an attacker lets point here (DNS rebinding). Raises OtherSite.
        """
        if self.passed_on:
            raise OtherSite(
                "this server lets in everybody on its own machine, and a proxy passed this on",
                "make an account: printroom accounts create",
            )
        if self.host and not _is_home(self.host):
            raise OtherSite(
                f"this server does not go by the name {self.host[:80]!r} while nobody signs in",
                "call it localhost, or make an account: printroom accounts create",
            )
        if self.site in ("cross-site", "same-site") and self.mode != "navigate":
            raise OtherSite("a page of another site asks for this", "open it by itself")


def origin_of(url: str | None) -> str | None:
    """The site of an address, as browsers name it; None = none."""
    parts = urlsplit((url or "").lower())
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None


def place_of(address: str) -> str:
    """Who an address counts as: itself, or all 2^64 of a network, which one client may have."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(found), 64), strict=False))


def _host_of(origin: str) -> str:
    """Host and port of an origin, as in `Host`; empty where it has none, as `null`."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _authorised(value: bytes) -> str:
    """What is sent as a key, or what is no key at all."""
    scheme, _, text = value.strip().partition(b" ")
    return (text.strip() if scheme.lower() in _SCHEMES else value).decode("latin-1")


def _cookie(value: bytes) -> str | None:
    for part in value.split(b";"):
        name, _, text = part.strip().partition(b"=")
        if name + b"=" == _COOKIE:
            return text.decode("latin-1")
    return None


def _is_home(host: str) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    name = name.strip("[]").rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
