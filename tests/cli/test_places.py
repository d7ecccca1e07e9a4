from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.cli.places import Places
from printroom.core.errors import BadOption, NotFound, Unwritable
from printroom.imaging.formats import JPEG, PNG, Format, format_for


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder `in` with pictures by name only: places never look inside."""
    for name in ("a.jpg", "b.PNG", "notes.txt", ".hidden.jpg", "deep/c.jpg", "deep/er/d.tif"):
        file = tmp_path / "in" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return tmp_path / "in"


def names(places: Places, wanted: Format | None = None) -> list[Path]:
    return [places.target(item, wanted or format_for(item.source)) for item in places.inputs]


def test_without_an_output_results_lie_beside_their_inputs(folder: Path) -> None:
    assert names(Places([folder / "a.jpg"], None, "@2x")) == [folder / "a@2x.jpg"]
    assert names(Places([folder], None, "@2x")) == [
        folder.with_name("in@2x") / "a.jpg",
        folder.with_name("in@2x") / "b.PNG",
    ]


def test_a_folder_keeps_its_tree(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert names(Places([folder], out, "@2x", recursive=True), PNG) == [
        out / "a.png",
        out / "b.PNG",
        out / "deep" / "c.png",
        out / "deep" / "er" / "d.png",
    ]


def test_several_folders_keep_their_names(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    places = Places([folder / "deep", folder / "deep" / "er" / ".."], out, "@2x")
    assert [item.root for item in places.inputs] == [out / "deep", out / "deep"]


def test_one_file_goes_to_the_file_or_folder_named(folder: Path, tmp_path: Path) -> None:
    source = [folder / "a.jpg"]
    assert names(Places(source, tmp_path / "x.png", "@2x"), PNG) == [tmp_path / "x.png"]
    assert names(Places(source, tmp_path / "new", "@2x"), PNG) == [tmp_path / "new" / "a.png"]
    assert names(Places(source, folder / "deep", "@2x"), PNG) == [folder / "deep" / "a.png"]


def test_several_files_cannot_go_to_one(folder: Path) -> None:
    with pytest.raises(BadOption, match="folder"):
        Places([folder / "b.PNG", folder / "deep" / "c.jpg"], folder / "a.jpg", "@2x")


def test_pictures_of_one_name_stay_apart(folder: Path, tmp_path: Path) -> None:
    (folder / "a.png").touch()
    places = Places([folder / "a.jpg", folder / "a.png"], tmp_path / "out", "@2x")
    assert [path.name for path in names(places, PNG)] == ["a.jpg.png", "a.png"]


def test_a_result_is_never_written_over_another(folder: Path, tmp_path: Path) -> None:
    places = Places([folder / "deep" / "c.jpg"] * 2, tmp_path / "out", "@2x")
    places.target(places.inputs[0], JPEG)
    with pytest.raises(Unwritable, match="another input"):
        places.target(places.inputs[1], JPEG)


def test_a_result_is_never_written_over_an_input(folder: Path, tmp_path: Path) -> None:
    places = Places([folder / "a.jpg"], folder, "@2x")
    with pytest.raises(Unwritable, match="pictures to enhance"):
        places.target(places.inputs[0], JPEG)
    link = tmp_path / "link.jpg"
    link.hardlink_to(folder / "a.jpg")
    places = Places([folder / "a.jpg"], link, "@2x")
    with pytest.raises(Unwritable, match="pictures to enhance"):
        places.target(places.inputs[0], JPEG)


def test_a_result_never_leaves_its_folder_through_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    out = tmp_path / "out"
    out.mkdir()
    (out / "deep").symlink_to(tmp_path / "elsewhere")
    places = Places([folder], out, "@2x", recursive=True)
    inside, outside = places.inputs[0], places.inputs[2]
    assert places.target(inside, JPEG) == out / "a.jpg"
    with pytest.raises(Unwritable, match="link"):
        places.target(outside, JPEG)


def test_earlier_results_are_not_taken_as_inputs(folder: Path) -> None:
    out = folder / "out"
    out.mkdir()
    (out / "a.jpg").touch()
    found = Places([folder], out, "@2x", recursive=True).inputs
    assert [item.name for item in found] == [
        Path("a.jpg"),
        Path("b.PNG"),
        Path("deep/c.jpg"),
        Path("deep/er/d.tif"),
    ]


def test_nothing_to_do_is_wrong_usage(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="missing"):
        Places([folder, tmp_path / "missing"], None, "@2x")
    (tmp_path / "bare").mkdir()
    with pytest.raises(BadOption, match="no pictures"):
        Places([tmp_path / "bare"], None, "@2x")


parts = st.sampled_from(["a", "b", "c.d", "e v1.2"])
suffixes = st.sampled_from([".jpg", ".JPG", ".jpeg", ".png", ".heic", ".png.jpg", ""])


@given(
    files=st.lists(st.tuples(parts, suffixes), min_size=1, max_size=8, unique=True),
    wanted=st.sampled_from([JPEG, PNG]),
)
def test_no_two_inputs_share_a_place(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[str, str]], wanted: Format
) -> None:
    folder = tmp_path_factory.mktemp("in")
    paths = [folder / f"{stem}{suffix}" for stem, suffix in files]
    for path in paths:
        path.touch()
    places, given_out = Places(paths, folder / "out", "@2x"), []
    for item in places.inputs:
        with suppress(Unwritable):
            given_out.append(places.target(item, wanted))
    assert len(set(given_out)) == len(given_out) > 0
    assert all(path.parent == folder / "out" for path in given_out)
    assert all(path.suffix.lower() in wanted.suffixes for path in given_out)
