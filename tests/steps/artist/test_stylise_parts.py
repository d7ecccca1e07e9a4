"""Laws of what `stylise` is made of: palette, strokes, texture, the fast net, tables, emotions."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.training.brush.stepcode import STYLISE, part
from printroom.training.brush.textures import texture

NAMES = ("palette", "strokes", "texture", "net", "brushes", "works", "emotions")


parts = SimpleNamespace(**{name: part(name) for name in NAMES})


@pytest.fixture(scope="module")
def photo():
    """Strokes of several colours, (96, 128, 3)."""
    return texture(12, 128)[:96].astype(np.float32) / 255


@pytest.fixture(scope="module")
def works():
    return parts.works.Works.read(STYLISE / "paintings")


@pytest.fixture(scope="module")
def features():
    with np.load(STYLISE / "features.npz") as file:
        return parts.net.Features.of({name: file[name] for name in file.files})


def test_the_palette_comes_near_to_that_of_each_painting(photo, works):
    assert len(works.works) == 12
    for work in works.works:
        painting = work.picture(96)
        found = parts.palette.Palette.between(photo, painting).apply(photo)
        before = parts.palette.distance(photo, painting)
        assert parts.palette.distance(found, painting) < 0.3 * before, work.name
        assert found.min() >= 0
        assert found.max() <= 1


def test_a_picture_in_its_own_colours_stays(photo):
    own = parts.palette.Palette.between(photo, photo)
    assert parts.palette.distance(own.apply(photo), photo) < 1


def test_a_palette_of_one_colour_makes_one_colour(photo):
    red = np.broadcast_to(np.float32([0.8, 0.1, 0.1]), (4, 4, 3))
    found = parts.palette.Palette.between(photo, red).apply(photo)
    assert np.abs(found - red[0, 0]).max() < 0.1


@pytest.mark.parametrize("shape", [(32, 32), (33, 200), (61, 47), (300, 35)])
def test_strokes_are_drawn_by_the_seed_at_any_size(photo, works, shape):
    picture = cv2.resize(photo, shape[::-1])
    manner = parts.strokes.Manner.of(works.named("night").picture(96))
    one, same, other = (parts.strokes.painted(picture, manner, seed) for seed in (1, 1, 2))
    assert one.shape == picture.shape
    assert (one == same).all()
    assert (one != other).any()
    assert 0 <= one.min() <= one.max() <= 1


def test_hands_differ(works):
    """Dots are shorter than whirls, and mist lies thinner than paint that was thrown."""
    manners = {work.name: parts.strokes.Manner.of(work.picture(384)) for work in works.works}
    assert manners["noon"].length < manners["night"].length
    assert manners["veil"].liveliness < manners["spill"].liveliness
    assert len({round(manner.width, 4) for manner in manners.values()}) > 6


def test_a_convolution_is_that_of_opencv():
    random = np.random.default_rng(0)
    picture = random.standard_normal((3, 17, 22)).astype(np.float32)
    kernel = random.standard_normal((5, 3, 3, 3)).astype(np.float32)
    found = parts.net.convolved(
        parts.net.padded(picture), parts.net.flat(kernel), np.zeros(5, np.float32)
    )
    for place in range(5):
        wanted = sum(
            cv2.filter2D(picture[band], -1, kernel[place, band], borderType=cv2.BORDER_REPLICATE)
            for band in range(3)
        )
        assert np.allclose(found[place], wanted, atol=1e-4)


def test_what_goes_back_is_the_transpose_of_what_went_forward():
    random = np.random.default_rng(1)
    x, up = (random.standard_normal((4, *shape)).astype(np.float32) for shape in ((9, 14), (9, 13)))
    y = random.standard_normal((6, 9, 14)).astype(np.float32)
    kernel = parts.net.flat(random.standard_normal((6, 4, 3, 3)))
    ahead = parts.net.convolved(parts.net.padded(x), kernel, np.zeros(6, np.float32))
    assert (ahead * y).sum() == pytest.approx((x * parts.net.spread(y, kernel)).sum(), abs=1e-2)
    small = random.standard_normal((4, 4, 6)).astype(np.float32)
    back = parts.net.unhalved(small, up.shape)
    assert (parts.net.halved(up) * small).sum() == pytest.approx((up * back).sum(), abs=1e-3)


def test_gradients_lead_down(features):
    random = np.random.default_rng(1)
    picture = random.random((3, 27, 34)).astype(np.float32)

    def loss(at):
        return sum(np.square(m).mean() for m in features.forward(at))

    maps = features.forward(picture)
    slope = features.backward(maps, [2 * m / m.size for m in maps])
    step = 1e-3 / np.abs(slope).max()
    fallen = loss(picture) - loss(picture - step * slope)
    assert fallen == pytest.approx(step * np.square(slope).sum(), rel=0.2)


def test_the_texture_comes_nearer(photo, works, features):
    painting = works.named("howl").picture(96)
    coloured = parts.palette.Palette.between(photo, painting).apply(photo)
    steps = []
    found = parts.texture.textured(coloured, painting, features, lambda *done: steps.append(done))

    def off(picture):
        wanted = features.forward(parts.texture.planes(painting))
        maps = features.forward(parts.texture.planes(picture))
        pairs = zip(maps, wanted, strict=True)
        grams = [[parts.texture.gram(parts.texture.flat(m)) for m in pair] for pair in pairs]
        return [np.abs(a - b).mean() for a, b in grams]

    assert found.shape == photo.shape
    ratios = np.array(off(found)) / off(coloured)
    assert ratios.mean() < 0.75
    assert steps[-1][0] == steps[-1][1]


def test_texture_works_on_a_bounded_size():
    for shape in [(32, 32), (4000, 6000), (32, 9000), (191, 5000)]:
        sizes = parts.texture.sizes_of(shape)
        assert all(min(size) <= 384 and max(size) <= 3 * 384 for size in sizes)
        assert sizes == sorted(sizes)


def test_the_fast_net_is_exact_in_strips(photo, monkeypatch):
    brushes = parts.brushes.Brushes.read(STYLISE / "brushes.npz")
    picture = np.tile(photo, (3, 1, 1))[:259, :101]
    whole = brushes.painted(picture, brushes.names[0])
    monkeypatch.setattr(parts.brushes, "STRIP", 101 * 40)
    assert np.abs(brushes.painted(picture, brushes.names[0]) - whole).max() < 1e-5
    assert len({brushes.painted(picture, name).tobytes() for name in brushes.names}) == len(
        brushes.names
    )


def test_folding_goes_back():
    picture = np.arange(3 * 8 * 12, dtype=np.float32).reshape(3, 8, 12)
    assert (parts.brushes.unfolded(parts.brushes.folded(picture)) == picture).all()


HEAD = "file\ttitle\tartist\tArt (image+title): fear\tImageOnly: fear\tArt (image+title): love"


def test_a_table_is_read_and_bad_rows_are_named():
    rows, faults = parts.works.parse(
        f"{HEAD}\na.jpg\tA\tB\t0.5\t0.9\t\nb.jpg\tB\tC\tmuch\t0\t0\nc.jpg\tC\tD\t1.5\t0\t0\n"
        "d.jpg\n\n\t\t\t0.1\t0\t0\n",
        "\t",
        "feelings.tsv",
    )
    assert [row.emotions for row in rows] == [{"fear": 0.5}]
    assert [fault.partition(":")[0] for fault in faults] == [
        f"feelings.tsv, line {line}" for line in (3, 4, 5, 7)
    ]
    assert "'much'" in faults[0]
    assert "1.5" in faults[1]
    assert parts.works.parse("file,title\na,b", ",", "t.csv") == (
        [], ["t.csv: no column is called by an emotion, such as love or fear"],
    )  # fmt: skip


@settings(max_examples=60)
@given(st.text(st.characters(codec="utf-8"), max_size=300), st.sampled_from(",\t"))
def test_no_table_is_too_bad_to_be_read(text, delimiter):
    rows, faults = parts.works.parse(f"file{delimiter}fear\n{text}", delimiter)
    assert all(set(row.emotions) <= {"fear"} for row in rows)
    assert all(isinstance(fault, str) for fault in faults)


def test_works_of_ones_own_with_the_table_of_wikiart(tmp_path):
    for name in ("the_scream", "munch_sun", "x1", "alone"):
        cv2.imwrite(str(tmp_path / f"{name}.jpg"), np.full((9, 12, 3), 90, np.uint8))
    (tmp_path / "emotions.tsv").write_text(
        "ID\tArtist\tTitle\tYear\tArt (image+title): fear\tArt (image+title): love\n"
        "k9\tEdvard Munch\tThe Scream\t1893\t0.8\t0\n"
        "k8\tEdvard Munch\tThe Sun\t1911\t0\t0.4\n"
        "k7\tSomebody else\tThe Sun\t1911\t1\t0\n"
        "x1\tAnybody\tUntitled\t\t0.1\t0.1\n",
        "utf-8",
    )
    works = parts.works.Works.read(tmp_path)
    assert {work.name: dict(work.emotions) for work in works.works} == {
        "alone": {},
        "munch_sun": {"love": 0.4},
        "the_scream": {"fear": 0.8},
        "x1": {"fear": 0.1, "love": 0.1},
    }
    assert works.drawn({"love": 1.0}, 5).name in {"munch_sun", "x1"}
    with pytest.raises(ValueError, match="there are alone, munch_sun"):
        works.named("sunflowers")
    (tmp_path / "alone.jpg").write_bytes(b"no picture")
    with pytest.raises(ValueError, match="is no picture"):
        works.named("alone").picture(64)


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(ValueError, match="there is no picture"):
        parts.works.Works.read(tmp_path)
    with pytest.raises(ValueError, match="cannot be read"):
        parts.works.Works.read(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("poem", "emotion"),
    [
        ("cherry blossoms fall\non my mother's sleeping child", "love"),
        ("alone in the rain\nweeping at the empty grave", "sadness"),
        ("wolves howl in the dark", "fear"),
        ("we dance and we laugh", "happiness"),
        ("I am not afraid", "trust"),
        ("we don\u2019t fear", "trust"),
        ("never a happy day", "sadness"),
        ("qwrtz, 42", "neutral"),
    ],
)
def test_what_a_text_feels_like(poem, emotion):
    assert next(iter(parts.emotions.felt(poem))) == emotion


def test_endings_are_taken_off():
    stem = parts.emotions.stem
    assert stem("stories") == stem("story")
    assert stem("running") == stem("run")
    assert stem("weeping") == stem("weeps") == "weep"
    assert stem("sea") == "sea"


@settings(max_examples=80)
@given(st.text(max_size=200))
def test_shares_of_emotions_add_up(text):
    found = parts.emotions.felt(text)
    assert sum(found.values()) == pytest.approx(1)
    assert set(found) <= set(parts.emotions.EMOTIONS)


def test_every_emotion_has_a_painting_and_words(works):
    told = {emotion for meant in parts.emotions.meanings().values() for emotion in meant}
    assert told == set(parts.emotions.EMOTIONS) - {"neutral"}
    for emotion in parts.emotions.EMOTIONS:
        best = max(parts.works.fit(work.emotions, {emotion: 1.0}) for work in works.works)
        assert best > 0.25, emotion


def test_a_poem_draws_among_the_paintings_that_fit(works):
    felt = parts.emotions.felt("lonely rain on the grave of my lost brother")
    drawn = {works.drawn(felt, seed).name for seed in range(40)}
    assert "dusk" in drawn
    assert not drawn & {"noon", "wild", "rays"}
    assert {works.drawn({}, seed).name for seed in range(200)} == {w.name for w in works.works}


def test_the_paintings_are_small_and_say_who_they_are(works):
    assert not works.faults
    for work in works.works:
        assert work.title
        assert work.emotions
        assert work.path.stat().st_size <= 60_000
        assert Path(work.path).suffix == ".webp"
