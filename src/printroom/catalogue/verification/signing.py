"""Who made a report, so that a third party can check it with the public key alone.

    PRINTROOM_VERIFICATION_KEY, or <data>/verification.key -> ReportKey     BadOption Unwritable
    Report -> sign -> Report                    Report, public keys -> check        BadReport

Ed25519 over the canonical JSON of all of the report but the signature: the digests of all files,
every finding, the rules, the dates. Servers and workers of one installation share one key.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import os
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from printroom.catalogue.verification.report import Report
from printroom.core.errors import BadOption, BadReport, Unwritable

FILE = "verification.key"
"""In the data folder; made when it is first needed."""
VARIABLE = "PRINTROOM_VERIFICATION_KEY"
"""Takes the place of the file: 32 bytes, base64."""
_SIZE = 32
_REMEDY = "verify the model again"


class ReportKey:
    """The key of an installation."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def of(cls, data: Path, environment: Mapping[str, str] | None = None) -> ReportKey:
        """The key of the environment, or in the folder `data`, made if there is none.

        Of several processes that make one at once, all get the same. Raises BadOption for a
        variable that holds no key, and Unwritable.
        """
        given = (os.environ if environment is None else environment).get(VARIABLE, "").strip()
        if given:
            return cls._given(given)
        path = data / FILE
        try:
            with contextlib.suppress(FileNotFoundError):
                return cls._read(path)
            data.mkdir(parents=True, exist_ok=True)
            fd, draft = tempfile.mkstemp(dir=data, prefix=f".{FILE}-")  # for its owner alone
            try:
                with os.fdopen(fd, "wb") as file:
                    file.write(_raw(Ed25519PrivateKey.generate()))
                    file.flush()
                    os.fsync(file.fileno())
                with contextlib.suppress(FileExistsError):
                    os.link(draft, path)  # whole or not at all, and never over another's
            finally:
                Path(draft).unlink(missing_ok=True)
            return cls._read(path)
        except OSError as error:
            raise Unwritable(f"{path} cannot be kept: {error.strerror}") from error

    @classmethod
    def _given(cls, text: str) -> ReportKey:
        try:
            raw = base64.b64decode(text, validate=True)
            return cls(Ed25519PrivateKey.from_private_bytes(raw))
        except ValueError as error:
            raise BadOption(f"{VARIABLE} is no key", "set it to 32 bytes in base64") from error

    @classmethod
    def _read(cls, path: Path) -> ReportKey:
        raw = path.read_bytes()
        if len(raw) != _SIZE:
            raise Unwritable(f"{path} is no key", "take it away: reports signed by it stay valid")
        return cls(Ed25519PrivateKey.from_private_bytes(raw))

    @property
    def public(self) -> str:
        """What others check with, base64."""
        public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b64encode(public).decode()

    def sign(self, report: Report) -> Report:
        """The same report, signed."""
        unsigned = replace(report, signature="", signer=self.public)
        signature = self._key.sign(_signed_bytes(unsigned))
        return replace(unsigned, signature=base64.b64encode(signature).decode())


def check(report: Report, trusted: Collection[str]) -> None:
    """Raises BadReport unless one of the public keys `trusted` signed exactly this report."""
    if not report.signature:
        raise BadReport("nobody signed this report", _REMEDY)
    if report.signer not in trusted:
        raise BadReport("the report is signed by a key that is not trusted", _REMEDY)
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(report.signer, validate=True))
        signature = base64.b64decode(report.signature, validate=True)
        public.verify(signature, _signed_bytes(report))
    except (InvalidSignature, ValueError, binascii.Error) as error:
        raise BadReport("the report is not as it was signed", _REMEDY) from error


def _signed_bytes(report: Report) -> bytes:
    """Its JSON without the signature, in one way of writing: sorted, without spaces, ASCII."""
    raw = report.raw()
    del raw["signature"]
    return json.dumps(raw, sort_keys=True, separators=(",", ":")).encode()


def _raw(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
