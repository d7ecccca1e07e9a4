"""A store of objects cannot do what was asked."""

from __future__ import annotations

from printroom.core.errors.base import PrintroomError


class StoreError(PrintroomError):
    """A store of objects cannot do what was asked."""

    code, status = "store_error", 502


class BadKey(StoreError):
    """A key that is not well formed, and might mean something else to some store."""

    code, status = "bad_key", 422


class OutOfScope(StoreError):
    """The handle was made for other keys, or not for writing."""

    code, status = "out_of_scope", 403


class StoreRefused(StoreError):
    """The service does not let us in: wrong credentials, or rights that are missing."""

    code = "store_refused"


class StoreUnavailable(StoreError):
    """The service does not answer, or only with faults, however often it is asked."""

    code, status = "store_unavailable", 503


class NotOffered(StoreError):
    """A kind of store that cannot do it."""

    code, status = "not_offered", 422


class ConditionFailed(StoreError):
    """Nothing was written: the object is not as the writer supposed."""

    code, status = "condition_failed", 412


class ObjectChanged(StoreError):
    """The object was replaced while it was read; nothing of the new one was mixed in."""

    code, status = "object_changed", 409
