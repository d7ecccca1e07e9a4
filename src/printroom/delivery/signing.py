"""Keys that sign addresses, and their rotation.

    text -> (key id, signature)                    the newest key
    text, key id, signature -> nothing             BadLink
    PRINTROOM_SIGNING_KEYS, or <data>/signing.json -> SigningKeys: BadOption Unwritable

HMAC-SHA256 in URL-safe base64. After a rotation the old key verifies for `overlap` seconds more, so
that addresses that are out stay good. Processes see a rotation within a second.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from printroom.core.errors import BadLink, BadOption, Unwritable

VARIABLE = "PRINTROOM_SIGNING_KEYS"
OVERLAP = 8 * 86400
"""Seconds that a retired key verifies: longer than any private address is good."""
_ID = re.compile(r"[a-z0-9]{1,16}")
_LEAST = 16
_LOOK = 1.0
"""Seconds for which the file is taken to be as it was."""


@dataclass(frozen=True)
class SigningKey:
    """One secret and what it is called in addresses."""

    id: str
    secret: bytes
    until: float | None = None
    """When it stops verifying, in seconds of the epoch; None = it does not."""


class SigningKeys:
    """The keys of an installation: the first one signs, all verify. Safe from many threads."""

    def __init__(self, data: Path, environment: Mapping[str, str] | None = None) -> None:
        """Nothing is read or made yet."""
        self._path = data / "signing.json"
        self._environment = os.environ if environment is None else environment
        self._lock = threading.Lock()
        self._keys: tuple[SigningKey, ...] = ()
        self._looked = -_LOOK
        self._mark: tuple[int, int] | None = None

    @property
    def fixed(self) -> bool:
        """Whether they come from the environment, and cannot be rotated here."""
        return bool(self._environment.get(VARIABLE))

    def sign(self, text: str) -> tuple[str, str]:
        """(key id, signature). Raises BadOption, Unwritable."""
        key = self.keys()[0]
        return key.id, _signature(key.secret, text)

    def verify(self, text: str, key_id: str, signature: str) -> None:
        """Raises BadLink unless a key of that id, that is still good, signed `text`."""
        now = time.time()
        for key in self.keys():
            if key.id == key_id and (key.until is None or now < key.until):
                expected = _signature(key.secret, text)
                if hmac.compare_digest(expected.encode(), signature.encode()):
                    return
        raise BadLink("this address is not signed by us", "ask for a new one")

    def keys(self) -> tuple[SigningKey, ...]:
        """Newest first; made if there is none yet. Raises BadOption, Unwritable."""
        now = time.monotonic()
        if now - self._looked < _LOOK:
            return self._keys
        with self._lock:
            if self.fixed:
                self._keys = self._keys or _parsed(self._environment[VARIABLE])
            else:
                self._refresh()
            self._looked = now
        return self._keys

    def rotate(self, overlap: float = OVERLAP) -> SigningKey:
        """Sign with a new key from now on. Raises BadOption, Unwritable."""
        if self.fixed:
            raise BadOption(
                f"the signing keys are set by {VARIABLE}", "put a new one before the others there"
            )
        with self._lock, self._alone():
            now = time.time()
            kept = [key for key in self._read() if key.until is None or key.until > now]
            retired = [
                SigningKey(key.id, key.secret, min(key.until or now + overlap, now + overlap))
                for key in kept
            ]
            made = _made()
            self._write((made, *retired))
            self._looked = -_LOOK
        return made

    def _refresh(self) -> None:
        """Read the file if it changed; make it if there is none."""
        with contextlib.suppress(FileNotFoundError):
            found = self._path.stat()
            mark = (found.st_mtime_ns, found.st_ino)
            if mark != self._mark:
                self._keys, self._mark = self._read(), mark
            return
        with self._alone():
            self._keys = self._read()
            if not self._keys:
                self._keys = (_made(),)
                self._write(self._keys)

    def _read(self) -> tuple[SigningKey, ...]:
        try:
            found = json.loads(self._path.read_bytes())
            keys = [
                SigningKey(str(key["id"]), bytes.fromhex(key["secret"]), key["until"])
                for key in found
            ]
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, KeyError, TypeError):
            raise BadOption(
                f"{self._path} cannot be read", "remove it: all signed addresses end then"
            ) from None
        return tuple(keys)

    def _write(self, keys: tuple[SigningKey, ...]) -> None:
        content = [{"id": key.id, "secret": key.secret.hex(), "until": key.until} for key in keys]
        draft = self._path.with_name(f".{secrets.token_hex(8)}")
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(json.dumps(content, indent=1).encode())
                file.flush()
                os.fsync(handle)
            draft.replace(self._path)
        except OSError as error:
            raise self._unwritable(error) from error
        finally:
            draft.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time makes keys."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _unwritable(self, error: OSError) -> Unwritable:
        why = error.strerror or str(error)
        return Unwritable(f"{self._path} cannot be written, {why}", f"or set {VARIABLE}")


def _made() -> SigningKey:
    return SigningKey(secrets.token_hex(4), secrets.token_bytes(32))


def _signature(secret: bytes, text: str) -> str:
    found = hmac.digest(secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode()


def _parsed(text: str) -> tuple[SigningKey, ...]:
    """`id:base64,id:base64`, newest first."""
    keys = []
    for part in text.split(","):
        name, _, secret = part.strip().partition(":")
        try:
            decoded = base64.b64decode(secret, altchars=b"-_", validate=True)
        except ValueError:
            decoded = b""
        if not _ID.fullmatch(name) or len(decoded) < _LEAST:
            raise BadOption(
                f"{VARIABLE} has a key that is none",
                f"write id:base64 with {_LEAST} bytes or more, and commas between",
            )
        keys.append(SigningKey(name, decoded))
    return tuple(keys)
