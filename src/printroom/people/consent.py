"""The text that people agree to where none of the installation's own is sent along.

who agreed, text -> Consent, in the transaction that makes the person        NoConsent
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from printroom.core.errors import NoConsent

TEXT = (
    "I am the person in these pictures, or may decide for them. I agree that this server keeps the"
    " pictures, learns from them what I look like, and draws portraits of me for the account that"
    " sent them. I can take this back at any time: then the pictures, what was learnt from them and"
    " all portraits are deleted."
)
"""In plain words; installations with lawyers send their own."""
_LONGEST = 20_000


@dataclass(frozen=True)
class Given:
    """What was agreed to, by whom. Raises NoConsent."""

    who: str
    """Who agreed: a name, an address, a number; up to 200 characters."""
    text: str = TEXT

    def __post_init__(self) -> None:
        if not (0 < len(self.who.strip()) <= 200 and self.who.isprintable()):
            raise NoConsent("it is not said who agrees", "send `consent` with `who`")
        if not 0 < len(self.text.strip()) <= _LONGEST:
            raise NoConsent("it is not said to what they agree", "leave `text` out, or send it")

    @property
    def digest(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()
