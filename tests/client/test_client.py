"""The clients against a real server, whole and with a line that breaks."""

import inspect
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import printroom
from printroom.client import AsyncClient, Client, Event, Run, calls
from printroom.client.calls import files
from printroom.client.faults import error_of
from printroom.core import errors
from printroom.core.errors import (
    BadOption,
    Cancelled,
    DeadlinePassed,
    FetchFailed,
    KeyReused,
    NeedsMemory,
    NoCredentials,
    NotAPicture,
    NotFound,
    Overloaded,
    PrintroomError,
    WrongState,
)
from printroom.imaging.vips import pyvips


def pixels(path: Path) -> Any:
    return pyvips.Image.new_from_file(str(path)).numpy()


def test_a_picture_there_and_back(client: Client, photo: Path, tmp_path: Path) -> None:
    run = client.run("large", {"image": photo})
    [picture] = run.pictures["image"]
    assert (picture.media_type, picture.width, picture.height) == ("image/png", 80, 60)
    saved = client.save(picture, tmp_path / "large.png")
    assert np.array_equal(pixels(saved), pixels(photo).repeat(2, 0).repeat(2, 1))
    assert client.read(picture) == saved.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["large.png"]


def test_bytes_files_and_formats(client: Client, photo: Path) -> None:
    file = client.upload(photo)
    assert (file.name, file.media_type, file.bytes) == (
        "photo.png", "image/png", photo.stat().st_size,
    )  # fmt: skip
    assert client.read(file) == photo.read_bytes()
    for image in (file, file.id, photo.read_bytes()):
        run = client.run("large", {"image": image}, format="jpeg")
        assert run.pictures["image"][0].media_type == "image/jpeg"
    client.delete(file)
    with pytest.raises(NotFound):
        client.file(file)


def test_a_quality_that_cannot_be_is_refused_and_not_left_out(client: Client, photo: Path) -> None:
    with pytest.raises(BadOption, match="quality"):
        client.submit("large", {"image": photo}, quality=0)


def test_results_as_they_are_wished_and_a_pipeline_that_comes_along(
    client: Client, photo: Path
) -> None:
    draft = {
        "name": "twice",
        "inputs": {"image": "picture"},
        "steps": {"up": {"use": "upscale", "with": {"image": "$image", "net": "test/double@1"}}},
    }
    sizes = []
    for quality in (5, 95):
        run = client.run(
            draft, {"image": photo}, format="jpeg", quality=quality, metadata="strip", previews=True
        )
        [picture] = run.pictures["image"]
        assert (run.target, picture.name) == ("draft", "photo-2x.jpg")
        assert "preview" in [event.kind for event in client.events(run)]
        sizes.append(picture.bytes)
    assert sizes[0] < sizes[1]
    listed = [one.id for one in client.runs(target="draft")]
    assert run.id in listed
    assert {one.target for one in client.runs(target="large")} <= {"large@1"}
    with pytest.raises(BadOption):
        client.submit("large", {"image": photo}, metadata="some")


def test_a_picture_on_the_spot(client: Client, photo: Path, tmp_path: Path) -> None:
    for source in (photo, photo.read_bytes()):
        (tmp_path / "large.png").write_bytes(client.enhance(source, model="test/double"))
        large = pixels(tmp_path / "large.png")
        assert np.array_equal(large, pixels(photo).repeat(2, 0).repeat(2, 1))
    with pytest.raises(BadOption):
        client.enhance(photo, scale=99)


def test_values_that_are_no_pictures(client: Client) -> None:
    run = client.run("count", {"text": "seven"})
    assert (run.status, run.output["letters"], run.pictures) == ("succeeded", 5, {})


def test_progress_is_told_in_order(client: Client) -> None:
    events: list[Event] = []
    client.run("draw", {"prompt": "x"}, progress=events.append)
    numbers = [event.number for event in events if event.number]
    assert numbers == list(range(1, len(numbers) + 1))
    assert events[-1].run is not None
    assert events[-1].run.status == "succeeded"
    assert all(event.run is None for event in events[:-1])


def test_events_are_taken_up(client: Client) -> None:
    run = client.run("draw", {"prompt": "x"})
    everything = list(client.events(run))
    assert everything[0].number == 1
    assert list(client.events(run, after=2)) == everything[2:]


def test_the_same_key_is_the_same_run(client: Client) -> None:
    first = client.submit("count", {"text": "a"}, key="mine")
    assert client.submit("count", {"text": "a"}, key="mine").id == first.id
    with pytest.raises(KeyReused):
        client.submit("count", {"text": "b"}, key="mine")


