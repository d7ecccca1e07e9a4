"""What runs share: one link for each model, models by id and by file, and memory."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from printroom.catalogue.card import Model, ModelCard
from printroom.core.errors import NeedsMemory, NotFound, ScaleNotOffered
from printroom.core.settings import Settings
from printroom.engine.channels import Rows
from printroom.engine.enhancement import PictureFile
from printroom.engine.floor import Floor
from printroom.engine.order import Order
from printroom.engine.plan import resident
from printroom.engine.rasters import Raster
from printroom.imaging.encode import PictureSpec
from printroom.imaging.formats import PNG
from printroom.imaging.tiling import Geometry

MIB = 1 << 20


def picture(width: int, height: int) -> Raster:
    lines = np.random.default_rng(0).random((height, 3, width)).astype(np.float32)
    return Raster.of_lines(lines)


def test_a_model_is_loaded_once(floor: Floor) -> None:
    model = floor.model("test/denoise")
    assert floor.link(model) is floor.link(floor.model("test/denoise@1"))


def test_a_file_is_a_model_and_goes_by_its_id_afterwards(floor: Floor, shelf: Path) -> None:
    file = shelf / "deblur" / "1" / "net.onnx"
    model = floor.model(str(file))
    assert model.card.id == "local/net@1"
    assert floor.model("local/net@1") is model
    assert floor.model(file) is model


def test_who_serves_takes_no_files_by_text(shelf: Path, tmp_path: Path) -> None:
    """Strangers must not name files of the server."""
    file = shelf / "deblur" / "1" / "net.onnx"
    floor = Floor(Settings(data=tmp_path, models=(shelf,)), serving=True)
    with pytest.raises(NotFound):
        floor.model(str(file))
    assert floor.model(file).card.id == "local/net@1"
    floor.close()


def test_a_scale_that_nobody_offers(floor: Floor) -> None:
    with pytest.raises(ScaleNotOffered):
        floor.best(3)


def test_a_picture_through_no_link_is_itself(floor: Floor) -> None:
    raster = picture(90, 70)
    target = PictureFile(None, replace(raster.spec, depth=16), PNG)
    sent = floor.send(raster, (), target, Order())
    assert isinstance(sent.result, bytes)


def test_what_runs_hold_is_given_back(floor: Floor) -> None:
    links = [floor.link(floor.model(f"test/{task}")) for task in ("denoise", "deblur")]
    raster = picture(300, 200)
    before = floor.ledger.granted
    held: list[int] = []
    order = Order(progress=lambda *_: held.append(floor.ledger.granted))
    floor.send(raster, links, PictureFile(None, raster.spec, PNG), order)
    plan = floor.plan(raster, links, 8, 0)
    assert min(held) >= before + plan.bytes - floor.base - 48 * MIB
    assert floor.ledger.granted == before


def test_a_chain_that_does_not_fit_is_refused_before_its_first_tile(
    shelf: Path, tmp_path: Path
) -> None:
    floor = Floor(Settings(data=tmp_path, models=(shelf,), memory=resident() + 20 * MIB))
    links = [floor.link(floor.model(f"test/{task}")) for task in ("denoise", "deblur")]
    raster = picture(300, 200)
    with pytest.raises(NeedsMemory) as caught:
        floor.send(raster, links, PictureFile(None, raster.spec, PNG), Order())
    assert floor.scheduler.snapshot().tiles == 0
    assert caught.value.needed > floor.budget
    floor.close()


def test_a_picture_of_which_only_rows_are_known(floor: Floor) -> None:
    """Two readers at once, each from the top."""
    raster = picture(50, 40)
    with raster.open() as one, raster.open() as other:
        first: Rows = one.read(10)
        np.testing.assert_array_equal(first, other.read(10))
        assert len(one.read(100)) == 30
    assert raster.spec == PictureSpec(50, 40, 3, 8)


SWAP = """
import sys
from dataclasses import replace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import numpy as np
import psutil
from printroom.core.settings import Settings
from printroom.engine.enhancement import PictureFile
from printroom.engine.floor import Floor
from printroom.engine.order import Order
from printroom.engine.rasters import Raster
from printroom.imaging.formats import PNG

def resident():
    return psutil.Process().memory_info().rss // 1024

def send(name):
    target = PictureFile(None, raster.spec, PNG)
    return floor.send(raster, [floor.link(floor.model(name))], target, Order()).result

raster = Raster.of_lines(np.random.default_rng(0).random((16, 3, 16), np.float32))
settings = Settings(data=Path(sys.argv[2]), models=(Path(sys.argv[1]),), workers=1)
floor = Floor(replace(settings, model_memory=48 << 20))
names, seen = ("test/large0", "test/large1"), []
due = [send(name) for name in names]
for _ in range(12):
    for name, picture in zip(names, due):
        assert send(name) == picture
        assert sum(one.bytes > 0 for one in floor.residency.facts()) == 1
        seen.append(resident())
with floor.residency.lease([floor.residency.of(floor.model(names[0]))]):
    loaded = resident()
