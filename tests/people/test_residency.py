"""What was learnt of people, in a worker's memory; and people of one pass."""

import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.core.errors import BadModel, BadOption, NotFound, ObjectChanged, WrongBase
from printroom.people.adapters import Adapters
from printroom.people.easel import MOST, Easel
from printroom.people.files import Files
from printroom.people.model import Version
from printroom.runtimes.generation import Asked
from printroom.runtimes.mini.generator import mini
from printroom.runtimes.mini.tensors import written
from printroom.runtimes.mini.weights import RANK, weights_of
from printroom.storage.disk import DiskStore
from printroom.storage.opening import open_store


@pytest.fixture(scope="module")
def generator():
    made = mini(32)
    yield made
    made.close()


def learnt(seed, base=None):
    """A file as training writes one, of somebody made up."""
    weights, random = weights_of(32), np.random.default_rng(seed)
    arrays = {
        name: random.normal(0, 0.05, shape).astype(np.float16)
        for name, shape in weights.learnt.items()
    }
    notes = {"base": base or weights.digest, "generator": "mini-32", "rank": str(RANK)}
    return written(arrays, notes)


def version(person, file, number=1):
    import hashlib

    digest = hashlib.sha256(file).hexdigest()
    return Version(person, number, "ready", "", 15, 0, "", digest, len(file), "{}", None, 0.0, 0.0)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture(params=["near", "far"])
def files(request, tmp_path):
    """In a folder, and in a store that is read through the cache."""
    store = (
        DiskStore(tmp_path / "store")
        if request.param == "near"
        else open_store(f"fs://{tmp_path / 'store'}", {})
    )
    made = Files(store, "under", tmp_path / "cache/people", 60.0)
    yield made
    made.close()


@pytest.fixture
def people(files):
    """Versions of five people, in the store."""
    found = []
    for seed in range(5):
        file = learnt(seed)
        found.append(version(f"ps_{seed}", file))
        files.write(found[-1], file)
    return found


def test_the_least_recently_used_goes_when_there_is_no_room(files, people, generator):
    one = generator.load(learnt(0)).nbytes
    adapters = Adapters(files, lambda: generator, 3 * one, 60.0)
    for at in (0, 1, 2, 0, 3):
        adapters.get(people[at])
    assert adapters.names == {people[at].model for at in (0, 2, 3)}
    assert adapters.bytes <= 3 * one
    tight = Adapters(files, lambda: generator, 1, 60.0)
    assert tight.get(people[0]).digest.endswith(people[0].digest)
    assert tight.names == {people[0].model}


def test_what_nobody_uses_goes_after_its_time(files, people, generator):
    clock = Clock()
    adapters = Adapters(files, lambda: generator, 2**30, 10.0, clock)
    adapters.get(people[0])
    clock.now = 6.0
    adapters.get(people[1])
    clock.now = 11.0
    adapters.tidy()
    assert adapters.people == {"ps_1"}
    adapters.drop({"ps_1"})
    assert adapters.names == frozenset()


def test_many_who_ask_at_once_load_it_once(files, people, generator):
    loads = []

    class Counting:
        def load(self, file):
            loads.append(len(file))
            time.sleep(0.05)
            return generator.load(file)

    adapters = Adapters(files, Counting, 2**30, 10.0)
    threads = [threading.Thread(target=adapters.get, args=(people[0],)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1


def test_another_content_and_another_base_are_refused(files, people, generator):
    adapters = Adapters(files, lambda: generator, 2**30, 10.0)
    changed = version("ps_0", learnt(9))
    with pytest.raises(ObjectChanged):
        adapters.get(changed)
    with pytest.raises(NotFound):
        adapters.get(version("ps_none", learnt(9)))
    other = learnt(1, base="sha256:" + "0" * 64)
    files.write(version("ps_other", other), other)
    with pytest.raises(WrongBase):
        adapters.get(version("ps_other", other))
    junk = b"junk" * 100
    files.write(version("ps_junk", junk), junk)
    with pytest.raises(BadModel):
        adapters.get(version("ps_junk", junk))
    assert adapters.names == frozenset()


def test_a_file_is_never_written_over(files):
    first, second = learnt(0), learnt(1)
    assert files.write(version("ps_x", first), first) == first
    kept = files.write(version("ps_x", second), second)
    assert kept in (first, second)
    assert files.written(version("ps_x", first)) == kept


def test_erasing_leaves_nothing_in_the_store_or_the_cache(files, people, generator, tmp_path):
    adapters = Adapters(files, lambda: generator, 2**30, 10.0)
    adapters.get(people[0])
    files.keep(people[0], b"checkpoint")
    assert files.erase("ps_0") == 2
    assert not list((tmp_path / "store").rglob("ps_0/*"))
    assert [path for path in (tmp_path / "cache").rglob("data") if path.is_file()] == []
    assert files.written(people[1]) is not None
    assert files.kept(people[0]) is None


def test_people_of_many_runs_share_one_pass(generator):
    adapters = [generator.load(learnt(seed)) for seed in range(8)]
    asked = [
        [Asked("a person", "comic", 10 * at + number, one) for number in range(1 + at % 2)]
        for at, one in enumerate(adapters)
    ]
    easel, drawn = Easel(lambda: generator), {}

    def draw(at):
        drawn[at] = easel.draw(asked[at])

    threads = [threading.Thread(target=draw, args=(at,)) for at in range(8)]
    with easel._free:
        for thread in threads:
            thread.start()
        while len(easel._waiting) < 8:
            time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert (easel.passes, easel.drawn) == (1, 12)
    for at, wanted in enumerate(asked):
        alone = generator.generate(wanted)
        for one, other in zip(drawn[at], alone, strict=True):
            assert np.abs(one.astype(int) - other.astype(int)).max() <= 1


def test_one_who_is_wrong_spoils_nobody_elses_pass(generator):
    easel, results = Easel(lambda: generator), {}
    asked = {"good": Asked("a person", None, 1), "bad": Asked("a person", "no such style", 1)}

    def draw(name):
        try:
            results[name] = easel.draw([asked[name]])
        except BadOption as error:
            results[name] = error

    threads = [threading.Thread(target=draw, args=(name,)) for name in asked]
    with easel._free:
        for thread in threads:
            thread.start()
        while len(easel._waiting) < 2:
            time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert isinstance(results["bad"], BadOption)
    assert len(results["good"]) == 1


class Echo:
    """The smallest generator: it draws the seed."""

    def __init__(self):
        self.sizes = []

    def generate(self, asked):
        self.sizes.append(len(asked))
        return [np.full((1, 1, 3), one.seed % 251, np.uint8) for one in asked]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6))
@settings(max_examples=20)
def test_everybody_gets_their_own_and_passes_are_bounded(counts):
    echo, seeds = Echo(), iter(range(10**6))
    easel, drawn = Easel(lambda: echo), {}
    wanted = [[Asked("", None, next(seeds)) for _ in range(count)] for count in counts]

    def draw(at):
        drawn[at] = easel.draw(wanted[at])

    threads = [threading.Thread(target=draw, args=(at,)) for at in range(len(counts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for at, asked in enumerate(wanted):
        assert [int(one[0, 0, 0]) for one in drawn[at]] == [one.seed % 251 for one in asked]
    assert sum(echo.sizes) == sum(counts)
    assert max(echo.sizes) <= MOST