def test_looking_at_runs(client: Client) -> None:
    runs = [client.run("count", {"text": str(number)}).id for number in range(3)]
    assert [run.id for run in client.runs()][:3] == runs[::-1]
    assert {run.status for run in client.runs("succeeded")} == {"succeeded"}
    assert client.get(runs[0]).target.startswith("count")
    with pytest.raises(WrongState):
        client.retry(runs[0])
    assert client.cancel(runs[0]).status == "succeeded"
    assert "draw" in [one["name"] for one in client.pipelines()]
    assert client.pipeline("draw")["inputs"]["prompt"]["type"] == "text"


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (lambda client: client.get("no-such-run"), NotFound),
        (lambda client: client.run("nothing"), NotFound),
        (lambda client: client.run("draw", {"prompt": "x", "lens": 1}), BadOption),
        (lambda client: client.run("large", {"image": b"no picture"}), NotAPicture),
        (lambda client: client.upload(Path("/no/such/file")), NotFound),
        (lambda client: client.save("file_0", Path("/no/such/folder/x")), PrintroomError),
    ],
)
def test_what_is_refused_is_the_error_it_is_there(
    client: Client, ask: Callable[[Client], Any], kind: type[PrintroomError]
) -> None:
    with pytest.raises(kind):
        ask(client)


def test_a_run_that_fails_raises_why(client: Client) -> None:
    with pytest.raises(PrintroomError) as caught:
        client.run("draw", {"prompt": "x", "width": -1})
    assert caught.value.code == "step_failed"


def test_waiting_ends_in_time(client: Client) -> None:
    run = client.submit("nap", {"seconds": 60})
    with pytest.raises(DeadlinePassed):
        client.wait(run, timeout=0)
    with pytest.raises(DeadlinePassed):
        client.wait(run, timeout=-1, progress=lambda _: None)
    client.cancel(run)
    with pytest.raises(Cancelled):
        client.wait(run)


@pytest.mark.parametrize("code", sorted({thing.code for thing in vars(errors).values()
                                         if isinstance(thing, type)}))  # fmt: skip
def test_every_code_has_its_class(code: str) -> None:
    error = error_of(code, "a sentence", {"needed_bytes": 7, "retry_after": 3, "faults": ["x"]})
    assert (error.code, str(error)) == (code, "a sentence")
    if isinstance(error, NeedsMemory):
        assert error.needed == 7
    if isinstance(error, Overloaded):
        assert error.retry_after == 3


def test_a_code_of_a_newer_server_is_kept() -> None:
    assert error_of("out_of_paper", "there is none", {}).code == "out_of_paper"


def test_a_key_that_is_none(url: str) -> None:
    for key in ("with space", "naïve", "two\nlines"):
        with pytest.raises(BadOption):
            Client(url, key)


def test_keys_go_with_every_request(serving: Callable[..., Any], tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "printroom", "keys", "create", "tests"],
        env=os.environ | {"PRINTROOM_DATA": str(tmp_path)}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    with serving(tmp_path, http_login="1") as url:
        with Client(url, made.stdout.strip()) as client:
            assert client.upload(b"x", "x.bin").bytes == 1
        with Client(url) as client, pytest.raises(NoCredentials):
            client.upload(b"x")


@pytest.mark.parametrize("url", ["ftp://x", "nothing", "http://", "http://x/?a=b", "http://["])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(BadOption):
        Client(url)


def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("printroom.client.asking._FIRST", 0.001)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with Client(f"http://127.0.0.1:{port}") as client, pytest.raises(FetchFailed):
        client.pipelines()


def test_answers_that_get_lost_make_no_second_run(
    url: str, breaking: Callable[..., Any], client: Client
) -> None:
    """The first answers are cut short: the run is there, and is found by its key."""
    line = breaking(lambda number: 40 if number <= 2 else None)
    before = len(list(client.runs()))
    with Client(line.url) as broken:
        run = broken.submit("count", {"text": "once"})
    assert line.connections >= 3
    assert len(list(client.runs())) == before + 1
    assert client.wait(run).output["letters"] == 4


