"""One line of events for all runs of an account."""

import base64
import json
import threading

import httpx


def ask(client, data, **fields):
    image = "data:image/png;base64," + base64.b64encode(data).decode()
    answer = client.post("/v1/runs", json={"target": "double", "input": {"image": image}, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def read(client, headers, until):
    """Events as (id, event, data), until one of them is what `until` looks for."""
    seen, found = [], {}
    with client.stream("GET", "/v1/events", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        until.ready.set()
        for line in answer.iter_lines():
            if line:
                name, _, value = line.partition(": ")
                found[name] = value
            elif "data" in found:
                seen.append((found.get("id"), found["event"], json.loads(found["data"])))
                found = {}
                if until(seen):
                    return seen
    raise AssertionError("the stream ended")


class Over:
    """Whether some runs are over: as many as are named by then, or in the end."""

    def __init__(self, number):
        self.number, self.ids, self.ready = number, [], threading.Event()

    def __call__(self, seen):
        ended = {data["run_id"] for _, event, data in seen if event in ("done", "dead")}
        return len(self.ids) == self.number and ended >= set(self.ids)


def test_all_runs_are_told_by_one_line_and_it_goes_on_where_it_broke(client, tools):
    until, found = Over(3), []
    with httpx.Client(base_url=client.base_url, timeout=60) as other:
        reading = threading.Thread(target=lambda: found.extend(read(other, {}, until)))
        reading.start()
        assert until.ready.wait(30)
        for seed in range(3):
            until.ids.append(ask(client, tools.png(seed=seed)[0], output={"previews": True}))
        ask(client, tools.png()[0])  # whose events come behind the last of those
        reading.join(60)
    assert not reading.is_alive()
    ids = until.ids
    mine = [(mark, event, data) for mark, event, data in found if data["run_id"] in ids]
    for run in ids:
        told = [(event, data) for _, event, data in mine if data["run_id"] == run]
        numbers = [data["number"] for _, data in told]
        assert numbers == sorted(set(numbers))
        assert [event for event, _ in told][:2] == ["queued", "started"]
        assert told[-1][0] == "done"
        assert told[-1][1]["run"] == client.get(f"/v1/runs/{run}").json()
        assert "preview" not in [event for event, _ in told]
    # From the first event on, all of it again; what it had is known by run and number.
    until.ready.clear()
    again = read(client, {"last-event-id": mine[0][0]}, until)
    known = {(data["run_id"], data["number"]) for _, _, data in again}
    assert {(data["run_id"], data["number"]) for _, _, data in mine} <= known


def test_runs_are_listed_by_pipeline(client, tools):
    ask(client, tools.png()[0])
    found = client.get("/v1/runs", params={"target": "double", "status": "succeeded"}).json()
    assert {one["target"] for one in found["data"]} <= {"double@1"}
    assert client.get("/v1/runs", params={"target": "local/double"}).json()["data"]
    assert client.get("/v1/runs", params={"target": "nothing"}).json() == {"data": [], "next": None}
    assert client.get("/v1/runs", params={"target": "double@1"}).status_code == 422
