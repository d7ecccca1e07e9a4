"""A workshop with small models, a database of each kind, and a worker in this process."""

import threading
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from sqlalchemy import insert

from printroom.accounts.model import ACCOUNTS
from printroom.core.settings import Settings
from printroom.engine.plan import resident
from printroom.imaging.vips import pyvips
from printroom.pipelines.spec import PipelineSpec
from printroom.runs.work import Labour
from printroom.workshop import Workshop

DOUBLE = """
name: double
inputs:
  image: picture
steps:
  up:
    use: upscale
    with: {image: $image, net: test/double@1, scale: 2}
"""


@pytest.fixture
def settings(tmp_path, models, address):
    return Settings(
        data=tmp_path / "data",
        models=(models,),
        workers=1,
        memory=resident() + (1 << 30),
        database_url=address,
        jobs_lease=2,
        outbound_allow=("127.0.0.1",),
    )


@pytest.fixture
def workshop(settings):
    with Workshop(settings) as made:
        accounts = [
            {"id": name, "name": name, "handle": name, "created_at": 0.0}
            for name in ("acme", "else")
        ]
        made.accounts.database.run(lambda c: c.execute(insert(ACCOUNTS), accounts))
        yield made


def publish(workshop, text):
    """The id of what was published: for `local`, and for the accounts of these tests."""
    made = workshop.shelf.publish(PipelineSpec.from_yaml(text))
    for account in ("acme", "else"):
        workshop.pipelines.publish(made.spec, account)
    return made.id


@pytest.fixture
def double(workshop):
    """The id of a pipeline that repeats each pixel twice."""
    return publish(workshop, DOUBLE)


@contextmanager
def working(workshop, **options):
    """A worker in threads of this process."""
    stop, ready = threading.Event(), threading.Event()
    labour = Labour(workshop, **options)
    thread = threading.Thread(target=labour.run, args=(stop, ready.set))
    thread.start()
    assert ready.wait(20)
    try:
        yield labour
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


def other(settings, tmp_path, name, **changes):
    """Settings of another machine that shares the database."""
    return replace(settings, data=tmp_path / name, **changes)


def png(width=24, height=16, seed=0):
    """A picture's bytes, and its samples."""
    samples = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    image = pyvips.Image.new_from_memory(samples.tobytes(), width, height, 3, "uchar")
    return image.write_to_buffer(".png"), samples


def pixels(data):
    """The samples of a picture's bytes."""
    image = pyvips.Image.new_from_buffer(data, "")
    found = np.frombuffer(image.write_to_memory(), np.uint8)
    return found.reshape(image.height, image.width, image.bands)


@pytest.fixture(scope="session")
def tools():
    """What tests do with workers and pictures."""
    return SimpleNamespace(publish=publish, working=working, other=other, png=png, pixels=pixels)
