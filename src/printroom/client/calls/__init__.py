"""What can be asked of a server: each a method of both clients, written once.

Call[T]        what `Client` returns as T, and `AsyncClient` when it is awaited
Call[Page[T]]  an iterator of T: its first parameter, `after`, is for the clients alone
Parser         an iterator of events
"""

from printroom.client.calls import (
    collections,
    files,
    models,
    people,
    pipelines,
    portraits,
    runs,
    trainings,
)

__all__ = [
    "collections",
    "files",
    "models",
    "people",
    "pipelines",
    "portraits",
    "runs",
    "trainings",
]
