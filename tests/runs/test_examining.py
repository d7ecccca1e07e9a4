"""Examinations of models: what becomes of one when its job is over, however it ends."""

from functools import partial

import pytest

from printroom.accounts.audit import Actor
from printroom.accounts.principal import LOCAL_ACCOUNT
from printroom.assets.assets import New
from printroom.catalogue import entries
from printroom.catalogue.entries import Draft
from printroom.core.errors import AlreadyThere, NotFound, WrongState
from printroom.isolation.walls import bubblewrap
from printroom.runs.examining import Examinations

ACTOR = Actor(LOCAL_ACCOUNT)
SAID = {"licence": "MIT", "task": None, "reading": None, "parts": {}}


@pytest.fixture
def examinations(workshop):
    return Examinations(workshop)


def given(examinations, name="ink", data=b"no graph", account=LOCAL_ACCOUNT):
    """An entry, and the file it came from."""
    file = examinations.assets.add(New(account, data, "upload", "ink.onnx"))
    draft = Draft(account, name, declared=SAID)
    return examinations.submit(Actor(account), draft, file.id)[0]


def state(workshop, entry):
    look = partial(entries.found, account=entry.account, name=entry.name, version=entry.version)
    return workshop.database.run(look, write=False)


def settle(workshop, entry):
    """It is ready, by a report of other rules."""
    report = {
        "verdict": "passed",
        "card": {},
        "fingerprint": "like this",
        "rules": "others",
        "expires_at": 9e9,
    }
    workshop.database.run(partial(entries.settled, job=entry.job, report=report))


def test_a_refusal_is_there_when_the_job_is_done(examinations, workshop, tools):
    entry = given(examinations)
    with tools.working(workshop):
        job = workshop.queue.wait(entry.job, 60)
    assert job.state == "done"
    found = state(workshop, entry)
    assert (found.state, found.card_json) == ("refused", None)
    assert found.report["verdict"] == "refused"
    assert str(workshop.settings.data) not in found.report_json
    assert [event.kind for event in workshop.queue.events(entry.job)][:2] == ["queued", "started"]


def test_one_that_cannot_be_examined_is_refused_and_says_why(examinations, workshop, tools):
    entry = given(examinations)
    asset = examinations.assets.find(entry.account, entry.file)
    examinations.assets.blobs.store.delete(asset.place)
    with tools.working(workshop):
        assert workshop.queue.wait(entry.job, 60).state == "dead"
    found = state(workshop, entry)
    assert found.state == "refused"
    assert found.error


def test_what_is_taken_back_is_not_examined(examinations, workshop):
    entry = given(examinations)
    workshop.queue.cancel(entry.job)
    assert (state(workshop, entry).state, state(workshop, entry).error) == (
        "refused",
        "its examination was taken back",
    )


def test_one_that_was_removed_meanwhile_stays_so(examinations, workshop, tools):
    entry = given(examinations)
    assert examinations.remove(ACTOR, "ink", None) == 1
    assert state(workshop, entry) is None
    with tools.working(workshop):
        assert workshop.queue.wait(entry.job, 60).state == "cancelled"
    assert state(workshop, entry) is None
    with pytest.raises(NotFound):
        examinations.remove(ACTOR, "ink", 1)


def test_it_is_examined_again(examinations, workshop, tools):
    entry = given(examinations)
    with pytest.raises(WrongState, match="is being examined"):
        examinations.again(ACTOR, "ink", 1)
    workshop.queue.cancel(entry.job)
    again = examinations.again(ACTOR, "ink", 1)
    assert (again.state, again.job == entry.job) == ("verifying", False)
    with tools.working(workshop):
        assert workshop.queue.wait(again.job, 60).state == "done"
    assert state(workshop, entry).verdict == "refused"
    with pytest.raises(NotFound):
        examinations.again(ACTOR, "ink", 2)


def test_one_that_is_ready_is_examined_again_once_at_a_time(examinations, workshop):
    entry = given(examinations)
    settle(workshop, entry)
    again = examinations.again(ACTOR, "ink", 1)
    assert again.state == "ready"
    with pytest.raises(WrongState, match="is being examined"):
        examinations.again(ACTOR, "ink", 1)
    workshop.queue.cancel(again.job)
    third = examinations.again(ACTOR, "ink", 1)
    examinations.remove(ACTOR, "ink", 1)
    assert workshop.queue.get(third.job).state == "cancelled"


def test_a_report_is_made_again_when_the_rules_have_changed(examinations, workshop, tools):
    entry = given(examinations)
    settle(workshop, entry)
    assert examinations.renew() == 0  # it was tried today
    before = "UPDATE models SET tried_at = tried_at - 90000"
    workshop.database.run(lambda connection: connection.exec_driver_sql(before))
    assert (examinations.renew(), examinations.renew()) == (1, 0)
    again = state(workshop, entry)
    assert (again.state, again.job == entry.job) == ("ready", False)
    with tools.working(workshop):
        assert workshop.queue.wait(again.job, 60).state == "done"
    assert (state(workshop, entry).state, state(workshop, entry).verdict) == ("refused", "refused")


def test_a_machine_without_walls_refuses_nothing_that_is_ready(
    examinations, workshop, tools, models, monkeypatch, tmp_path
):
    entry = given(examinations, data=(models / "double/1/double.onnx").read_bytes())
    settle(workshop, entry)
    again = examinations.again(ACTOR, "ink", 1)
    bubblewrap.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    try:
        with tools.working(workshop):
            assert workshop.queue.wait(again.job, 60).state == "dead"
    finally:
        bubblewrap.cache_clear()
    found = state(workshop, entry)
    assert (found.state, found.verdict, found.progress) == ("ready", "passed", {})
    assert "there is none here" in found.error


def test_what_somebody_holds_is_not_removed(examinations, workshop):
    first, second = given(examinations), given(examinations)

    def on_sale(_connection, account, name, version):
        held = (account, name, version) == (LOCAL_ACCOUNT, "ink", 2)
        return "is on sale" if held else None

    workshop.owned.holds.append(on_sale)
    with pytest.raises(WrongState, match="local/ink@2 is on sale"):
        examinations.remove(ACTOR, "ink", None)
    assert state(workshop, first) is not None  # all or none
    assert examinations.remove(ACTOR, "ink", 1) == 1
    assert state(workshop, second) is not None


def test_a_name_that_the_server_has_is_taken(examinations, workshop):
    taken = next(iter(workshop.catalogue.models)).card.name
    assert taken == "test/double"
    rename = "UPDATE accounts SET handle = 'test' WHERE id = 'local'"
    workshop.database.run(lambda connection: connection.exec_driver_sql(rename))
    with pytest.raises(AlreadyThere, match="test/double"):
        given(examinations, "double")
    assert given(examinations, "other").version == 1


def test_a_file_of_others_cannot_be_given(examinations):
    file = examinations.assets.add(New("another", b"x", "upload"))
    with pytest.raises(NotFound):
        examinations.submit(ACTOR, Draft(LOCAL_ACCOUNT, "ink", declared=SAID), file.id)


def test_others_models_are_known_to_an_examination(examinations, workshop):
    entry = given(examinations, account=LOCAL_ACCOUNT)
    settle(workshop, entry)
    of_others = partial(entries.of_others, account="another")
    known = workshop.database.run(of_others, write=False)
    assert known == [("local/ink@1", entry.digest, "like this")]
    assert workshop.database.run(partial(entries.of_others, account=LOCAL_ACCOUNT)) == []
