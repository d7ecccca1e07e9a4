"""From consent to portraits, with the real generator, on both kinds of database."""

import threading

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import DBAPIError

from printroom.accounts.audit import Actor
from printroom.core.errors import (
    BadOption,
    ForbiddenWords,
    KeyReused,
    NoConsent,
    NotFound,
    PicturesDiffer,
    TooFewPictures,
    WrongState,
)
from printroom.imaging.image import Image
from printroom.imaging.vips import pyvips
from printroom.people.adding import Brought
from printroom.people.consent import Given
from printroom.people.model import CONSENTS, METADATA, TRAINING
from printroom.people.portraits import Wanted
from printroom.people.provenance import SOURCE

from .conftest import ME, enter, over, working


def bytes_of(workshop, file):
    content = workshop.assets.open("local", file)
    return content.read(0, content.size)


def pixels_of(workshop, file):
    return pyvips.Image.new_from_buffer(bytes_of(workshop, file), "").numpy()


def test_nobody_is_entered_without_consent(workshop):
    for who, text in (("", "I agree"), ("Ann", "   "), ("A\nnn", "I agree")):
        with pytest.raises(NoConsent):
            workshop.people.create(ME, "Ann", Given(who, text))
    with pytest.raises(BadOption):
        workshop.people.create(ME, "", Given("Ann"))
    assert workshop.people.list("local") == []


def test_a_consent_cannot_be_changed_or_lost(workshop):
    enter(workshop)
    for change in (
        CONSENTS.delete(),
        CONSENTS.update().values(text="anything"),
        CONSENTS.update().values(given_at=0.0, withdrawn_at=1.0),
    ):
        with pytest.raises(DBAPIError, match="withdrawn"), workshop.database.write() as connection:
            connection.execute(change)


def test_fourteen_are_too_few_and_the_fifteenth_begins_the_training(workshop, ann):
    person = enter(workshop, ann[:14])
    with pytest.raises(TooFewPictures, match=r"14 .* 15"):
        workshop.people.train(ME, person)
    with pytest.raises(WrongState, match="takes 15"):
        workshop.asking.ask(Wanted("local", person))
    answers, found = workshop.people.add(
        ME, person, [Brought(ann[0], "twin.png"), Brought(b"text", "text.jpg")]
    )
    assert [one.picture for one in answers] == [None, None]
    assert found.pictures[0].asset in answers[0].findings[-1].reason
    assert found.training is None
    answers, found = workshop.people.add(ME, person, [Brought(ann[14])])
    assert answers[0].picture is not None
    assert found.training is not None
    assert found.training.pictures == 15
    with pytest.raises(WrongState):
        workshop.people.train(ME, person)
    with pytest.raises(WrongState):
        workshop.people.remove(ME, person, found.pictures[0].asset)


def test_a_training_that_waits_is_taken_back_and_may_begin_again(workshop, ann):
    person = enter(workshop, ann[:2], needed=2)
    found = workshop.people.stop(ME, person)
    assert [one.state for one in found.versions] == ["failed"]
    assert found.versions[0].error
    with pytest.raises(WrongState):
        workshop.people.stop(ME, person)
    again = workshop.people.train(ME, person)
    assert [(one.number, one.state) for one in again.versions] == [(2, "training"), (1, "failed")]


def test_two_requests_at_once_begin_one_training(workshop, ann):
    person = enter(workshop, ann[:12], needed=14)
    ready = threading.Barrier(3)

    def add(picture):
        ready.wait()
        workshop.people.add(ME, person, [Brought(picture)])

    threads = [threading.Thread(target=add, args=(one,)) for one in ann[12:15]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(workshop.people.get("local", person).pictures) == 15
    assert len(workshop.queue.jobs(kind=TRAINING)) == 1


def test_the_same_picture_in_two_requests_at_once_counts_once(workshop, ann):
    person = enter(workshop)
    ready, taken = threading.Barrier(3), []

    def add():
        ready.wait()
        answers, _ = workshop.people.add(ME, person, [Brought(ann[0])])
        taken.append(answers[0].picture is not None)

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False, False, True]