floor.residency.let_go()
print(max(seen[4:]) - min(seen[4:]), loaded - resident())
"""


def put_model(folder: Path, name: str, width: int, seed: int) -> None:
    """A model that keeps the size, with about `width` squared x 8 bytes of weights."""
    random, widths = np.random.default_rng(seed), (3, width, width, width, 3)
    kernels = [
        random.normal(0, 1 / before, (after, before, 1, 1)).astype(np.float32)
        for before, after in pairwise(widths)
    ]
    sides: list[str | int] = ["n", 3, "h", "w"]
    graph = helper.make_graph(
        [
            helper.make_node("Conv", [f"x{index}", f"kernel{index}"], [f"x{index + 1}"])
            for index in range(len(kernels))
        ],
        "net",
        [helper.make_tensor_value_info("x0", TensorProto.FLOAT, sides)],
        [helper.make_tensor_value_info(f"x{len(kernels)}", TensorProto.FLOAT, sides)],
        [numpy_helper.from_array(kernel, f"kernel{index}") for index, kernel in enumerate(kernels)],
    )
    opset = [helper.make_opsetid("", 17)]
    weights = helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    card = ModelCard(
        name=f"test/{name}",
        version=1,
        title=name,
        weights="net.onnx",
        digest=hashlib.sha256(weights).hexdigest(),
        geometry=Geometry(),
        parameters=sum(kernel.size for kernel in kernels),
        licence="CC0-1.0",
        costs={32: 32 * 32 * width * 8},
    )
    home = folder / name / "1"
    home.mkdir(parents=True)
    (home / "net.onnx").write_bytes(weights)
    (home / "card.json").write_text(card.to_json())


@pytest.mark.slow
def test_a_model_that_is_let_go_gives_its_memory_back(tmp_path: Path) -> None:
    """Two of 32 MiB under a budget for one, in turns: one is there, and nothing grows."""
    for seed in range(2):
        put_model(tmp_path / "models", f"large{seed}", 2048, seed)
    command = [sys.executable, "-c", SWAP, str(tmp_path / "models"), str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    spread, freed = (int(number) for number in done.stdout.split())
    assert spread <= 8 * 1024
    assert freed >= 24 * 1024


def test_a_model_is_let_go_for_a_run_that_needs_its_memory(shelf: Path, tmp_path: Path) -> None:
    """And is loaded again for the next that wants it, through the same link."""
    floor = Floor(
        Settings(data=tmp_path, models=(shelf,), workers=1, memory=resident() + 400 * MIB)
    )
    idle, used = (floor.link(floor.model(f"test/{task}")) for task in ("denoise", "deblur"))
    raster = picture(60, 50)
    before = floor.send(raster, [idle], PictureFile(None, raster.spec, PNG), Order()).result
    with floor.reserved(floor.ledger.total - floor.ledger.kept + 1, Order()):
        pass
    assert [one.model for one in floor.residency.facts() if one.bytes] != []
    assert sum(one.evictions for one in floor.residency.facts()) == 1
    after = floor.send(raster, [idle], PictureFile(None, raster.spec, PNG), Order()).result
    assert before == after
    floor.send(raster, [used], PictureFile(None, raster.spec, PNG), Order())
    floor.close()


def test_weights_come_from_their_source_once_for_each_load(shelf: Path, tmp_path: Path) -> None:
    """A source may bring them from anywhere, to anywhere."""
    asked: list[str] = []

    class Elsewhere:
        @contextmanager
        def here(self, model: Model) -> Iterator[Path]:
            asked.append(model.card.id)
            place = tmp_path / f"brought{len(asked)}.onnx"
            place.write_bytes(model.weights.read_bytes())
            yield place
            place.unlink()

    floor = Floor(Settings(data=tmp_path, models=(shelf,)), weights=Elsewhere())
    link = floor.link(floor.model("test/denoise"))
    picture = np.zeros((1, 3, 20, 20), np.float32)
    link.session.run(picture)
    link.session.run(picture)
    assert asked == ["test/denoise@1"]
    floor.residency.let_go()
    link.session.run(picture)
    assert asked == ["test/denoise@1"] * 2
    floor.close()


@pytest.mark.slow
def test_runs_and_swaps_of_many_threads_stay_within_the_memory(tmp_path: Path) -> None:
    """Chains of two models at most where there is room for two of four: nobody fails."""
    for seed in range(4):
        put_model(tmp_path / "models", f"net{seed}", 724, seed)
    settings = Settings(data=tmp_path, models=(tmp_path / "models",), workers=2)
    settings = replace(settings, memory=resident() + 600 * MIB, model_memory=12 * MIB)
    floor = Floor(settings, serving=True)
    models = [floor.model(f"test/net{seed}") for seed in range(4)]
    raster = picture(20, 16)

    def work(number: int) -> set[bytes]:
        links = [floor.link(models[(number + place) % 4]) for place in range(1 + number % 2)]
        made = set()
        for _ in range(4):
            target = PictureFile(None, raster.spec, PNG)
            result = floor.send(raster, links, target, Order()).result
            assert isinstance(result, bytes)
            made.add(result)
            assert floor.ledger.kept + floor.ledger.granted <= floor.ledger.total
        return made

    with ThreadPoolExecutor(4) as pool:
        assert [len(made) for made in pool.map(work, range(4))] == [1] * 4
    assert sum(one.evictions for one in floor.residency.facts()) > 0
    assert floor.ledger.granted == 0
    floor.close()
    assert floor.ledger.kept == 0
