"""What verification found: the stages, the verdict, and what a third party needs to check it.

    findings, digests -> Report -> to_json -> text -> from_json      BadReport
    Report, a person's word -> decided -> Report

A report is a value. It says of itself what it cannot say: what is hidden in weights stays hidden.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self, get_args

from printroom.catalogue.card import ModelCard, Task
from printroom.catalogue.verification.rules import RULES, Rules
from printroom.core.errors import BadReport
from printroom.runtimes.reading import Reading

__all__ = ["RULES", "Declared", "Finding", "Report", "Rules"]

Stage = Literal["file", "graph", "trial", "content", "licence", "review"]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""In the order in which they are done; `review` is what a person decided."""
Verdict = Literal["passed", "refused", "review"]
Outcome = Literal["passed", "refused", "review", "unchecked"]
"""Of one finding. `unchecked`: nobody looked, so nothing is said."""
EXCLUDED = (
    "This report says what was seen when the model was opened and tried. Behaviour that was hidden "
    "in its weights on purpose, and shows only on pictures that were not among those tried, cannot "
    "be excluded. That is why the model runs behind walls and within limits all the same."
)
"""What no verification can say; part of each report."""
LARGEST = 1 << 20
"""Bytes of a report that is read."""


@dataclass(frozen=True)
class Declared:
    """What somebody says of a model that they bring."""

    name: str
    """`owner/name`."""
    licence: str = ""
    """SPDX expression, or one of the OpenRAIL licences; empty = not said."""
    task: Task | None = None
    """None = what it seemed to do when it was tried."""
    reading: Reading | None = None
    """None = to be found out."""
    title: str = ""
    architecture: str = ""
    """Of safetensors: the network that the weights are of, as spandrel calls it."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """What it was made from, such as the model it was trained on from: name -> licence."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    stage: Stage
    code: str
    """Stable name of what was looked at, `stage.thing`."""
    verdict: Outcome
    reason: str
    """One sentence for people."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """What was measured; JSON values."""
    seconds: float = 0.0
    """That it took."""


@dataclass(frozen=True)
class Report:
    """Of one verification of one model."""

    declared: Declared
    findings: tuple[Finding, ...]
    digests: Mapping[str, str]
    """File -> SHA-256, hex, of all that was brought, and of what was made from it to be run."""
    rules: str
    """Revision of the rules."""
    made_at: float
    """Seconds since 1970."""
    expires_at: float
    card: ModelCard | None = None
    """What the catalogue takes, unless the model was refused."""
    fingerprint: str = ""
    """What its results on known pictures are like, to be compared with those of other models."""
    machine: Mapping[str, str] = field(default_factory=dict)
    """What it was tried on, and the versions of what tried it."""
    excluded: str = EXCLUDED
    signature: str = ""
    """Ed25519 over all of the above, base64; empty = nobody signed it."""
    signer: str = ""
    """The public key that checks it, base64."""

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings, unless a person has decided on what was left to decide."""
        outcomes = [one.verdict for one in self.findings if one.stage != "review"]
        if "refused" in outcomes:
            return "refused"
        decisions = [one.verdict for one in self.findings if one.stage == "review"]
        if decisions:
            return "passed" if decisions[-1] == "passed" else "refused"
        return "review" if "review" in outcomes else "passed"

    @property
    def reasons(self) -> list[str]:
        """Why it did not pass, one sentence each; empty where it did."""
        if self.verdict == "passed":
            return []
        return [one.reason for one in self.findings if one.verdict == self.verdict]

    @property
    def unchecked(self) -> list[str]:
        """Codes of what nobody looked at."""
        return [one.code for one in self.findings if one.verdict == "unchecked"]

    def holds(self, now: float, rules: Rules = RULES) -> bool:
        """Whether it passed, has not expired, and was made by the rules of today."""
        fresh = self.made_at <= now < self.expires_at and self.rules == rules.revision
        return fresh and self.verdict == "passed"

    def decided(self, by: str, *, passed: bool, reason: str, now: float) -> Report:
        """With a person's decision on what machines cannot say; to be signed again.

        A model that a stage refused stays refused.
        """
        finding = Finding(
            "review", "review.decided", "passed" if passed else "refused", reason,
            {"by": by, "at": now},
        )  # fmt: skip
        return replace(self, findings=(*self.findings, finding), signature="", signer="")

    def raw(self) -> dict[str, Any]:
        """JSON values, the verdict among them."""
        values = asdict(replace(self, card=None))
        values["card"] = None if self.card is None else json.loads(self.card.to_json())
        return {"verdict": self.verdict, **values}

    def to_json(self) -> str:
        return json.dumps(self.raw(), indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises BadReport."""
        try:
            if len(text) > LARGEST:
                raise ValueError(f"it has more than {LARGEST} characters")
            raw = json.loads(text)
            report = cls._of(dict(raw))
            if raw["verdict"] != report.verdict:
                raise ValueError("its verdict is not what its findings say")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BadReport(f"this is no report of a verification: {error}") from error
        return report

    @classmethod
    def _of(cls, raw: dict[str, Any]) -> Self:
        declared = dict(raw["declared"])
        reading = declared.pop("reading")
        card = raw["card"]
        return cls(
            declared=Declared(reading=None if reading is None else Reading.of(reading), **declared),
            findings=tuple(_finding(one) for one in raw["findings"]),
            digests={str(name): str(digest) for name, digest in raw["digests"].items()},
            rules=str(raw["rules"]),
            made_at=float(raw["made_at"]),
            expires_at=float(raw["expires_at"]),
            card=None if card is None else ModelCard.from_json(json.dumps(card)),
            fingerprint=str(raw["fingerprint"]),
            machine={str(name): str(value) for name, value in raw["machine"].items()},
            excluded=str(raw["excluded"]),
            signature=str(raw["signature"]),
            signer=str(raw["signer"]),
        )


def _finding(raw: Mapping[str, Any]) -> Finding:
    finding = Finding(**raw)
    if not isinstance(finding.evidence, dict) or not isinstance(finding.reason, str):
        raise ValueError(f"{finding.code} has no reason, or no evidence")
    if finding.stage not in STAGES or finding.verdict not in get_args(Outcome):
        raise ValueError(f"{finding.stage} {finding.verdict} is no finding")
    return finding
