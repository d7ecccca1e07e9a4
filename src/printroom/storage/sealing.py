"""Secrets where they lie: sealed with a key that is kept elsewhere.

    Seal(folder).seal("whsec_...") -> "gAAAA..."        unseal -> the secret: BadOption

Fernet: AES-128-CBC with HMAC-SHA256. The key is in PRINTROOM_STORES_KEY, or else in the file
`stores/stores.key` of the data folder, which is made with the first secret. Machines that share a
database need the same one.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from printroom.core.errors import BadOption
from printroom.storage.pages import write_whole

KEY = "PRINTROOM_STORES_KEY"


class Seal:
    """Seals and opens. Any number of threads and processes may use it."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        """`folder`: of the installation's data."""
        self._path = folder / "stores" / "stores.key"
        self._environment = os.environ if environment is None else environment

    def seal(self, secret: str) -> str:
        """`secret`, for whoever has the key alone. Raises BadOption, Unwritable."""
        return self._cipher(make=True).encrypt(secret.encode()).decode()

    def unseal(self, sealed: str, whose: str) -> str:
        """The secret of `whose`, which the message names. Raises BadOption for another key's."""
        try:
            return self._cipher().decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise BadOption(
                f"{whose} were sealed with another key", f"set {KEY}, or add them again"
            ) from None

    def _cipher(self, make: bool = False) -> Fernet:
        key = self._environment.get(KEY, "").encode()
        if not key and make and not self._path.exists():
            with contextlib.suppress(FileExistsError):
                write_whole(self._path, Fernet.generate_key(), exclusive=True)
        try:
            return Fernet(key or self._path.read_bytes())
        except (OSError, ValueError):
            raise BadOption(
                f"there is no key that opens sealed secrets, in {KEY} or {self._path}",
                "a key is 32 bytes in URL-safe base64",
            ) from None
