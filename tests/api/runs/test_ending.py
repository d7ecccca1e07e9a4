"""A server that ends leaves nobody hanging; clients that take nothing are dropped."""

import threading
import time

import httpx
import pytest


@pytest.fixture
def idle(tmp_path, models, tools):
    """A server without a worker, and a run that waits."""
    data = tmp_path / "data"
    tools.publish(data, models)
    with tools.Installation(data, models, http_worker="0") as made:
        client = made.serve()
        body = {"target": "double", "input": {"image": tools.upload(client, tools.png()[0])}}
        yield made, client, body


@pytest.mark.slow
def test_whoever_waits_or_listens_is_answered_when_the_server_ends(idle):
    made, client, body = idle
    run = client.post("/v1/runs", json=body).json()
    heard, waited, base = [], [], str(client.base_url).rstrip("/")

    def listen():
        with httpx.stream("GET", base + run["urls"]["events"], timeout=60) as one:
            heard.append(one.read().decode())

    def wait():
        headers = {"prefer": "wait=60"}
        waited.append(httpx.post(f"{base}/v1/runs", json=body, headers=headers, timeout=90))

    threads = [threading.Thread(target=listen), threading.Thread(target=wait)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    assert made.stop(made.server) == 0
    for thread in threads:
        thread.join(30)
    assert "event: queued" in heard[0]
    assert (waited[0].status_code, waited[0].json()["status"]) == (201, "queued")


@pytest.mark.slow
def test_runs_of_a_server_that_was_stopped_are_there_when_it_is_back(idle, tools):
    made, client, body = idle
    run = client.post("/v1/runs", json=body, headers={"idempotency-key": "one"}).json()
    assert made.stop(made.server) == 0
    again = made.serve(http_worker="1")
    same = again.post(
        "/v1/runs", json=body, headers={"idempotency-key": "one", "prefer": "wait=60"}
    )
    assert (same.json()["id"], same.json()["status"]) == (run["id"], "succeeded")
    assert made.stop(made.server) == 0
