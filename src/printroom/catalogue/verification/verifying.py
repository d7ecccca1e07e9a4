"""A stranger's model is looked at, stage by stage, and a report is made.

    weights, what is declared -> verify -> Report        NotFound BadModel Cancelled

Stages end at the first that refuses. Nothing of the file reaches a library before our own reader
has been through all of it, and nothing is run but behind walls; where there are none, the model is
refused.
"""

from __future__ import annotations

import mmap
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from printroom.catalogue.card import ModelCard
from printroom.catalogue.verification.content import Screen, looked
from printroom.catalogue.verification.file import Looked, looked_at
from printroom.catalogue.verification.folding import fold, ours
from printroom.catalogue.verification.graph import counted
from printroom.catalogue.verification.licence import Known, judged
from printroom.catalogue.verification.lines import CODES, Trial
from printroom.catalogue.verification.refusing import Refused
from printroom.catalogue.verification.report import (
    RULES,
    Declared,
    Finding,
    Outcome,
    Report,
    Rules,
    Stage,
)
from printroom.catalogue.verification.trial import sandboxed
from printroom.core.errors import (
    BadModel,
    Cancelled,
    ConversionFailed,
    EnvironmentFailed,
    NoSandbox,
    NotFound,
)
from printroom.isolation.walls import walls
from printroom.runtimes.onnx.ours.telling import ARCHITECTURES
from printroom.runtimes.reading import Reading

if TYPE_CHECKING:  # brings what converts; most models are ONNX
    from printroom.isolation.conversion import Converted

Progress = Callable[[str, int, int], None]
"""Told (stage, done, of): how many findings there are, and how many there will be."""
Told = Callable[[Finding], None]
Converter = Callable[[Path], "Converted"]
"""Makes ONNX of safetensors, behind walls. Raises ConversionFailed, EnvironmentFailed."""
MADE, BARE = "model.onnx", "weights.safetensors"
"""What the files are called in reports: what is run, and what that was made from."""
ALL = len(CODES - {"graph.checker"}) + 7
"""Findings of a report of a model that nothing refuses: those of the sandbox, of which the checker
tells only what it refuses; two of file and graph, two of content, three of the licence."""


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
    convert: Converter | None = None,
    made: Callable[[bytes], object] = lambda _onnx: None,
) -> Report:
    """The report on the model in the file `weights`, not signed yet. Seconds, or minutes.

    `told` hears each finding when it is made; `screens` look at what the model makes; `known`: what
    others have here; `convert` makes safetensors of other networks than ours into ONNX, None = they
    are refused; what is made is what is verified, and can be used: `made` is told it. Raises
    NotFound when there is no such file, BadModel when it cannot be read, and Cancelled once
    `cancelled` says so.
    """
    verification = _Verification(declared, rules, progress, told, cancelled, convert, made)
    return verification.of(weights, screens, known)


