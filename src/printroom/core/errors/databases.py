"""The database cannot do what was asked."""

from __future__ import annotations

from printroom.core.errors.base import PrintroomError


class DatabaseError(PrintroomError):
    """The database cannot do what was asked."""

    code = "database_error"


class DatabaseUnavailable(DatabaseError):
    """It does not answer, or is locked for longer than anybody should wait."""

    code, status = "database_unavailable", 503


class DatabaseMismatch(DatabaseError):
    """Its tables are missing, or were made by a newer printroom."""

    code = "database_mismatch"
