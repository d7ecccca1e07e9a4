"""A printroom server from Python: `Client` and `AsyncClient`.

    >>> from printroom.client import Client
    >>> with Client("http://127.0.0.1:8000") as client:  # doctest: +SKIP
    ...     run = client.run("enhance", {"image": Path("photo.jpg"), "scale": 2})
    ...     client.save(run.pictures["image"][0], Path("larger.jpg"))

Needs nothing of printroom but its errors, and httpx.
"""

from printroom.client.asynchronous import AsyncClient
from printroom.client.calls.collections import Collection, Item
from printroom.client.calls.people import Added, Looked
from printroom.client.model import Event, File, Made, Person, Picture, Run, Training
from printroom.client.synchronous import Client

__all__ = [
    "Added",
    "AsyncClient",
    "Client",
    "Collection",
    "Event",
    "File",
    "Item",
    "Looked",
    "Made",
    "Person",
    "Picture",
    "Run",
    "Training",
]
