"""What accounts may have as stores, and that each has its own."""

import pytest
from cryptography.fernet import Fernet

from printroom.core.errors import BadOption, NotAllowed, NotFound
from printroom.database.engine import Database
from printroom.delivery.store_pages import TablePages
from printroom.storage.address import Address
from printroom.storage.book import Guest, StoreBook
from printroom.storage.guests import check_guest


@pytest.mark.parametrize(
    "address",
    [
        "s3://bucket/prefix?region=eu-west-1",
        "gcs://bucket/",
        "dropbox:///photos",
        "b2://bucket/?region=us-west-004",
        "s3://bucket/?endpoint=https://account.r2.cloudflarestorage.com",
        "azblob://box/?endpoint=https://me.blob.core.windows.net&account_name=me",
        "s3://bucket/?endpoint=https://s3.eu-west-1.amazonaws.com:443",
    ],
)
def test_buckets_and_drives_of_known_services(address):
    check_guest(Address.parse(address))


@pytest.mark.parametrize(
    "address",
    [
        "fs:///etc",
        "memory://",
        "s3://bucket/?ambient=on",
        "s3://bucket/?patience=600",
        "s3://bucket/?endpoint=http://169.254.169.254",
        "s3://bucket/?endpoint=http://s3.amazonaws.com",
        "s3://bucket/?endpoint=https://s3.amazonaws.com:8443",
        "s3://bucket/?endpoint=https://s3.amazonaws.com.evil.example",
        "s3://bucket/?endpoint=https://evil.example/s3.amazonaws.com",
        "s3://bucket/?endpoint=https://evil.example%23.amazonaws.com",
        "s3://bucket/?endpoint=https://s3.amazonaws.com@evil.example",
        "s3://bucket/?sts=http://127.0.0.1:9000",
        "webdav:///x?endpoint=https://localhost",
    ],
)
def test_what_leads_elsewhere_is_not_for_guests(address):
    with pytest.raises((NotAllowed, BadOption)):
        check_guest(Address.parse(address))


def test_the_owner_names_more_hosts():
    address = Address.parse("s3://bucket/?endpoint=http://minio.example:9000")
    for named in (["minio.example:9000"], ["*.example"], ["other", "MINIO.example"]):
        check_guest(address, named)
    for named in (["minio.example:9001"], ["*.minio.example"], ["example"], ["*"]):
        with pytest.raises(NotAllowed, match="PRINTROOM_ENDPOINTS"):
            check_guest(address, named)


@pytest.fixture
def book_of(tmp_path):
    """The book of an account, in a database."""
    database = Database.open(f"sqlite:///{tmp_path / 'test.db'}")

    def make(account, endpoints=(), environment=None):
        guest = Guest(TablePages(database, account), endpoints)
        return StoreBook(tmp_path, environment or {}, guest)

    yield make
    database.close()


def test_accounts_have_books_of_their_own(tmp_path, book_of):
    environment = {
        "PRINTROOM_STORE_HOUSE": "s3://house/",
        "PRINTROOM_STORES_KEY": Fernet.generate_key().decode(),
    }
    owner = StoreBook(tmp_path, environment)
    owner.add("shelf", f"fs://{tmp_path}/shelf")
    one, other = (book_of(name, environment=environment) for name in ("acc_1", "acc_2"))
    one.add("photos", "s3://bucket/", {"access_key_id": "id", "secret_access_key": "hush-hush"})
    assert [listed.name for listed in one.listed()] == ["photos"]
    assert other.listed() == []
    assert [listed.name for listed in owner.listed()] == ["house", "shelf"]
    assert one.open("photos").name == "s3://bucket/"
    for name in ("photos", "shelf", "house"):
        with pytest.raises(NotFound):
            other.open(name)
    with pytest.raises(NotAllowed):
        other.add("shelf", f"fs://{tmp_path}/shelf")
    with pytest.raises(NotFound):
        other.remove("photos")
    assert b"hush-hush" not in b"".join(path.read_bytes() for path in tmp_path.glob("test.db*"))
    other_key = {"PRINTROOM_STORES_KEY": Fernet.generate_key().decode()}
    stranger = book_of("acc_1", environment=other_key)
    with pytest.raises(BadOption, match="sealed with another key"):
        stranger.open("photos")
    one.add("photos", "s3://other/")
    assert one.find("photos").secrets == ()
    one.remove("photos")
    assert one.listed() == []


def test_what_may_no_longer_be_is_not_opened(book_of):
    address = "s3://bucket/?endpoint=http://minio.example:9000"
    secrets = {"access_key_id": "id", "secret_access_key": "secret"}
    book_of("acc_1", ["minio.example:9000"]).add("minio", address, secrets)
    book_of("acc_1", ["minio.example:9000"]).open("minio")
    with pytest.raises(NotAllowed):
        book_of("acc_1").open("minio")


def test_an_account_has_so_many_stores(book_of):
    book = book_of("acc_1")
    for number in range(100):
        book.add(f"store-{number}", "s3://bucket/")
    with pytest.raises(BadOption, match="100"):
        book.add("one-more", "s3://bucket/")
    book.add("store-7", "s3://other/")
    assert book.find("store-7").address == "s3://other/"
