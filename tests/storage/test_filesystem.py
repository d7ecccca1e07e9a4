"""Through fsspec, stores are the folders of one file system."""

import fsspec
import numpy as np
import pytest

from printroom.core.errors import BadKey
from printroom.storage import filesystem
from printroom.storage.cache import BlockCache
from printroom.storage.filesystem import register
from printroom.storage.memory import MemoryStore


@pytest.fixture
def stores(tmp_path):
    stores = {"models": MemoryStore(), "results": MemoryStore()}
    with BlockCache(tmp_path) as cache:
        register(cache, stores)
        yield stores


def test_files_are_objects(stores):
    with fsspec.open("printroom://results/42/out.txt", "w") as file:
        file.write("written")
    assert stores["results"].read("42/out.txt") == b"written"
    with fsspec.open("printroom://results/42/out.txt", "rb") as file:
        assert file.read(4) == b"writ"
        assert file.seek(-2, 2) == 5
        assert file.read() == b"en"


def test_half_a_file_is_no_object(stores):
    def broken():
        with fsspec.filesystem("printroom").open("results/x", "wb") as file:
            file.write(b"half")
            raise OSError("broke off")

    with pytest.raises(OSError, match="broke"):
        broken()
    assert list(stores["results"].list()) == []


def test_a_tree(stores):
    for key in ("a/one", "a/b/two", "three"):
        stores["models"].put(key, key.encode())
    files = fsspec.filesystem("printroom")
    assert sorted(files.ls("", detail=False)) == ["models", "results"]
    assert sorted(files.ls("models", detail=False)) == ["models/a", "models/three"]
    assert sorted(files.find("models")) == ["models/a/b/two", "models/a/one", "models/three"]
    assert sorted(files.glob("models/a/*")) == ["models/a/b", "models/a/one"]
    assert files.isdir("models/a")
    assert files.isfile("models/a/one")
    assert not files.exists("models/nothing")
    assert files.cat_file("models/a/one", 2, -1) == b"on"
    assert files.size("models/three") == 5
    files.cp_file("models/a/one", "results/copy")
    assert stores["results"].read("copy") == b"a/one"
    files.rm("models/a", recursive=True)
    assert [stat.key for stat in stores["models"].list()] == ["three"]
    with pytest.raises(FileNotFoundError):
        files.open("models/nothing")
    with pytest.raises(FileNotFoundError):
        files.ls("elsewhere")
    with pytest.raises(BadKey):
        files.open("models/../results/copy")


def test_the_stores_of_the_installation(tmp_path, monkeypatch):
    monkeypatch.setenv("PRINTROOM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PRINTROOM_STORE_SHELF", f"fs://{tmp_path}/shelf")
    monkeypatch.setattr(filesystem, "_registered", {})
    files = filesystem.StoreFileSystem()
    files.pipe_file("shelf/a", b"bytes")
    assert (tmp_path / "shelf" / "a").read_bytes() == files.cat_file("shelf/a") == b"bytes"
    assert files.ls("", detail=False) == ["shelf"]
    with pytest.raises(FileNotFoundError):
        files.ls("other")
    files._cache.close()


def test_libraries_read_through_it(stores):
    array = np.arange(10**5)
    with fsspec.open("printroom://models/a.npy", "wb") as file:
        np.save(file, array)
    with fsspec.open("printroom://models/a.npy", "rb") as file:
        np.testing.assert_array_equal(np.load(file), array)
