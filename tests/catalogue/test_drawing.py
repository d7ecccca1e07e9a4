"""A small GAN goes through import, is read, and draws: the same seed is the same picture."""

import os
import subprocess
import sys

import numpy as np
import pytest

from printroom.catalogue.entering import correct, enter
from printroom.catalogue.examples import SAMPLE
from printroom.catalogue.models import Catalogue
from printroom.catalogue.opening import open_generator, open_model
from printroom.catalogue.wishes import Wishes
from printroom.core.errors import BadModel, BadOption, ModelFailed
from printroom.core.settings import Settings
from printroom.engine.enhancement import EnhanceOptions
from printroom.imaging.image import Image
from printroom.isolation.house import Isolation
from printroom.runtimes.onnx.generator import conditions
from printroom.workshop import Workshop


@pytest.fixture
def entered(tmp_path, gan):
    """A GAN, entered; further keywords go to its making."""

    def make(wishes=None, **options):
        file = tmp_path / "Small Gan.onnx"
        file.write_bytes(gan(**options))
        said = []
        isolation = Isolation(tmp_path / "data")
        model = enter(file, tmp_path / "models", isolation, wishes=wishes, say=said.append)
        return model, said

    return make


def test_the_same_seed_is_the_same_picture(entered):
    model, said = entered()
    assert model.card.id == "local/small-gan@1"
    assert model.card.reading.classes.names == ("cat", "dog", "owl")
    assert model.card.reading.output.range == (-1, 1)
    assert "-1..1" in said[-1]
    assert "each another picture" in said[-1]
    generator, again = open_generator(model), open_generator(model)
    picture = generator.draw(5, "dog")
    assert (picture.shape, picture.dtype) == ((1, 3, 32, 32), np.float32)
    assert -0.01 <= picture.min() < picture.max() <= 1.01
    assert np.array_equal(picture, again.draw(5, "dog"))
    assert not np.array_equal(picture, generator.draw(6, "dog"))
    assert not np.array_equal(picture, generator.draw(5, "owl"))
    assert np.array_equal(generator.draw(5), generator.draw(5, "cat"))


def test_its_numbers_are_those_that_published_seeds_mean(entered):
    model, _said = entered()
    generator, latent = open_generator(model), np.random.RandomState(9).randn(1, 16)
    feed = {"z": latent.astype(np.float32), "label": np.array([1])}
    wanted = generator._session.run(None, feed)[0]
    assert np.array_equal(generator.raw(9, "dog"), wanted)


def test_a_class_may_be_a_vector(entered):
    by_number, _said = entered()
    by_vector, _said = entered(by_number=False)
    assert by_vector.card.version == 2
    assert by_vector.card.reading.classes.form == "one-hot"
    one, other = open_generator(by_number).draw(1, "owl"), open_generator(by_vector).draw(1, "owl")
    assert np.abs(one - other).max() < 1e-5


def test_classes_without_names_are_counted_and_can_be_named(entered, tmp_path):
    model, _said = entered(named=False)
    assert model.card.reading.classes.names == ("0", "1", "2")
    named = correct(model, tmp_path / "models", Wishes(classes=("a", "b", "c")))
    assert named.card.version == 2
    assert np.array_equal(open_generator(named).draw(3, "b"), open_generator(model).draw(3, "1"))
    with pytest.raises(BadOption, match="3 classes, not 2"):
        correct(model, tmp_path / "models", Wishes(classes=("a", "b")))


def test_the_range_is_told_by_the_values_and_can_be_said(entered, tmp_path):
    unit, _said = entered(last="Sigmoid")
    assert unit.card.reading.output.range == (0, 1)
    wide, _said = entered(Wishes(output_range=(0, 2)), last="Sigmoid")
    assert np.allclose(open_generator(wide).draw(0) * 2, open_generator(unit).draw(0))
    flat = correct(unit, tmp_path / "models", Wishes(distribution="uniform"))
    assert flat.card.reading.latents[0].distribution == "uniform"


def test_what_it_cannot_do_is_said(entered):
    model, _said = entered()
    with pytest.raises(BadOption, match=r"no 'horse'.*cat, dog, owl"):
        open_generator(model).draw(0, "horse")
    with pytest.raises(BadOption, match="-1 is no seed"):
        open_generator(model).draw(-1)


def test_it_is_loaded_like_any_other_and_takes_its_numbers(entered):
    model, _said = entered()
    session = open_model(model)
    made = session.run(conditions(model.card.reading, 5, "dog"))
    assert np.array_equal(made, open_generator(model).draw(5, "dog"))
    with pytest.raises(ModelFailed, match="drawn from 17 numbers"):
        session.run(np.zeros((1, 3, 8, 8), np.float32))
    session.close()


def test_no_picture_passes_through_it(entered, tmp_path):
    model, _said = entered()
    with Workshop(Settings(data=tmp_path / "data", models=(tmp_path / "models",))) as workshop:
        with pytest.raises(BadModel, match="draws pictures and takes none"):
            workshop.enhance(SAMPLE, options=EnhanceOptions(model=model.card.id))
        with pytest.raises(BadModel, match="takes a picture and draws none"):
            workshop.floor.draw(workshop.floor.best(2), 0)


def test_it_draws_from_the_command_line(tmp_path, gan):
    (tmp_path / "gan.onnx").write_bytes(gan())
    environment = {"PATH": os.environ["PATH"], "PRINTROOM_DATA": str(tmp_path / "data")}

    def printroom(*words):
        command = [sys.executable, "-m", "printroom", "models", *words]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    assert "local/gan@1" in printroom("import", "gan.onnx").stdout
    for name in ("one.png", "two.png"):
        done = printroom("draw", "local/gan", "-o", name, "--seed", "4", "--class", "owl")
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with Image.open(tmp_path / "one.png") as image:
        assert (image.width, image.height) == (32, 32)
    refused = printroom("draw", "local/gan", "-o", "three.png", "--class", "horse")
    assert (refused.returncode, "cat, dog, owl" in refused.stderr) == (2, True)
    assert Catalogue([tmp_path / "data" / "models"]).get("local/gan").card.task == "other"
