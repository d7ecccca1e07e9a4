"""Rows and bytes go together, whatever is cut short; of each content there is one copy."""

from functools import partial

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from printroom.assets.assets import Assets, New, enter, give_to, new_id, plain, release_parts
from printroom.assets.blobs import Swept
from printroom.assets.model import ASSETS, BLOBS, DRAFTS, METADATA
from printroom.assets.uploads import Uploads, WrongOffset
from printroom.core.errors import BodyTooLarge, NotFound
from printroom.database.engine import Database
from printroom.storage.disk import DiskStore
from printroom.storage.memory import MemoryStore


@pytest.fixture
def database(address):
    opened = Database.open(address)
    yield opened
    opened.close()


@pytest.fixture(params=["memory", "disk"])
def store(request, tmp_path):
    return MemoryStore() if request.param == "memory" else DiskStore(tmp_path / "store")


@pytest.fixture
def assets(database, store):
    return Assets(database, store, "below")


def upload(assets, data=b"hello", account="acme", **fields):
    return assets.add(New(account, data, "upload", **fields))


def objects(assets):
    return sorted(stat.key for stat in assets.blobs.store.list())


def balanced(assets):
    """Each object is a blob's or a draft, each blob has its object, each file has its blob."""
    with assets.database.read() as connection:
        blobs = set(connection.execute(select(BLOBS.c.place)).scalars())
        drafts = set(connection.execute(select(DRAFTS.c.place)).scalars())
        used = set(connection.execute(select(ASSETS.c.place)).scalars())
    here = set(objects(assets))
    assert blobs <= here <= blobs | drafts
    assert used <= blobs
    assert not blobs & drafts


def test_the_tables_are_those_of_the_model(assets):
    with assets.database.read() as connection:
        known = set(METADATA.tables)
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _: kind != "table" or name in known},
        )
        assert compare_metadata(context, METADATA) == []


def test_one_content_is_kept_once_and_goes_with_its_last_file(assets):
    first, second = upload(assets), upload(assets, account="other")
    assert first.digest == second.digest
    assert len(objects(assets)) == 1
    balanced(assets)
    assets.delete("acme", first.id)
    assert assets.open("other", second.id).read(0, 5) == b"hello"
    assets.delete("other", second.id)
    assert objects(assets) == []
    balanced(assets)


def test_nobody_elses_file_can_be_seen_or_deleted(assets):
    file = upload(assets)
    for touch in (assets.get, assets.find, assets.open, assets.delete):
        with pytest.raises(NotFound):
            touch("other", file.id)
    with pytest.raises(NotFound):
        assets.by_digest(file.digest, "other")
    assert assets.by_digest(file.digest, "acme") == assets.by_digest(file.digest) == file


def test_bytes_that_become_no_file_are_swept(assets):
    """As when the process is killed in between: a day later they are gone."""
    written = assets.write(New("acme", b"lost", "upload"))
    assert len(objects(assets)) == 1
    balanced(assets)
    assets.blobs.sweep()
    assert len(objects(assets)) == 1  # whoever wrote it may still be about to enter it
    assets.database.run(lambda c: c.execute(update(DRAFTS).values(until=1.0)))
    assert assets.blobs.sweep() == 1
    assert objects(assets) == []
    with pytest.raises(Swept):
        assets.database.run(partial(enter, made=[written], now=assets.database.clock()))
    balanced(assets)


def test_bytes_whose_last_file_goes_meanwhile_are_written_anew(assets):
    file = upload(assets)
    again = assets.write(New("acme", b"hello", "upload"))
    assert not again[1].fresh
    assets.delete("acme", file.id)
    with pytest.raises(Swept):
        assets.database.run(partial(enter, made=[again], now=assets.database.clock()))
    assert assets.open("acme", upload(assets).id).read(0, 9) == b"hello"
    balanced(assets)


def test_a_file_of_a_run_is_entered_once(assets):
    name = new_id(1.0, "run/output")
    first = assets.add(New("acme", b"first", "result", run="run", id=name))
    again = assets.add(New("acme", b"second", "result", run="run", id=name))
    assert again == first
    assert assets.open("acme", name).read(0, 9) == b"first"
    assets.discard("run")
    assets.discard("run")
    with pytest.raises(NotFound):
        assets.get("acme", name)
    balanced(assets)


def test_what_has_expired_goes_and_nothing_else(assets):
    now = assets.database.clock()
    gone, kept = upload(assets, b"1", expires_at=now - 1), upload(assets, b"2", expires_at=now + 99)
    part = assets.add(New("acme", b"3", "part", run="run"))
    given = assets.add(New("acme", b"4", "part", expires_at=now - 1))
    assets.database.run(lambda c: give_to(c, [given.id], "run"))
    assert assets.sweep() == 1
    assert [file.id for file in assets.list("acme")] == [kept.id]
    assert assets.find("acme", given.id).run == "run"
    assets.database.run(lambda c: release_parts(c, "run", now - 1))
    assert assets.sweep() == 2
    for file in (gone, part, given):
        with pytest.raises(NotFound):
            assets.find("acme", file.id)
    balanced(assets)


def test_pages_hold_every_file_once(assets):
    files = [upload(assets, bytes([number])).id for number in range(7)]
    seen, before = [], None
    while page := assets.list("acme", before=before, most=3):
        seen += [file.id for file in page]
        before = seen[-1]
    assert sorted(seen) == sorted(files)
    assert seen == sorted(seen, reverse=True)


@given(st.text(max_size=60))
def test_names_lead_nowhere(name):
    found = plain(name)
    assert plain(found) == found
    assert not found.startswith("/")
    assert "\\" not in found
    assert all(part.strip(". ") for part in found.split("/") if found)


@given(st.lists(st.integers(0, 40), max_size=8), st.randoms())
def test_an_upload_is_its_parts_in_order(tmp_path_factory, sizes, random):
    folder = tmp_path_factory.mktemp("upload")
    data = random.randbytes(sum(sizes))
    database = Database.open(f"sqlite:///{folder / 'test.db'}")
    made = Assets(database, MemoryStore())
    uploads = Uploads(made, 10**6, 60)
    upload, at = uploads.begin("acme", len(data), "name.bin"), 0
    part = folder / "part"
    for size in sizes:
        part.write_bytes(data[at : at + size])
        if size:
            with pytest.raises((WrongOffset, BodyTooLarge)):
                uploads.append("acme", upload.id, at + 1, part)
        assert uploads.append("acme", upload.id, at, part).received == at + size
        at += size
    for _ in range(2):  # as if the first answer had been lost
        asset = uploads.finish("acme", upload.id, folder / "whole")
        content = made.content(asset)
        assert (asset.id, content.read(0, content.size)) == (upload.id, data)
    database.close()


def test_an_upload_is_its_accounts_and_expires(assets, tmp_path):
    uploads = Uploads(assets, 100, 60)
    with pytest.raises(BodyTooLarge):
        uploads.begin("acme", 101)
    upload = uploads.begin("acme", 10)
    part = tmp_path / "part"
    part.write_bytes(b"12345")
    for touch in (uploads.get, uploads.end, partial(uploads.finish, scratch=part)):
        with pytest.raises(NotFound):
            touch("other", upload.id)
    uploads.append("acme", upload.id, 0, part)
    with pytest.raises(WrongOffset):
        uploads.finish("acme", upload.id, tmp_path / "whole")
    uploads.end("acme", upload.id)
    assert objects(assets) == []
    balanced(assets)
