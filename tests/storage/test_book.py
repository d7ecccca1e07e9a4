"""Stores by name: secrets go in, and never come out."""

import pytest
from cryptography.fernet import Fernet

from printroom.core.errors import BadOption, NotFound
from printroom.storage.book import StoreBook

SECRETS = {"access_key_id": "public-id", "secret_access_key": "hush-hush"}


def test_what_is_added_is_opened(tmp_path):
    book = StoreBook(tmp_path, {})
    book.add("photos", "s3://bucket/2026?endpoint=https://minio.example", SECRETS)
    book.add("scratch", f"fs://{tmp_path}/scratch")
    again = StoreBook(tmp_path, {})
    assert [listed.name for listed in again.listed()] == ["photos", "scratch"]
    assert again.find("photos").secrets == ("access_key_id", "secret_access_key")
    assert again.open("photos").name == "s3://bucket/2026/?endpoint=https://minio.example"
    again.open("scratch").put("a", b"1")
    assert (tmp_path / "scratch" / "a").read_bytes() == b"1"
    again.remove("photos")
    with pytest.raises(NotFound, match="there is scratch"):
        book.open("photos")


def test_secrets_do_not_come_out(tmp_path):
    book = StoreBook(tmp_path, {})
    book.add("photos", "s3://bucket/", SECRETS)
    shown = f"{book.listed()!r} {book.open('photos')!r} {book.find('photos')!r}"
    files = list((tmp_path / "stores").iterdir())
    assert len(files) == 2
    for text in [shown, *(path.read_text() for path in files)]:
        assert "hush-hush" not in text
        assert "public-id" not in text
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_the_key_may_lie_elsewhere(tmp_path):
    key = Fernet.generate_key().decode()
    StoreBook(tmp_path, {"PRINTROOM_STORES_KEY": key}).add("photos", "s3://bucket/", SECRETS)
    assert [path.name for path in (tmp_path / "stores").iterdir()] == ["photos.json"]
    StoreBook(tmp_path, {"PRINTROOM_STORES_KEY": key}).open("photos")
    for other in ("", "short", Fernet.generate_key().decode()):
        with pytest.raises(BadOption, match="key"):
            StoreBook(tmp_path, {"PRINTROOM_STORES_KEY": other}).open("photos")


def test_stores_of_the_environment(tmp_path):
    environment = {"PRINTROOM_STORE_MY_MODELS": "s3://bucket/", "PRINTROOM_STORE_NONE": ""}
    environment |= {f"PRINTROOM_STORE_MY_MODELS__{name.upper()}": SECRETS[name] for name in SECRETS}
    book = StoreBook(tmp_path, environment)
    (listed,) = book.listed()
    assert (listed.name, listed.fixed) == ("my-models", True)
    assert listed.secrets == ("access_key_id", "secret_access_key")
    assert book.open("my-models").name == "s3://bucket/"
    for verb in (lambda: book.add("my-models", "memory://"), lambda: book.remove("my-models")):
        with pytest.raises(BadOption, match="PRINTROOM_STORE_MY_MODELS"):
            verb()


@pytest.mark.parametrize("name", ["", "A", "a/b", "../a", "-a", "a_b", "a" * 64, "a\n"])
def test_bad_names(tmp_path, name):
    with pytest.raises(BadOption, match="not a name"):
        StoreBook(tmp_path, {}).add(name, "memory://")


def test_a_spoilt_file_is_told(tmp_path):
    book = StoreBook(tmp_path, {})
    book.add("photos", "s3://bucket/", SECRETS)
    (tmp_path / "stores" / "photos.json").write_text("{}")
    with pytest.raises(BadOption, match="add the store again"):
        book.open("photos")
