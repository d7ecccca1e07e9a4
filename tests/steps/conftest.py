"""The models that come with printroom, as steps get at them."""

from dataclasses import dataclass, field

import pytest

from printroom.catalogue.card import ModelCard
from printroom.catalogue.models import Catalogue
from printroom.runtimes.onnx.session import OnnxSession


@dataclass
class Shipped:
    """As much of a context as the step asks for: the models that come with printroom."""

    catalogue: Catalogue = field(default_factory=Catalogue)
    sessions: list[OnnxSession] = field(default_factory=list)

    def models(self, task: str, look: str = "faithful") -> list[ModelCard]:
        assert look == "faithful"
        return [model.card for model in self.catalogue.models if model.card.task == task]

    def session(self, model: str) -> OnnxSession:
        self.sessions.append(OnnxSession(self.catalogue.get(model).weights))
        return self.sessions[-1]


@pytest.fixture
def context():
    shipped = Shipped()
    yield shipped
    for session in shipped.sessions:
        session.close()


@pytest.fixture
def bare():
    """A context without a model."""
    return Shipped(Catalogue(()))
