"""What a step asks for is what a worker that has it announces."""

from pathlib import Path

import pytest

from printroom.core.settings import Settings
from printroom.isolation import cards
from printroom.pipelines.step_toml import Resources, StepManifest
from printroom.runs.target import needs_of
from printroom.runs.work import labels_here

CARDS = (cards.Card(0, "", "GPU-1"), cards.Card(1, "", "GPU-2", (cards.Slice("1g.10gb+me", "M"),)))


def manifest(requirements=(), **resources):
    return StepManifest(
        "s", Path(), Path("s.py"), "3.11", requirements, None, Resources(**resources)
    )


@pytest.mark.parametrize(
    ("resources", "labels"),
    [
        ({}, set()),
        ({"labels": ("eu",)}, {"eu"}),
        ({"gpu": 0.5}, {"gpu"}),
        ({"mig": "1g.10gb+me"}, {"mig-1g.10gb-me"}),
        ({"image": "acme/steps:1"}, {"image-acme-steps-1"}),
    ],
)
def test_labels_of_a_step(resources, labels):
    assert needs_of(manifest(**resources)).labels == labels


def test_a_step_whose_environment_can_be_made_needs_no_image():
    assert needs_of(manifest(("numpy",), image="acme/steps:1", memory=5)).labels == set()
    assert needs_of(manifest(("numpy",), image="acme/steps:1", memory=5)).bytes == 5


def test_a_worker_has_the_labels_of_its_image_and_its_cards():
    found = labels_here(Settings(image="acme/steps:1"))
    assert found == cards.labels(cards.here()) | {"image-acme-steps-1"}
    wanted = needs_of(manifest(gpu=1)).labels | needs_of(manifest(mig="1g.10gb+me")).labels
    assert wanted <= cards.labels(CARDS)
