"""A stranger's model is looked at, stage by stage, and a report is made.

    weights, what is declared -> verify -> Report        NotFound BadModel Cancelled

Stages end at the first that refuses. Nothing of the file reaches a library before our own reader
has been through all of it, and nothing is run but behind walls; where there are none, the model is
refused.
"""

from __future__ import annotations

import mmap
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from printroom.catalogue.card import ModelCard
from printroom.catalogue.verification.content import Screen, looked
from printroom.catalogue.verification.file import Looked, looked_at
from printroom.catalogue.verification.graph import counted
from printroom.catalogue.verification.licence import Known, judged
from printroom.catalogue.verification.lines import CODES, Trial
from printroom.catalogue.verification.report import RULES, Declared, Finding, Report, Rules
from printroom.catalogue.verification.trial import sandboxed
from printroom.core.errors import BadModel, Cancelled, NotFound

Progress = Callable[[str, int, int], None]
"""Told (stage, done, of): how many findings there are, and how many there will be."""
Told = Callable[[Finding], None]
ALL = (
    len(CODES) - 1 + 2 + 2 + 3
)  # those of the sandbox but the checker's, file, graph, what follows
"""Findings of a report of a model that nothing refuses."""


def verify(
    weights: Path,
    declared: Declared,
    *,
    rules: Rules = RULES,
    progress: Progress = lambda _stage, _done, _of: None,
    told: Told = lambda _finding: None,
    cancelled: Callable[[], bool] = lambda: False,
    screens: Sequence[Screen] = (),
    known: Sequence[Known] = (),
) -> Report:
    """The report on the model in the file `weights`, not signed yet. Seconds, or minutes.

    `told` hears each finding when it is made; `screens` look at what the model makes; `known`: what
    others have here. Raises NotFound when there is no such file, BadModel when it cannot be read,
    and Cancelled once `cancelled` says so.
    """
    return _Verification(declared, rules, progress, told, cancelled).of(weights, screens, known)


class _Verification:
    """One."""

    def __init__(
        self,
        declared: Declared,
        rules: Rules,
        progress: Progress,
        told: Told,
        cancelled: Callable[[], bool],
    ) -> None:
        self._declared, self._rules = declared, rules
        self._progress, self._told, self._cancelled = progress, told, cancelled
        self._findings: list[Finding] = []
        self._made_at = time.time()

    def of(self, weights: Path, screens: Sequence[Screen], known: Sequence[Known]) -> Report:
        with tempfile.TemporaryDirectory(prefix="printroom-") as scratch:
            copy = Path(scratch) / "model.onnx"  # alone in its folder, and nobody changes it
            oversized = _copied(weights, copy, self._rules)
            file = looked_at(weights if oversized else copy, self._rules)
            if not self._all(file.findings) or file.model is None:
                return self._report(file, Trial())
            with copy.open("rb") as opened, _mapped(opened.fileno()) as data:
                if not self._all([counted(data, file.model, self._rules)]):
                    return self._report(file, Trial())
            file = replace(file, model=None)
            self._check()
            trial = sandboxed(copy, self._declared, self._rules, self._add, self._cancelled)
        if trial.whole:
            self._check()
            self._all(looked(trial.pictures, screens))
            self._all(judged(self._declared, file.digest, trial.fingerprint, known, self._rules))
        return self._report(file, trial)

    def _all(self, findings: Sequence[Finding]) -> bool:
        """Whether none of them refuses."""
        for finding in findings:
            self._add(finding)
        return all(one.verdict != "refused" for one in findings)

    def _add(self, finding: Finding) -> None:
        self._findings.append(finding)
        self._told(finding)
        self._progress(finding.stage, len(self._findings), ALL)

    def _check(self) -> None:
        if self._cancelled():
            raise Cancelled("the verification was cancelled")

    def _report(self, file: Looked, trial: Trial) -> Report:
        report = Report(
            declared=self._declared,
            findings=tuple(self._findings),
            digests={"model.onnx": file.digest} if file.digest else {},
            rules=self._rules.revision,
            made_at=self._made_at,
            expires_at=self._made_at + self._rules.valid,
            fingerprint=trial.fingerprint,
            machine={"system": platform.platform(), **trial.machine},
        )
        if report.verdict == "refused" or trial.card is None:
            return report
        return replace(report, card=self._card(trial.card, file.digest))

    def _card(self, found: ModelCard, digest: str) -> ModelCard:
        """What was found out, with what was declared."""
        declared = self._declared
        return replace(
            found,
            name=declared.name,
            version=1,
            title=declared.title or f"{declared.name.partition('/')[2]}",
            weights="model.onnx",
            digest=digest,
            licence=declared.licence or "unknown",
        )


def _copied(weights: Path, copy: Path, rules: Rules) -> bool:
    """Copy the file where nobody changes it; whether it is none, or too large to be copied."""
    try:
        if weights.is_symlink() or not weights.is_file():
            return True
        if not 0 < weights.stat().st_size <= rules.file_bytes:
            return True
        shutil.copyfile(weights, copy, follow_symlinks=False)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {weights}", "give the path of a model") from error
    except OSError as error:
        raise BadModel(f"{weights} cannot be read: {error.strerror}") from error
    return False


def _mapped(fd: int) -> mmap.mmap:
    return mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
