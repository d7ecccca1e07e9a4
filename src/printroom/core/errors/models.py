"""A model cannot be used."""

from __future__ import annotations

from printroom.core.errors.base import PrintroomError


class ModelError(PrintroomError):
    """A model cannot be used."""

    code, status = "model_error", 422


class BadModel(ModelError):
    """Not an ONNX graph, or not one from picture to picture."""

    code = "bad_model"


class ConversionFailed(ModelError):
    """Weights of another framework that cannot be made into a model for this one."""

    code = "conversion_failed"


class ModelFailed(ModelError):
    """The network itself failed on a tile."""

    code, status = "model_failed", 500


class LimitCrossed(ModelError):
    """A model that is kept behind walls took more than it may, and was ended.

    `limit` says what of: `memory`, `seconds` by the clock, `cpu` seconds, or `walls` when it did
    what is forbidden.
    """

    code = "limit_crossed"

    def __init__(self, reason: str, remedy: str = "", *, limit: str) -> None:
        super().__init__(reason, remedy)
        self.limit = limit
        """Which."""


class NoSandbox(ModelError):
    """Nothing on the machine keeps the models of strangers from doing harm."""

    code, status = "no_sandbox", 501


class BadReport(ModelError):
    """Not the report of a verification, or not as it was signed."""

    code = "bad_report"


class WrongBase(ModelError):
    """What was learnt of a person belongs to another base than the generator here."""

    code, status = "wrong_base", 409
