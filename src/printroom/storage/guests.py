"""Which stores may be added by somebody who is not the owner of this machine.

    Address, endpoints -> nothing     NotAllowed

An address makes this machine talk to whoever it names, and hand over what comes back: a folder of
this machine's disk, a server behind its firewall, its cloud's own credentials. So guests have
buckets and drives of services that are known not to lead elsewhere, and those that the owner names.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from printroom.core.errors import NotAllowed
from printroom.storage.address import Address
from printroom.storage.keys import shown

ENDPOINTS = (
    "*.amazonaws.com",
    "storage.googleapis.com",
    "*.blob.core.windows.net",
    "*.r2.cloudflarestorage.com",
    "*.backblazeb2.com",
    "*.digitaloceanspaces.com",
    "*.wasabisys.com",
)
"""Hosts that answer for themselves."""
_NEAR = ("fs", "memory")
_PATIENCE = 60


def check_guest(address: Address, endpoints: Iterable[str] = ()) -> None:
    """Raises NotAllowed unless guests may have that store. `endpoints`: hosts that are allowed
    beside `ENDPOINTS`, as `minio.example`, `minio.example:9000` or `*.example`; these also without
    https.
    """
    if address.scheme in _NEAR:
        raise NotAllowed(f"{address.scheme}:// is this machine's own", "take a bucket or a drive")
    if address.ambient:
        raise NotAllowed("ambient=on would use this machine's credentials", "give your own")
    if address.patience > _PATIENCE:
        raise NotAllowed(f"patience={address.patience} is too much", f"{_PATIENCE} is the most")
    named = tuple(endpoints)
    for option in ("endpoint", "sts"):
        if url := dict(address.options).get(option):
            _check_host(option, url, named)


def _check_host(option: str, url: str, named: tuple[str, ...]) -> None:
    parts = urlsplit(url)
    host, place = parts.hostname or "", parts.netloc.lower()
    if any(_matches(host, pattern) or _matches(place, pattern) for pattern in named):
        return
    default = place in (host, f"{host}:443")
    known = any(_matches(host, pattern) for pattern in ENDPOINTS)
    if not (known and default and parts.scheme == "https"):
        raise NotAllowed(
            f"{option} {shown(url)} is not one that accounts may name",
            "ask the owner of this server to add its host to PRINTROOM_ENDPOINTS",
        )


def _matches(host: str, pattern: str) -> bool:
    """Whether a pattern means that host: itself, or with `*.` what lies below.

    >>> _matches("a.example", "*.example"), _matches("evil-example", "*.example")
    (True, False)
    """
    pattern = pattern.lower()
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
