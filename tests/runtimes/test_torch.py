"""PyTorch in an environment of its own: exported programs, and safetensors by a step's own code."""

import subprocess
import textwrap

import numpy as np
import pytest

from printroom.core.errors import BadModel, EnvironmentFailed
from printroom.isolation.environments import Environments, EnvironmentSpec
from printroom.isolation.folder import StepSource
from printroom.isolation.house import Isolation
from printroom.isolation.session import TORCH, IsolatedSession

pytestmark = pytest.mark.slow
PYTHON = TORCH.pythons[0]
MAKE = """
    import numpy, torch
    from safetensors.torch import save_file

    class Net(torch.nn.Module):
        "Twice the size; looks at whole windows of 3 x 3."
        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 12, 3, padding=1)

        def forward(self, x):
            return torch.nn.functional.pixel_shuffle(self.conv(x), 2)

    torch.manual_seed(0)
    torch.set_num_threads(1)
    net = Net().eval()
    x = torch.rand(2, 3, 16, 12)
    any_size = {0: torch.export.Dim("n"), 2: torch.export.Dim("h"), 3: torch.export.Dim("w")}
    program = torch.export.export(net, (x,), dynamic_shapes=[any_size])
    torch.export.save(program, "net.pt2")
    save_file(net.state_dict(), "net.safetensors")
    numpy.save("x.npy", x.numpy())
    numpy.save("y.npy", net(x).detach().numpy())
"""
STEP = """
    import torch
    from printroom_step import Array, step
    from safetensors.torch import load_file

    @step
    class Net:
        "A network of three lines, as its author wrote it."

        def __init__(self):
            self.conv = torch.nn.Conv2d(3, 12, 3, padding=1)
            weights = load_file("net.safetensors")
            self.conv.load_state_dict({name[5:]: one for name, one in weights.items()})

        @torch.no_grad()
        def run(self, batch: Array("float32")) -> Array("float32"):
            return torch.nn.functional.pixel_shuffle(self.conv(torch.as_tensor(batch)), 2)
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("torch")


@pytest.fixture(scope="module")
def made(data, tmp_path_factory):
    """A folder with the network in both forms, an input and its result."""
    try:
        environment = Environments(data / "environments").get(
            EnvironmentSpec(PYTHON, TORCH.requirements)
        )
    except EnvironmentFailed as error:
        pytest.skip(f"no PyTorch for Python {PYTHON} here: {error}")
    if "nvidia" in environment.lock:
        pytest.skip("the build of PyTorch at hand is not for CPUs alone")
    folder = tmp_path_factory.mktemp("net")
    code = textwrap.dedent(MAKE)
    subprocess.run([environment.python, "-I", "-c", code], cwd=folder, check=True)
    return folder


def test_an_exported_program_is_a_session(made, data):
    session = IsolatedSession.open(Isolation(data), made / "net.pt2")
    try:
        x = np.load(made / "x.npy")
        assert np.abs(session.run(x) - np.load(made / "y.npy")).max() < 1e-5
        assert session.run(x[:1, :, :5, :7]).shape == (1, 3, 10, 14)
        assert session.resident_bytes > 100 * 2**20
    finally:
        session.close()


def test_what_is_no_exported_program_is_refused(made, data, tmp_path):
    (tmp_path / "bad.pt2").write_bytes(b"not a program")
    with pytest.raises(BadModel, match="cannot be loaded"):
        IsolatedSession.open(Isolation(data), tmp_path / "bad.pt2")


def test_safetensors_are_loaded_by_a_steps_own_code(made, data):
    (made / "step.py").write_text(textwrap.dedent(STEP))
    spec = EnvironmentSpec(PYTHON, TORCH.requirements)
    source = StepSource("net", made / "step.py", spec, folder=made)
    session = IsolatedSession(Isolation(data).open(source))
    try:
        result = session.run(np.load(made / "x.npy"))
        assert np.abs(result - np.load(made / "y.npy")).max() < 1e-5
    finally:
        session.close()
