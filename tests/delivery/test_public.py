"""Files of accounts as artifacts, on both databases."""

import time

import pytest

from printroom.assets.assets import Assets, New
from printroom.core.errors import NotFound
from printroom.database.engine import Database
from printroom.delivery.public import PublicAssets
from printroom.delivery.store_pages import TablePages
from printroom.storage.disk import DiskStore


@pytest.fixture
def assets(address, tmp_path):
    database = Database.open(address)
    yield Assets(database, DiskStore(tmp_path / "store"))
    database.close()


def test_public_is_what_an_account_says_and_goes_with_the_file(assets):
    shelf = PublicAssets(assets)
    ours = assets.add(New("we", b"picture", "upload", media_type="text/plain"))
    digest = ours.digest
    found = shelf.artifact(digest)
    assert (found.size, found.media_type, found.public) == (7, "text/plain", False)
    assert found.store.read(found.key) == b"picture"
    with pytest.raises(NotFound):
        shelf.artifact(digest, "they")
    with pytest.raises(NotFound):
        shelf.publish("they", digest, True)
    shelf.publish("we", digest, True)
    shelf.publish("we", digest, True)
    assert shelf.artifact(digest).public
    theirs = assets.add(New("they", b"picture", "upload"))
    assert shelf.artifact(digest).public
    assert not shelf.artifact(digest, "they").public
    shelf.publish("they", digest, False)
    assert shelf.artifact(digest).public
    assets.delete("we", ours.id)
    assert not shelf.artifact(digest).public
    assets.add(New("we", b"picture", "upload"))
    assert not shelf.artifact(digest).public
    assets.delete("they", theirs.id)
    assert shelf.artifact(digest, "we").key


def test_what_has_expired_or_is_a_runs_own_is_not_there(assets):
    shelf = PublicAssets(assets)
    part = assets.add(New("we", b"part", "part", run="run"))
    with pytest.raises(NotFound):
        shelf.artifact(part.digest)
    past = assets.add(New("we", b"past", "upload", expires_at=time.time() - 1))
    with pytest.raises(NotFound):
        shelf.artifact(past.digest)
    soon = assets.add(New("we", b"soon", "upload", expires_at=time.time() + 100))
    assert shelf.artifact(soon.digest).size == 4


def test_the_table_is_made_once(assets):
    PublicAssets(assets)
    PublicAssets(assets)


def test_the_stores_of_accounts_lie_in_the_same_database(assets):
    ours, theirs = (TablePages(assets.database, name) for name in ("we", "they"))
    ours.write("photos", "sealed")
    ours.write("photos", "sealed anew")
    theirs.write("photos", "other")
    assert (ours.read("photos"), theirs.read("photos"), ours.read("x")) == (
        "sealed anew", "other", None,
    )  # fmt: skip
    ours.remove("photos")
    assert (list(ours.names()), list(theirs.names())) == ([], ["photos"])
