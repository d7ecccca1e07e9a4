"""How a stage ends that refuses: raised within it, and made into its finding."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """What a finding that refuses has: code, reason, evidence."""

    def __init__(self, code: str, reason: str, **evidence: Any) -> None:
        super().__init__(reason)
        self.code, self.reason, self.evidence = code, reason, evidence
