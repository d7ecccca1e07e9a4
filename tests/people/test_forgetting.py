"""Somebody is forgotten: marks are planted, and then looked for everywhere."""

import hashlib
import os
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import MetaData, select

from printroom.accounts import people
from printroom.accounts.audit import CONSOLE, Actor
from printroom.assets.assets import New
from printroom.core.errors import NotFound
from printroom.core.settings import Settings
from printroom.delivery.answering import Request
from printroom.marketplace import closing
from printroom.people import erasing
from printroom.people.adding import Brought
from printroom.people.consent import Given
from printroom.people.keeping import Keeping
from printroom.people.portraits import Wanted
from printroom.runs.runs import Asked, Runs
from printroom.workshop import Workshop

from .conftest import BASE, ME, over, photos, working

NAME, WHO, TEXT, SAID = "Markname", "Markwho", "Marktext: I agree", "a person, Marksaid"


@pytest.fixture(scope="module")
def cara():
    return photos(7, 8)


@pytest.fixture
def home(tmp_path):
    settings = Settings(data=tmp_path / "data", people_base=BASE, jobs_lease=2)
    with Workshop(settings) as made:
        yield made


def middle(data):
    """A part of a file that no other has."""
    return data[len(data) // 2 :][:64]


def planted(workshop, pictures):
    """A person with all that there can be of one; the id, and marks of it."""
    account = ME.account
    upload = workshop.assets.add(New(account, pictures[0], "upload", "markfile.png"))
    other = workshop.assets.add(New("acc_other", pictures[1], "upload", "theirs.png"))
    person = workshop.people.create(ME, NAME, Given(WHO, TEXT), 6).person.id
    brought = [Brought(one, f"markpicture{at}.png") for at, one in enumerate(pictures[:6])]
    _, found = workshop.people.add(ME, person, brought)
    over(workshop, found.training.job)
    file = workshop.people.files.read(workshop.people.get(account, person).ready)
    wanted = Wanted(account, person, SAID, "comic", count=2)
    drawn = over(workshop, workshop.asking.ask(wanted).job.id)
    assert drawn.state == "done", drawn.error
    results = drawn.result["output"]["pictures"]
    shown(workshop, results[0]["digest"])
    derived = made_of(workshop, results[0]["file"])
    files = [upload.id, *(one["file"] for one in results), derived["file"]]
    contents = [workshop.assets.open(account, one) for one in files]
    marks = [middle(one.read(0, one.size)) for one in contents]
    marks += [middle(one) for at, one in enumerate(pictures[:6]) if at != 1]
    marks += [middle(file), *(word.encode() for word in (NAME, WHO, TEXT, "Marksaid"))]
    marks += [b"markpicture", b"markfile", hashlib.sha256(file).hexdigest().encode()]
    marks += [one.asset.digest.encode() for one in contents]
    marks += [hashlib.sha256(one).hexdigest().encode() for one in pictures[2:6]]
    return person, marks, other


def shown(workshop, digest):
    """Given out, also smaller: caches have it now."""
    for options in (None, "w:16/f:png"):
        url, _ = workshop.delivery.link(digest, ME.account, 60, options=options)
        path, _, query = url.partition("?")
        assert workshop.delivery.whole(Request("GET", path, query, {})).status == 200


def made_of(workshop, file):
    """What another run makes of it."""
    asked = Asked(ME.account, "enhance", {"image": file, "scale": 1})
    done = over(workshop, Runs(workshop).submit(asked).job.id)
    assert done.state == "done", done.error
    return done.result["output"]["image"]


def variants(workshop):
    """Pictures made on the fly that are kept."""
    folder = workshop.settings.data / "variants"
    return [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]


def places(workshop):
    """Every file of the data folder, and every column of every table, with what is in it."""
    data = workshop.settings.data
    for path in sorted(data.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(data)), path.read_bytes()
    tables = MetaData()
    with workshop.database.read() as connection:
        tables.reflect(connection)
        for table in tables.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                for column, value in row.items():
                    text = value if isinstance(value, bytes) else str(value).encode()
                    yield f"{table.name}.{column}", text


def found_in(workshop, marks):
    return {
        (place, mark) for place, content in places(workshop) for mark in marks if mark in content
    }


def test_nothing_is_left_of_somebody_who_was_forgotten(home, cara):
    with working(home) as labour:
        person, marks, other = planted(home, cara)
        home.database.scrub()
        before = found_in(home, marks)
        missed = {mark for mark in marks if mark not in {mark for _, mark in before}}
        assert not missed, "marks that were never there prove nothing"
        assert variants(home)
        erased = home.people.forget(ME, person)
        assert (erased.pictures, erased.versions, erased.portraits) == (6, 1, 1)
        assert found_in(home, marks) == set()
        assert variants(home) == []
        until = time.monotonic() + 60
        while labour._hands.adapters.people and time.monotonic() < until:
            time.sleep(0.05)
        assert labour._hands.adapters.people == frozenset()
    for work in (home.people.get, home.asking.list):
        with pytest.raises(NotFound):
            work(ME.account, person)
    with pytest.raises(NotFound):
        home.people.forget(ME, person)
    theirs = home.assets.open("acc_other", other.id)
    assert theirs.read(0, theirs.size) == cara[1]
    names = {place for place, content in places(home) if person.encode() in content}
    tables = {name for name in names if not name.startswith("printroom.db")}
    assert tables == {"audit_log.subject", "people_erasures.person"}
    consents = [place for place in places(home) if place[0].startswith("people_consents")]
    kept = {place: content for place, content in consents if content}
    assert set(kept) == {f"people_consents.{name}" for name in ("id", "given_at", "withdrawn_at")}


def test_it_goes_on_when_it_was_killed_after_its_first_step(home, cara):
    person = home.people.create(ME, NAME, Given(WHO)).person.id
    home.people.add(ME, person, [Brought(one) for one in cara[:3]])
    (home.settings.data / f"people/{person}").mkdir(parents=True)
    (home.settings.data / f"people/{person}/1.safetensors").write_bytes(b"Markfile")
    marks = [b"Markfile", *(middle(one) for one in cara[:3])]
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from printroom.core.settings import Settings\n"
        "from printroom.people import erasing\n"
        "from printroom.workshop import Workshop\n"
        "workshop = Workshop(Settings(data=Path(sys.argv[1])))\n"
        "now = workshop.database.clock()\n"
        "gone = lambda c: erasing.begun(c, 'local', sys.argv[2], now)\n"
        "workshop.people.queue.change(gone)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    command = [sys.executable, "-c", code, str(home.settings.data), person]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    with pytest.raises(NotFound):
        home.people.get(ME.account, person)
    assert found_in(home, marks)
    home.people.tidy()
    assert found_in(home, marks) == set()


def test_what_a_worker_still_writes_is_found_later(home):
    person = home.people.create(ME, NAME, Given(WHO)).person.id
    home.people.forget(ME, person)
    late = home.settings.data / f"people/{person}/1.checkpoint"
    late.parent.mkdir(parents=True, exist_ok=True)
    late.write_bytes(b"late")
    digest = hashlib.sha256(b"late").hexdigest()
    home.assets.blobs.write(b"late")
    with home.database.write() as connection:
        marks = '{"digests": ["' + digest + '"]}'
        connection.execute(erasing.ERASURES.update().values(marks_json=marks, begun_at=1.0))
    home.people.tidy()
    assert found_in(home, [b"late", digest.encode(), person.encode()]) <= {
        ("audit_log.subject", person.encode()),
        *((place, person.encode()) for place, _ in places(home) if place.startswith("printroom.")),
    }
    assert home.database.run(erasing.open_ones, write=False) == []


def test_forgetting_somebody_who_is_being_learnt_ends_that(home, cara):
    with working(home):
        person = home.people.create(ME, NAME, Given(WHO), 6).person.id
        _, found = home.people.add(ME, person, [Brought(one) for one in cara[:6]])
        job = found.training.job
        until = time.monotonic() + 60
        while home.queue.get(job).state != "running" and time.monotonic() < until:
            time.sleep(0.02)
        home.people.forget(ME, person)
        with pytest.raises(NotFound):
            home.queue.get(job)
    home.people.tidy()
    folder = home.settings.data / "people" / person
    assert not folder.exists() or list(folder.iterdir()) == []


def test_training_goes_on_where_a_killed_worker_was(home, cara):
    person = home.people.create(ME, NAME, Given(WHO), 6).person.id
    _, found = home.people.add(ME, person, [Brought(one) for one in cara[:6]])
    job = found.training.job
    kept = home.settings.data / f"people/{person}/1.checkpoint"
    environment = os.environ | {
        "PRINTROOM_DATA": str(home.settings.data),
        "PRINTROOM_PEOPLE_BASE": BASE,
        "PRINTROOM_JOBS_LEASE": "2",
    }
    command = [sys.executable, "-m", "printroom", "work"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as worker:
        until = time.monotonic() + 90
        while not kept.exists() and home.queue.get(job).state != "done":
            assert time.monotonic() < until, "it kept nothing"
            time.sleep(0.02)
        worker.kill()
    if home.queue.get(job).state == "done":
        pytest.skip("it was learnt before it could be killed")
    with working(home):
        done = over(home, job)
    assert done.state == "done", done.error
    assert done.attempt > 1
    events = home.queue.events(job)
    again = max(at for at, one in enumerate(events) if one.kind == "started")
    first = [one.data["done"] for one in events[again:] if one.kind == "progress"]
    assert first[1] > 0.05
    assert not kept.exists()
    assert home.people.get(ME.account, person).ready is not None


def test_another_accounts_person_is_not_forgotten(home, cara):
    person = home.people.create(ME, NAME, Given(WHO)).person.id
    home.people.add(ME, person, [Brought(cara[0])])
    with pytest.raises(NotFound):
        home.people.forget(Actor("acc_other"), person)
    assert home.database.run(erasing.open_ones, write=False) == []
    assert len(home.people.get(ME.account, person).pictures) == 1


def test_a_closed_account_takes_its_people_along(home, cara):
    accounts = home.accounts
    account = accounts.do(people.create_account, CONSOLE, "Studio").id
    home.market  # noqa: B018  its tables are there
    me = Actor(account)
    for name in (NAME, "Another"):
        person = home.people.create(me, name, Given(WHO, TEXT)).person.id
        home.people.add(me, person, [Brought(one, "markpicture") for one in cara[:2]])
    home.asking.keep_style(account, "mine", "a person, Marksaid")
    Runs(home)
    for likewise in ("owned", "collections"):
        assert getattr(home, likewise)
    home.market.do(closing.closed, me, forfeit=False)
    home.people.tidy()
    words = [word.encode() for word in (NAME, WHO, TEXT, "Marksaid", "markpicture")]
    assert found_in(home, [*words, *(middle(one) for one in cara[:2])]) == set()
    assert home.people.list(account) == []


@pytest.mark.slow
def test_a_full_disk_is_told_and_nothing_half_made_is_left(home, cara, tmp_path):
    person = home.people.create(ME, NAME, Given(WHO), 2).person.id
    home.people.add(ME, person, [Brought(one) for one in cara[:2]])
    small = tmp_path / "small"
    small.mkdir()
    way = ["unshare", "--mount"]
    if os.geteuid() != 0:
        way += ["--user", "--map-root-user"]
    script = 'mount -t tmpfs -o size=8k tmpfs "$0" || exit 99; "$@"; find "$0" -type f; exit 1'
    train = [sys.executable, "-m", "printroom", "people", "train", person]
    environment = os.environ | {
        "PRINTROOM_DATA": str(home.settings.data),
        "PRINTROOM_PEOPLE_BASE": BASE,
        "PRINTROOM_STORE_HUB": f"fs://{small}",
        "PRINTROOM_PEOPLE": "hub",
    }
    command = [*way, "sh", "-c", script, str(small), *train]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == 99:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()[:200]}")
    assert done.stdout == "", "what was left in the store"
    assert "full" in done.stderr, done.stderr[-2000:]
    (version,) = home.people.get(ME.account, person).versions
    assert version.state == "failed"
    assert "full" in (version.error or "")


def test_a_machine_that_was_off_meanwhile_empties_its_caches_when_it_starts(home, tmp_path):
    person, emptied = home.people.create(ME, NAME, Given(WHO)).person.id, []

    def machine():
        return Keeping(home.queue, tmp_path / "machine/forgotten", lambda: emptied.append(1))

    off = machine()
    off.look()
    assert emptied == []
    home.people.forget(ME, person)
    off.look()
    off.look()
    machine().look()
    assert emptied == [1]
    (tmp_path / "machine/forgotten").write_text("nonsense")
    machine().look()
    assert emptied == [1, 1]
