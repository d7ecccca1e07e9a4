import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from printroom.core.errors import BadOption, Overloaded
from printroom.core.settings import Settings
from printroom.engine import device as devices
from printroom.engine.device import Device, _quota, usable_cpus
from printroom.engine.floor import Floor
from printroom.isolation.cards import Card, Place
from printroom.isolation.grants import NOTHING, UNITS, Ask, CardLedger

ALPHA = Place("GPU-a", "Alpha")


def has_cuda() -> bool:
    try:
        Device.parse("cuda")
    except BadOption:
        return False
    return True


def test_the_cpu_is_exact_and_timed_by_its_own_clock() -> None:
    device = Device.parse("cpu")
    assert device.tolerance == 0
    assert device.clock is time.thread_time
    assert device.workers == usable_cpus() >= 1
    assert device.video is None
    assert device.providers == ("CPUExecutionProvider",)


@pytest.mark.parametrize("name", ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "CPU", "mps"])
def test_what_is_no_device_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(BadOption, match="choose cpu"):
        Device.parse(name)


@pytest.mark.skipif(has_cuda(), reason="this machine has CUDA")
@pytest.mark.parametrize("name", ["cuda", "cuda:1", "MIG-0b1c"])
def test_a_card_that_is_not_here_is_refused_with_a_remedy(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with pytest.raises(BadOption, match="--device cpu"):
        Device.parse(name)
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


@pytest.mark.gpu
@pytest.mark.skipif(not has_cuda(), reason="needs a CUDA device")
def test_a_card_has_memory_and_a_tolerance() -> None:
    device = Device.parse("cuda:0")
    assert device.tolerance == 1e-4
    assert device.clock is time.perf_counter
    assert device.video is not None
    assert device.video > 1 << 30


@pytest.mark.parametrize(
    ("text", "cpus"),
    [("max 100000", 1 << 30), ("150000 100000", 2), ("50000 100000", 1), ("400000 100000\n", 4)],
)
def test_a_control_group_limits_the_workers(tmp_path: Path, text: str, cpus: int) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(text)
    assert _quota(file) == cpus
    assert _quota(tmp_path / "none") == 1 << 30


def on_a_card(share: float) -> Device:
    """What a process would have whose card the ledger is given."""
    return replace(Device.parse("cpu"), place=ALPHA, share=share)


def test_two_share_a_card_and_a_third_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "_PATIENCE", 0.1)
    ledger = CardLedger(tmp_path)
    first, second = (on_a_card(0.5).hold(ledger) for _ in range(2))
    with pytest.raises(Overloaded, match=rf"0\.5 of Alpha.*process {os.getpid()}.*GPU_SHARE"):
        on_a_card(0.5).hold(ledger)
    first.close()
    on_a_card(0.45).hold(ledger).close()
    second.close()
    assert Device.parse("cpu").hold(ledger) is NOTHING


def test_models_take_their_share_with_the_first_and_steps_have_the_rest(
    tmp_path: Path, models: Path
) -> None:
    ledger = CardLedger(tmp_path / "cards", lambda: (Card(0, "Alpha", "GPU-a"),))
    floor = Floor(Settings(data=tmp_path, models=(models,), workers=1))
    floor.device = on_a_card(0.9)
    ledger.take_of(ALPHA, 1, "nobody has it yet").close()  # type: ignore[union-attr]
    floor.link(floor.model("test/double@1"))
    assert ledger.take(Ask(0.15), "step large") is None
    rest = ledger.take(Ask(0.1), "step small")
    assert rest is not None
    assert len(rest.files) == UNITS // 10
    rest.close()
    floor.close()
    ledger.take_of(ALPHA, 1, "nobody has it any more").close()  # type: ignore[union-attr]
