"""What other services' clients make is counted as what ours make, and only when it succeeds."""

import time
from typing import Any

IMAGE = {"name": "image", "datatype": "FP32", "shape": [2, 3, 500, 500]}
TENSORS = {"inputs": [IMAGE | {"data": [0.5] * 1_500_000}]}
DRAWN = {"model": "draw", "prompt": "a tram", "size": "1000x500", "n": 2}


def used(server: Any, target: str) -> tuple[int, int, float]:
    """Runs, pictures and megapixels of a target, as far as the server has counted."""
    rows = server.client.get("/v1/usage", params={"by": "target"}).json()["data"]
    found = [row for row in rows if row["target"] == target]
    return tuple(sum(row[name] for row in found) for name in ("runs", "pictures", "megapixels"))  # type: ignore[return-value]


def grown(server: Any, target: str, before: tuple[int, int, float], runs: int) -> tuple[int, float]:
    """By how many pictures and megapixels, once that many more runs are counted."""
    end = time.monotonic() + 60
    while (now := used(server, target))[0] < before[0] + runs:
        assert time.monotonic() < end, "it is not counted"
        time.sleep(0.1)
    assert now[0] == before[0] + runs
    return now[1] - before[1], round(now[2] - before[2], 6)


def test_tensors(server: Any) -> None:
    before = used(server, "test/double@1")
    url = "/v2/models/double/infer"
    assert server.client.post(url, json={"inputs": [IMAGE]}).status_code == 422
    wanted = TENSORS | {"outputs": [{"name": "result", "parameters": {"binary_data": True}}]}
    assert server.client.post(url, json=wanted).status_code == 200
    assert grown(server, "test/double@1", before, 1) == (2, 2.0)


def test_pictures(server: Any) -> None:
    before = used(server, "draw@1")
    url = "/compat/openai/v1/images/generations"
    assert server.client.post(url, json=DRAWN | {"n": 0}).status_code == 422
    assert server.client.post(url, json=DRAWN).status_code == 200
    assert grown(server, "draw@1", before, 1) == (2, 1.0)
