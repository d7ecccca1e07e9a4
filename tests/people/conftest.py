"""People that never lived, drawn, and the smallest generator that knows their world."""

import threading
from contextlib import contextmanager

import numpy as np
import pytest

from printroom.accounts.audit import Actor
from printroom.core.settings import Settings
from printroom.imaging.vips import pyvips
from printroom.jobs.states import OVER
from printroom.people.adding import Brought
from printroom.people.consent import Given
from printroom.runs.work import Labour
from printroom.training.portraits.look import OURS, look
from printroom.training.portraits.people import somebody
from printroom.training.portraits.styles import render
from printroom.workshop import Workshop

ME = Actor("local")
BASE = "mini-32"


def png(pixels):
    return bytes(
        pyvips.Image.new_from_array(pixels).copy(interpretation="srgb").write_to_buffer(".png")
    )


def photos(seed, count):
    """Pictures of one person, as PNG."""
    random = np.random.default_rng(seed)
    person = somebody(random)
    return [png(render(person, "photo", look(OURS, random), 64)) for _ in range(count)]


@pytest.fixture(scope="session")
def ann():
    return photos(1, 18)


@pytest.fixture(scope="session")
def bob():
    return photos(4, 18)


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request):
    """The URL of an empty database; None = a file in the data folder."""
    if request.param == "sqlite":
        return None
    return request.getfixturevalue("postgres").create()


@pytest.fixture
def workshop(tmp_path, address):
    settings = Settings(data=tmp_path / "data", database_url=address, people_base=BASE)
    with Workshop(settings) as made:
        yield made


@contextmanager
def working(workshop):
    """A worker, as servers have one beside them."""
    stop = threading.Event()
    labour = Labour(workshop)
    thread = threading.Thread(target=labour.run, args=(stop,))
    thread.start()
    try:
        yield labour
    finally:
        stop.set()
        thread.join()


def enter(workshop, pictures=(), name="Ann", needed=None, me=ME):
    """Somebody, with pictures; the id."""
    person = workshop.people.create(me, name, Given(f"{name} herself"), needed).person.id
    if pictures:
        workshop.people.add(
            me, person, [Brought(one, f"{at}.png") for at, one in enumerate(pictures)]
        )
    return person


def over(workshop, job, seconds=120):
    """The job when it is over."""
    found = workshop.queue.wait(job, seconds)
    assert found.state in OVER, found
    return found
