"""Stage five: whether it may be given to others: its licence, what it was made from, whose it is.

what is declared, digest, fingerprint, what others have -> judged -> findings
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from printroom.catalogue.verification.probes import apart
from printroom.catalogue.verification.report import Declared, Finding, Outcome, Rules
from printroom.catalogue.verification.terms import LicenceFault, Terms, read


@dataclass(frozen=True)
class Known:
    """A model that somebody else has here."""

    id: str
    """`owner/name@version`."""
    digests: frozenset[str]
    """SHA-256 of its files, hex."""
    fingerprint: str = ""
    """Of its report; empty = only its files are compared."""


def judged(
    declared: Declared, digest: str, fingerprint: str, known: Iterable[Known], rules: Rules
) -> list[Finding]:
    """Three findings. Those of the same owner are no matches."""
    return [
        _licence(declared),
        _parts(declared),
        _match(declared, digest, fingerprint, known, rules),
    ]


def _licence(declared: Declared) -> Finding:
    code, text = "licence.expression", declared.licence.strip()
    if not text or text == "unknown":
        reason = "no licence is declared: it can be used by its owner, and not be listed"
        return Finding("licence", code, "review", reason)
    try:
        spdx, terms = read(text)
    except LicenceFault as fault:
        reason = f"{text[:80]!r} is no SPDX expression: {fault}"
        return Finding("licence", code, "refused", reason)
    restricted = sorted(key for key, one in terms.items() if one.use_restricted)
    unknown = sorted(key for key, one in terms.items() if not one.known)
    evidence = {"expression": spdx, "use_restricted": restricted}
    if unknown:
        reason = f"{spdx}: a person must read {', '.join(unknown)}"
        return Finding("licence", code, "review", reason, evidence)
    said = f"{spdx}; uses are restricted by {', '.join(restricted)}" if restricted else spdx
    return Finding("licence", code, "passed", said, evidence)


def _parts(declared: Declared) -> Finding:
    """What a part asks of whatever is made from it."""
    code = "licence.parts"
    if not declared.parts:
        return Finding("licence", code, "passed", "it says it was made from nothing of others")
    try:
        own = read(declared.licence)[1]
    except LicenceFault:
        own = {}
    found: list[tuple[Outcome, str]] = []
    for name, licence in declared.parts.items():
        try:
            terms = read(licence)[1]
        except LicenceFault as fault:
            found.append(("review", f"{name}: {licence[:80]!r} is no SPDX expression ({fault})"))
            continue
        found += [(verdict, f"{name}: {reason}") for verdict, reason in _asked(terms, own)]
    reasons = [reason for _verdict, reason in found]
    verdicts = [verdict for verdict, _reason in found]
    order: tuple[Outcome, ...] = ("refused", "review")
    verdict: Outcome = next((one for one in order if one in verdicts), "passed")
    reason = "; ".join(reasons) or "its licence has what those of its parts ask for"
    return Finding("licence", code, verdict, reason[:2000], {"parts": dict(declared.parts)})


def _asked(part: Mapping[str, Terms], own: Mapping[str, Terms]) -> list[tuple[Outcome, str]]:
    """Of a part whose licence offers a choice (OR), all of it is asked for: a person may choose."""
    found: list[tuple[Outcome, str]] = []
    for key, terms in part.items():
        if terms.no_changes:
            found.append(("refused", f"{key} permits nothing that is made from it"))
        if terms.no_commerce and not all(one.no_commerce for one in own.values()):
            found.append(("refused", f"{key} permits no commerce, and the licence declared does"))
        if terms.use_restricted and not all(one.use_restricted for one in own.values()):
            found.append(("refused", f"{key} asks for its restrictions of use to be passed on"))
        if terms.share_alike and key not in own:
            found.append(("review", f"{key} asks for the same licence"))
        if not terms.known:
            found.append(("review", f"a person must read {key}"))
    return found


def _match(
    declared: Declared, digest: str, fingerprint: str, known: Iterable[Known], rules: Rules
) -> Finding:
    """Whether another owner has it already."""
    started, owner, compared = time.monotonic(), declared.name.partition("/")[0], 0
    nearest: tuple[float, str] = (1.0, "")
    for one in known:
        if one.id.partition("/")[0] == owner:
            continue
        compared += 1
        if digest in one.digests:
            return _matched(f"it is the same file as {one.id}", one.id, 0.0, started)
        if one.fingerprint and fingerprint:
            nearest = min(nearest, (apart(fingerprint, one.fingerprint), one.id))
    far, other = nearest
    if other and far <= rules.same:
        reason = f"it makes the same pictures as {other} ({far:.1%} apart)"
        return _matched(reason, other, far, started)
    said = f"it is none of {compared} models of others"
    evidence = {"compared": compared, "nearest": other, "apart": round(far, 4)}
    taken = round(time.monotonic() - started, 3)
    return Finding("licence", "licence.match", "passed", said, evidence, taken)


def _matched(reason: str, other: str, far: float, started: float) -> Finding:
    taken = round(time.monotonic() - started, 3)
    evidence = {"other": other, "apart": round(far, 4)}
    return Finding("licence", "licence.match", "review", reason, evidence, taken)