class _Verification:
    """One."""

    def __init__(
        self,
        declared: Declared,
        rules: Rules,
        progress: Progress,
        told: Told,
        cancelled: Callable[[], bool],
        convert: Converter | None,
        made: Callable[[bytes], object],
    ) -> None:
        self._convert, self._told_made = convert, made
        self._digests: dict[str, str] = {}
        self._of = ALL
        self._declared, self._rules = declared, rules
        self._read_as = declared
        """What is told to who tries it."""
        self._progress, self._told, self._cancelled = progress, told, cancelled
        self._findings: list[Finding] = []
        self._made_at = time.time()

    def of(self, weights: Path, screens: Sequence[Screen], known: Sequence[Known]) -> Report:
        with tempfile.TemporaryDirectory(prefix="printroom-") as scratch:
            copy = Path(scratch) / "weights"  # alone in its folder, and nobody changes it
            copied = _copied(weights, copy, self._rules)
            file = self._file(copy if copied else weights)
            if file is not None and file.bare:
                copy = copy.with_name(MADE)
                file = (
                    self._file(copy) if self._converted(copy.with_name("weights"), copy) else None
                )
            if file is None or not self._graph(copy, file):
                return self._report(Trial())
            self._check()
            trial = sandboxed(copy, self._read_as, self._rules, self._add, self._cancelled)
        if trial.whole:
            self._check()
            self._all(looked(trial.pictures, screens))
            digest = self._digests[MADE]
            self._all(judged(self._declared, digest, trial.fingerprint, known, self._rules))
        return self._report(trial)

    def _file(self, path: Path) -> Looked | None:
        """None = it was refused."""
        file = looked_at(path, self._rules)
        if file.digest:
            self._digests[BARE if file.bare else MADE] = file.digest
        return file if self._all(file.findings) else None

    def _graph(self, path: Path, file: Looked) -> bool:
        """Whether its graph is not refused."""
        assert file.model is not None
        with path.open("rb") as opened, _mapped(opened.fileno()) as data:
            return self._all([counted(data, file.model, self._rules)])

    def _converted(self, weights: Path, target: Path) -> bool:
        """Make ONNX of safetensors at `target`; whether that was not refused."""
        self._of += 2
        self._check()
        started = time.monotonic()

        def found(code: str, verdict: Outcome, reason: str) -> Finding:
            taken = round(time.monotonic() - started, 3)
            return Finding(cast("Stage", code.partition(".")[0]), code, verdict, reason, {}, taken)

        try:
            converted = self._made(weights)
        except Refused as refused:
            return self._all([found(refused.code, "refused", refused.reason)])
        target.write_bytes(converted.onnx)
        self._told_made(converted.onnx)
        far = f"{converted.difference:.2g} from the network"
        reason = f"{converted.architecture}, made into ONNX: {far}"
        return self._all([found("file.converted", "passed", reason)])

    def _made(self, weights: Path) -> Converted:
        """Raises Refused."""
        asked, names = self._declared.architecture, ", ".join(ARCHITECTURES)
        if not asked:
            reason = f"it is not said which network its weights are of: {names}; or send ONNX"
            raise Refused("file.architecture", reason)
        known = asked in ARCHITECTURES
        if known and (why := ours(weights, self._rules)):
            raise Refused("file.architecture", f"its weights are of no {asked}: {why}")
        if not known and self._convert is None:
            raise Refused(
                "file.conversion", f"weights of {names} are taken; of other networks, send ONNX"
            )
        try:
            walls()
            converted = self._through(weights, known)
        except NoSandbox as error:
            raise Refused("trial.sandbox", f"{error.reason}: nothing is converted") from error
        except (ConversionFailed, EnvironmentFailed) as error:
            raise Refused("file.conversion", error.reason[:2000]) from error
        if converted.architecture.lower() != asked.lower():
            raise Refused(
                "file.architecture",
                f"its weights are of {converted.architecture}, and {asked[:80]} was declared",
            )
        return converted

    def _through(self, weights: Path, known: bool) -> Converted:
        """Raises ConversionFailed, EnvironmentFailed."""
        if known or self._convert is None:
            if self._declared.reading is None:  # nothing is to be found out of our own
                self._read_as = replace(self._declared, reading=Reading())
            return fold(weights, self._rules)
        return self._convert(weights)

    def _all(self, findings: Sequence[Finding]) -> bool:
        """Whether none of them refuses."""
        for finding in findings:
            self._add(finding)
        return all(one.verdict != "refused" for one in findings)

    def _add(self, finding: Finding) -> None:
        self._findings.append(finding)
        self._told(finding)
        self._progress(finding.stage, len(self._findings), self._of)

    def _check(self) -> None:
        if self._cancelled():
            raise Cancelled("the verification was cancelled")

    def _report(self, trial: Trial) -> Report:
        report = Report(
            declared=self._declared,
            findings=tuple(self._findings),
            digests=self._digests,
            rules=self._rules.revision,
            made_at=self._made_at,
            expires_at=self._made_at + self._rules.valid,
            fingerprint=trial.fingerprint,
            machine=trial.machine,
        )
        if report.verdict == "refused" or trial.card is None:
            return report
        return replace(report, card=self._card(trial.card, self._digests[MADE]))

    def _card(self, found: ModelCard, digest: str) -> ModelCard:
        """What was found out, with what was declared."""
        declared = self._declared
        return replace(
            found,
            name=declared.name,
            version=1,
            title=declared.title or declared.name.partition("/")[2],
            weights=MADE,
            digest=digest,
            licence=declared.licence or "unknown",
        )


def _copied(weights: Path, copy: Path, rules: Rules) -> bool:
    """Copy the file where nobody changes it; not what is no file, or too large."""
    try:
        if weights.is_symlink() or not weights.is_file():
            return False
        if not 0 < weights.stat().st_size <= rules.file_bytes:
            return False
        shutil.copyfile(weights, copy, follow_symlinks=False)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {weights}", "give the path of a model") from error
    except OSError as error:
        raise BadModel(f"{weights} cannot be read: {error.strerror}") from error
    return True


def _mapped(fd: int) -> mmap.mmap:
    return mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
