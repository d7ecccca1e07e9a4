"""A copy brings back what there was, and nothing is believed that was damaged."""

import io
import json
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.core.errors import BadArchive, NotFound, Unwritable, WrongState
from printroom.core.settings import Settings
from printroom.jobs.submit import Request
from printroom.operations.archive import HEAD, LIST, Writer, members
from printroom.operations.backup import backup
from printroom.operations.restore import restore
from printroom.workshop import Workshop

Fresh = Callable[[str], Settings]
Jobs = Callable[[Settings], list[str]]


def kept(folder: Path) -> dict[str, bytes]:
    """Files below a folder, without the database."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in found
        if not path.name.startswith("printroom.db")
    }


@pytest.mark.parametrize("name", ["copy.tar", "copy.tar.gz"])
def test_there_and_back(
    filled: Settings, fresh: Fresh, tmp_path: Path, name: str, files: dict[str, bytes], jobs: Jobs
) -> None:
    copied = backup(filled, tmp_path / name)
    assert (copied.files, copied.database) == (len(files), True)
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    there = fresh("there")
    assert restore(there, tmp_path / name) == copied
    assert kept(there.data) == files
    assert jobs(there) == jobs(filled) != []
    assert sorted(path.name for path in tmp_path.iterdir()) == [name, "here", "there"]


def test_an_installation_without_a_database(fresh: Fresh, tmp_path: Path) -> None:
    here, there = fresh("here"), fresh("there")
    here.data.mkdir()
    (here.data / "signing.json").write_text("{}")
    copied = backup(here, tmp_path / "copy.tar")
    assert copied.files == 1
    restore(there, tmp_path / "copy.tar")
    assert kept(there.data) == {"signing.json": b"{}"}


def test_a_copy_made_under_load_agrees_with_itself(
    filled: Settings, fresh: Fresh, tmp_path: Path, jobs: Jobs
) -> None:
    """Each job names a file that was written before it."""
    stop, folder = threading.Event(), filled.data / "assets"

    def go_on() -> None:
        with Workshop(filled) as workshop:
            number = 0
            while not stop.is_set():
                (folder / f"f{number}").write_bytes(b"%d" % number)
                workshop.queue.submit(Request("nothing", f"f{number}"))
                number += 1

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        while not (folder / "f20").exists():
            assert thread.is_alive()
        backup(filled, tmp_path / "copy.tar")
    finally:
        stop.set()
        thread.join()
    there = fresh("there")
    restore(there, tmp_path / "copy.tar")
    named = [json.loads(text) for text in jobs(there)]
    texts = [name for name in named if isinstance(name, str)]
    assert len(texts) >= 20
    for name in texts:
        assert (there.data / "assets" / name).read_bytes() == name[1:].encode()


def test_what_is_there_stays(filled: Settings, fresh: Fresh, tmp_path: Path) -> None:
    backup(filled, tmp_path / "copy.tar")
    with pytest.raises(Unwritable, match="there already"):
        backup(filled, tmp_path / "copy.tar")
    with pytest.raises(WrongState, match="in use"):
        restore(filled, tmp_path / "copy.tar")
    elsewhere = Settings(data=tmp_path / "new", database_url=filled.database_url)
    if filled.database_url:
        with pytest.raises(WrongState, match="holds a database already"):
            restore(elsewhere, tmp_path / "copy.tar")
        assert not elsewhere.data.exists()
    with pytest.raises(NotFound):
        backup(Settings(data=tmp_path / "nowhere"), tmp_path / "other.tar")


def test_the_other_kind_of_database_is_refused(
    filled: Settings, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    backup(filled, tmp_path / "copy.tar")
    other = None if filled.database_url else request.getfixturevalue("postgres").create()
    there = Settings(data=tmp_path / "there", database_url=other)
    with pytest.raises(WrongState, match="a database of the kind"):
        restore(there, tmp_path / "copy.tar")
    assert not there.data.exists()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small one."""
    folder = tmp_path_factory.mktemp("archive")
    data = folder / "data"
    (data / "models").mkdir(parents=True)
    (data / "models" / "net").write_bytes(bytes(3000))
    backup(Settings(data=data), folder / "copy.tar")
    return (folder / "copy.tar").read_bytes()