def test_two_people_in_one_set_hold_the_training_up(workshop, ann, bob):
    person = enter(workshop, [*ann[:13], *bob[:2]], needed=15)
    found = workshop.people.get("local", person)
    assert found.training is None
    with pytest.raises(PicturesDiffer) as refused:
        workshop.people.train(ME, person)
    odd = refused.value.pictures
    assert set(odd) <= {one.asset for one in found.pictures[13:]}
    for picture in odd:
        workshop.people.remove(ME, person, picture)
    _, found = workshop.people.add(ME, person, [Brought(one) for one in ann[13:15]])
    assert found.training is not None or len(odd) < 2


def test_accounts_are_apart(workshop, ann):
    person, stranger = enter(workshop, ann[:1]), Actor("acc_other")
    for work in (
        lambda: workshop.people.get("acc_other", person),
        lambda: workshop.people.add(stranger, person, [Brought(ann[1])]),
        lambda: workshop.people.train(stranger, person),
        lambda: workshop.people.forget(stranger, person),
        lambda: workshop.people.remove(
            stranger, person, workshop.people.get("local", person).pictures[0].asset
        ),
        lambda: workshop.asking.ask(Wanted("acc_other", person)),
        lambda: workshop.asking.list("acc_other", person),
    ):
        with pytest.raises(NotFound):
            work()
    assert workshop.people.list("acc_other") == []
    workshop.asking.keep_style("local", "mine", "a comic of a person")
    assert workshop.asking.styles("acc_other") == {}
    with pytest.raises(NotFound):
        workshop.asking.drop_style("acc_other", "mine")


@pytest.mark.parametrize("address", ["postgresql"], indirect=True)
def test_a_person_is_learnt_and_drawn(workshop, ann):  # in SQLite: test_forgetting
    person = enter(workshop, ann[:6], needed=6)
    with working(workshop) as labour:
        version = workshop.people.get("local", person).versions[0]
        done = over(workshop, version.job)
        assert done.state == "done", done.error
        found = workshop.people.get("local", person).ready
        assert found is not None
        assert found.base == workshop.generator.base
        stages = [one.data for one in workshop.queue.events(version.job) if one.kind == "progress"]
        assert stages[-1]["done"] > stages[0]["done"]
        asked = Wanted("local", person, "with glasses", "comic", seeds=(1, 2), key="one")
        submitted = workshop.asking.ask(asked)
        assert workshop.asking.ask(asked).job.id == submitted.job.id
        with pytest.raises(KeyReused):
            workshop.asking.ask(Wanted("local", person, "otherwise", key="one"))
        first = over(workshop, submitted.job.id)
        alone = Wanted("local", person, "with glasses", "comic", seeds=(2,))
        again = over(workshop, workshop.asking.ask(alone).job.id)
        assert f"people/{person}/1" in labour._hands.adapters.names
    pictures = first.result["output"]["pictures"]
    assert [one["media_type"] for one in pictures] == ["image/png"] * 2
    pair = pictures[1], again.result["output"]["pictures"][0]
    same, other = (pixels_of(workshop, one["file"]).astype(int) for one in pair)
    assert np.abs(same - other).max() <= 1
    file = bytes_of(workshop, pictures[0]["file"])
    with Image.open(file) as image:
        xmp = image.metadata.xmp
    assert SOURCE.encode() in xmp
    assert found.base.encode() in xmp
    assert b"Ann" not in xmp
    assert person.encode() not in xmp
    drawn = pixels_of(workshop, pictures[0]["file"])
    assert drawn.shape == (32, 32, 3)
    assert np.std(drawn) > 10
    assert [job.id for job in workshop.asking.list("local", person)] == [again.id, first.id]
    with pytest.raises(ForbiddenWords):
        workshop.asking.ask(Wanted("local", person, "a nude person"))
    for wrong in (Wanted("local", person, count=17), Wanted("local", person, seeds=(2**32,))):
        with pytest.raises(BadOption):
            workshop.asking.ask(wrong)
    with pytest.raises(NotFound):
        workshop.asking.ask(Wanted("local", person, version=7))


def test_the_tables_are_those_of_the_model(workshop):
    workshop.people  # noqa: B018  makes them
    with workshop.database.read() as connection:
        known = set(METADATA.tables)
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _: kind != "table" or name in known},
        )
        assert compare_metadata(context, METADATA) == []