def test_files_come_and_go_over_a_line_that_breaks(
    client: Client, breaking: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = np.random.default_rng(0).bytes(300_000)
    line = breaking(lambda number: 90_000 if number < 5 else None)
    with Client(line.url) as broken:
        file = client.upload(content, "noise.bin")
        saved = broken.save(file, tmp_path / "noise.bin")
        assert saved.read_bytes() == content
        assert line.connections == 4
    monkeypatch.setattr(files, "AT_ONCE", 70_000)
    line = breaking(lambda number: 120 if number % 2 else None)
    with Client(line.url) as broken:
        sent = broken.upload(content, "noise.bin")
    assert sent.raw["digest"] == file.raw["digest"]
    assert (sent.name, sent.bytes) == ("noise.bin", len(content))


def test_a_download_that_fails_leaves_nothing(client: Client, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        client.save("file_00000000000000000000000000000000", tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


async def test_the_asynchronous_client(url: str, photo: Path, tmp_path: Path) -> None:
    events: list[Event] = []
    async with AsyncClient(url) as client:
        run = await client.run("large", {"image": photo}, progress=events.append)
        saved = await client.save(run.pictures["image"][0], tmp_path / "large.png")
        assert np.array_equal(pixels(saved), pixels(photo).repeat(2, 0).repeat(2, 1))
        replayed = [event async for event in client.events(run)]
        assert replayed == [event for event in events if event.kind != "position"]
        assert (await client.enhance(photo, format="webp")).startswith(b"RIFF")
        assert run.id in [one.id async for one in client.runs()]
        with pytest.raises(NotFound):
            await client.get("nothing")
        taken = await client.submit("nap", {"seconds": 60})
        await client.cancel(taken)
        with pytest.raises(Cancelled):
            await client.wait(taken.id, timeout=30)


def test_both_clients_offer_the_same() -> None:
    def offered(kind: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(method).parameters)
            for name, method in vars(kind).items()
            if not name.startswith("_")
        }

    assert offered(Client) == offered(AsyncClient)
    modules = [vars(calls)[name] for name in calls.__all__]
    written = {
        name
        for module in modules
        for name, thing in vars(module).items()
        if inspect.isfunction(thing) and thing.__module__ == module.__name__ and name[0] != "_"
    }
    assert set(offered(Client)) == written | {"save", "close"}
    assert list(inspect.signature(Client("http://x").runs).parameters) == ["status", "target"]
    assert str(inspect.signature(Client.wait).return_annotation) == "Run"
    assert (Client.wait.__doc__ or "").startswith("The run when it has succeeded.")
    assert printroom.Client is Client
    assert printroom.AsyncClient is AsyncClient


def test_the_front_brings_it_only_when_asked() -> None:
    code = (
        "import sys, printroom; assert 'httpx' not in sys.modules; printroom.Client; import httpx"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_client_needs_nothing_else_of_printroom() -> None:
    code = (
        "import sys, printroom.client\n"
        "ours = [name for name in sys.modules if name.startswith('printroom.')]\n"
        "assert all(name.split('.')[1] in ('client', 'core') for name in ours), ours\n"
        "assert not {'numpy', 'sqlalchemy', 'fastapi'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def command(url: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "printroom", "run", *words, "--server", url, "-o", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_command_line_at_a_server(url: str, photo: Path, tmp_path: Path) -> None:
    done = command(url, tmp_path / "out", "large", "-i", str(photo))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"image: {tmp_path / 'out' / 'image.png'}\n"
    assert np.array_equal(
        pixels(tmp_path / "out" / "image.png"), pixels(photo).repeat(2, 0).repeat(2, 1)
    )
    done = command(url, tmp_path / "draw", "draw", "-p", "prompt=tram", "-p", "width=24")
    assert done.returncode == 0, done.stderr
    assert pixels(tmp_path / "draw" / "result.png").shape == (30, 24, 3)
    done = command(url, tmp_path / "none", "nothing")
    assert (done.returncode, "no pipeline" in done.stderr) == (2, True)
    done = command(url, tmp_path / "bad", "draw", "-p", "prompt=x", "-p", "width=wide")
    assert done.returncode == 2


def test_ctrl_c_takes_the_run_back(url: str, client: Client, tmp_path: Path) -> None:
    import signal

    words = ["nap", "-p", "seconds=60", "--server", url, "-o", str(tmp_path / "x")]
    before = {run.id for run in client.runs()}
    with subprocess.Popen(
        [sys.executable, "-m", "printroom", "run", *words],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        end = time.monotonic() + 60
        while not (fresh := [run for run in client.runs() if run.id not in before]):
            assert time.monotonic() < end
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    run: Run = client.get(fresh[0])
    assert run.status in ("cancelled", "running")  # its worker is being told
    assert client.get(run).raw["finished_at"] or run.status == "running"
    assert process.returncode == 130
