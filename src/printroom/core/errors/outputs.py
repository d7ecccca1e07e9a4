"""A result cannot be written."""

from __future__ import annotations

from printroom.core.errors.base import PrintroomError


class OutputError(PrintroomError):
    """A result cannot be written."""

    code = "output_error"


class Unwritable(OutputError):
    """The place named for the result cannot be written."""

    code = "unwritable_output"


class DiskFull(OutputError):
    """The disk filled up while a result was written."""

    code, status = "disk_full", 507