@given(st.data())
def test_what_was_cut_or_changed_is_not_believed(
    archive: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    at = data.draw(st.integers(0, len(archive) - 1))
    broken = bytearray(archive)
    if data.draw(st.booleans()):
        del broken[at:]
    else:
        broken[at] ^= data.draw(st.integers(1, 255))
    (folder / "copy.tar").write_bytes(broken)
    there = Settings(data=folder / "there")
    try:
        restore(there, folder / "copy.tar")
    except BadArchive:
        assert not there.data.exists()
    else:  # padding, or a field of a header that says nothing of the content
        assert kept(there.data) == {"models/net": bytes(3000)}
    assert not list(folder.glob(".printroom-*"))


@pytest.mark.parametrize(
    "name",
    ["data/../../evil", "/etc/evil", "data//etc/evil", "other", "data/", "data/a/../../b"],
)
def test_names_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    with Writer(tmp_path / "copy.tar") as writer:
        writer.text(HEAD, {"format": 1, "database": None})
        writer.text(name, {})
    there = Settings(data=tmp_path / "deep" / "there")
    with pytest.raises(BadArchive):
        restore(there, tmp_path / "copy.tar")
    assert not there.data.exists()
    assert not [path for path in tmp_path.rglob("*") if path.name in ("evil", "b")]


def test_links_and_strangers_archives_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "copy.tar"
    with tarfile.open(path, "w") as tar:
        link = tarfile.TarInfo("data/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        tar.addfile(link)
    with pytest.raises(BadArchive):
        restore(Settings(data=tmp_path / "there"), path)
    with tarfile.open(path, "w") as tar:
        tar.addfile(tarfile.TarInfo(LIST), io.BytesIO())
    with pytest.raises(BadArchive):
        members(path, lambda _name, _member: None)
    path.write_bytes(b"no tar at all")
    with pytest.raises(BadArchive):
        restore(Settings(data=tmp_path / "there"), path)


def test_a_file_that_changes_while_it_is_read_keeps_the_archive_whole(tmp_path: Path) -> None:
    growing = tmp_path / "log"
    growing.write_bytes(b"x" * 5000)
    with Writer(tmp_path / "copy.tar") as writer:
        writer.text(HEAD, {"format": 1})
        with growing.open("ab") as file:
            file.write(b"y" * 100)
        assert writer.add("data/log", growing)
        growing.write_bytes(b"")
        assert writer.add("data/gone", growing)
        assert not writer.add("data/none", tmp_path / "none")
    sizes = {}
    members(tmp_path / "copy.tar", lambda name, member: sizes.update({name: len(member.read())}))
    assert (sizes["data/log"], sizes["data/gone"]) == (5100, 0)


def test_a_backup_that_is_killed_leaves_no_archive(tmp_path: Path) -> None:
    data, target = tmp_path / "data", tmp_path / "copy.tar"
    data.mkdir()
    for number in range(8):
        with (data / f"large{number}").open("wb") as file:
            file.truncate(2**25)
    environment = os.environ | {"PRINTROOM_DATA": str(data)}
    command = [sys.executable, "-m", "printroom", "backup", str(target)]
    with subprocess.Popen(command, env=environment) as process:
        while not (tmp_path / ".copy.tar.part").exists():
            assert process.poll() is None
        process.kill()
    assert not target.exists()
    (data / "large0").rename(data / "renamed")
    assert backup(Settings(data=data), target).files == 8
    there = Settings(data=tmp_path / "there")
    restore(there, target)
    assert (there.data / "renamed").stat().st_size == 2**25
