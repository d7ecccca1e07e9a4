"""PostgreSQL is gone for a while under a server and its worker: said so, and nothing is lost."""

import threading

import pytest

NAP = """
name: nap
inputs: {seconds: number}
steps:
  slept: {use: nap, with: {seconds: $seconds}}
outputs: {seconds: $slept.result}
"""
RUNS = 6


@pytest.fixture(scope="module")
def house(tmp_path_factory, models, drawing, postgres, tools):
    """A server with a worker beside it, over PostgreSQL."""
    data = tmp_path_factory.mktemp("away")
    url = postgres.create()
    with tools.Installation(data, models, database_url=url) as installation:
        installation.environment["PRINTROOM_MEMORY"] = "1GiB"
        installation.environment["PYTHONPATH"] = str(drawing)
        installation.client = installation.serve()
        answer = installation.client.post("/v1/pipelines", json={"yaml": NAP})
        assert answer.status_code == 201, answer.text
        installation.target = answer.json()["id"]
        yield installation


def asked(client, target, number):
    body = {"target": target, "input": {"seconds": 0.5}}
    return client.post("/v1/runs", json=body, headers={"Idempotency-Key": f"key-{number}"})


def away(answer):
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable"), answer.text
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["retry_after"] >= 1


@pytest.mark.slow
def test_no_run_is_lost_and_none_is_counted_twice(house, postgres, tools):
    client, (picture, _) = house.client, tools.png()

    def enhanced():
        return client.post("/v1/images/enhance", params={"model": "test/double@1"}, content=picture)

    assert enhanced().status_code == 200
    taken = [asked(client, house.target, number).json()["id"] for number in range(RUNS)]
    tools.eventually(lambda: client.get(f"/v1/runs/{taken[0]}").json()["status"] != "queued")
    postgres.stop()
    try:
        assert enhanced().status_code == 200  # who was seen a moment ago goes on
        asking = [
            threading.Thread(target=lambda number=number: answers.append(
                asked(client, house.target, number)))
            for number in (0, RUNS)
        ]  # fmt: skip
        answers = []
        for thread in asking:
            thread.start()
        away(client.get("/v1/keys"))
        away(client.get(f"/v1/runs/{taken[0]}"))
        assert client.get("/healthz").status_code == 200
        for thread in asking:
            thread.join()
        for answer in answers:
            away(answer)
    finally:
        postgres.begin()
    again = tools.eventually(lambda: _good(asked(client, house.target, RUNS)))
    repeated = asked(client, house.target, 0)
    assert repeated.json()["id"] == taken[0]
    assert repeated.headers["idempotent-replayed"] == "true"
    taken.append(again.json()["id"])
    for name in taken:
        over = tools.eventually(lambda name=name: _over(client, name), 120)
        assert over["status"] == "succeeded", over
    assert enhanced().status_code == 200
    listed = [one["id"] for one in client.get("/v1/runs").json()["data"]]
    assert sorted(listed) == sorted(taken)

    def counted():
        used = client.get("/v1/usage", params={"by": "target"}).json()["data"]
        return {one["target"].rpartition("/")[2].partition("@")[0]: one["runs"] for one in used}

    tools.eventually(lambda: sum(counted().values()) >= len(taken) + 3)
    assert counted() == {"nap": len(taken), "enhance": 3}


def _good(answer):
    return answer if answer.status_code == 201 else None


def _over(client, name):
    answer = client.get(f"/v1/runs/{name}")
    found = answer.json()
    return found if found.get("status") in ("succeeded", "failed") else None
