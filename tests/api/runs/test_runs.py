"""Runs over HTTP: asked for once, waited for, followed, taken back; nobody else's."""

import base64
import json

import numpy as np
import pytest


def inline(data):
    return "data:image/png;base64," + base64.b64encode(data).decode()


def ask(client, data, target="double", headers=None, **fields):
    body = {"target": target, "input": {"image": inline(data)}, **fields}
    return client.post("/v1/runs", json=body, headers=headers or {})


def sse(text):
    """The events of a stream: (id, event, data)."""
    for block in text.split("\n\n"):
        lines = [line.partition(": ") for line in block.splitlines() if not line.startswith(":")]
        found = {name: value for name, _, value in lines}
        if "data" in found:
            yield found.get("id"), found["event"], json.loads(found["data"])


def test_whoever_waits_gets_the_result(client, tools):
    data, samples = tools.png()
    file = tools.upload(client, data)
    body = {"target": "double", "input": {"image": file}}
    answer = client.post("/v1/runs", json=body, headers={"prefer": "wait=60"})
    assert answer.status_code == 201
    assert answer.headers["preference-applied"] == "wait=60"
    run = answer.json()
    assert answer.headers["location"] == run["urls"]["get"]
    assert run["status"] == "succeeded", run
    made = client.get(f"/v1/files/{run['output']['image']['file']}/content")
    assert np.array_equal(tools.pixels(made.content), samples.repeat(2, 0).repeat(2, 1))
    assert client.get(run["urls"]["get"]).json() == run
    assert run["id"] in [one["id"] for one in client.get("/v1/runs").json()["data"]]


def test_a_key_makes_one_run(client, tools):
    data = tools.png()[0]
    first = ask(client, data, headers={"idempotency-key": "order-1"})
    again = ask(client, data, headers={"idempotency-key": "order-1"})
    assert first.json()["id"] == again.json()["id"]
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    other = ask(client, tools.png(seed=1)[0], headers={"idempotency-key": "order-1"})
    assert other.status_code == 422
    assert other.json()["code"] == other.json()["error"]["code"] == "idempotency_key_reused"


def test_events_come_in_order_and_go_on_where_they_were_cut_off(client, tools):
    run = ask(client, tools.png()[0]).json()
    with client.stream("GET", run["urls"]["events"]) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = [one for one in sse(answer.read().decode()) if one[0]]
    assert [int(number) for number, _, _ in told] == list(range(1, len(told) + 1))
    assert [kind for _, kind, _ in told[:2]] == ["queued", "started"]
    assert told[-1][1] == "done"
    assert told[-1][2]["run"]["status"] == "succeeded"
    rest = client.get(run["urls"]["events"], headers={"last-event-id": "2"})
    assert [one for one in sse(rest.text) if one[0]] == told[2:]


def test_pages_hold_every_run_once(client, tools):
    asked = {ask(client, tools.png()[0]).json()["id"] for _ in range(5)}
    seen, after = [], None
    while True:
        params = {"limit": 2} | ({"after": after} if after else {})
        page = client.get("/v1/runs", params=params).json()
        seen += [one["id"] for one in page["data"]]
        after = page["next"]
        if after is None:
            break
    assert len(seen) == len(set(seen))
    assert asked <= set(seen)


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"target": "double", "input": {}}, 422, "input.image"),
        ({"target": "double", "input": {"image": 3}}, 422, "input.image"),
        ({"target": "double", "input": {"image": "/etc/passwd"}}, 422, "input.image"),
        ({"target": "double", "input": {"image": "http://127.0.0.2/"}}, 422, "input.image"),
        ({"target": "double", "input": {"picture": "file_1"}}, 422, "input.picture"),
        ({"target": "nothing", "input": {}}, 404, None),
        ({"target": "../double", "input": {}}, 404, None),
        ({"target": "double", "webhook": "https://10.1.2.3/"}, 422, None),
        ({"input": {}}, 422, "target"),
        ({"target": "double", "surprise": 1}, 422, "surprise"),
        ({"target": "double", "output": {"format": "bmp"}}, 422, "output.format"),
    ],
)
def test_what_cannot_be_run_is_refused_at_once(client, body, status, param):
    answer = client.post("/v1/runs", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["code"] == found["error"]["code"]
    if param:
        assert param in found["params"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"target": NaN}', b"1" * 100])
def test_what_is_no_json_is_refused(client, body):
    answer = client.post("/v1/runs", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "bad_option"


@pytest.mark.parametrize("address", ["", "/events", "/cancel", "/retry"])
def test_what_is_not_there_is_not_found(client, address):
    method = "POST" if address in ("/cancel", "/retry") else "GET"
    answer = client.request(method, f"/v1/runs/{'0' * 32}{address}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_run_that_is_over_stays_so(client, tools):
    run = ask(client, tools.png()[0], headers={"prefer": "wait"}).json()
    assert client.post(run["urls"]["cancel"]).json()["status"] == "succeeded"
    retried = client.post(f"/v1/runs/{run['id']}/retry")
    assert (retried.status_code, retried.json()["code"]) == (409, "wrong_state")


def test_a_failure_says_why(client):
    run = ask(client, b"no picture", headers={"prefer": "wait"}).json()
    assert (run["status"], run["error"]["code"]) == ("failed", "not_a_picture")
    again = client.post(f"/v1/runs/{run['id']}/retry")
    assert again.json()["status"] == "queued"


def test_a_quote_is_what_it_then_costs(client, tools):
    file = tools.upload(client, tools.png()[0])
    asked = {"target": "double", "input": {"image": file}}
    quote = client.post("/v1/quotes", json=asked).json()
    run = client.post("/v1/runs", json=asked, headers={"prefer": "wait"}).json()
    assert quote["exact"]
    assert (quote["pictures"], quote["pixels"]) == (1, run["usage"]["pixels"])
    assert quote["seconds"] > 0


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("local/double", 200),
        ("local/double@1", 200),
        ("printroom/enhance", 200),
        ("printroom/double", 404),
        ("local/enhance", 404),
        ("local/double@9", 404),
    ],
)
def test_pipelines_may_be_called_with_their_owner(client, tools, name, status):
    picture = {"image": inline(tools.png()[0])} | ({"scale": 1} if "enhance" in name else {})
    assert client.get(f"/v1/pipelines/{name}").status_code == status
    assert client.post(f"/v1/pipelines/{name}", json=picture).status_code == status


def test_answers_are_as_the_document_says(client, tools):
    """Every member of a run, a file, a page: none is missing, none too many."""
    document = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    run = ask(client, tools.png()[0], headers={"prefer": "wait"}).json()
    file = client.get(f"/v1/files/{run['output']['image']['file']}").json()
    hook = client.post("/v1/webhooks", json={"url": "https://example.com/"}).json()
    batch = client.post("/v1/batches", json={"target": "double", "files": [file["id"]]}).json()
    quote = client.post("/v1/quotes", json={"target": "double", "input": {"image": file["id"]}})
    found = {"Run": run, "File": file, "WebhookMade": hook, "Batch": batch, "Quote": quote.json()}
    for name, answer in found.items():
        assert answer.keys() == schemas[name]["properties"].keys(), name
    assert client.delete(f"/v1/webhooks/{hook['id']}").status_code == 204
    items = tools.eventually(lambda: client.get(f"/v1/batches/{batch['id']}/items").json()["data"])
    assert items[0].keys() == schemas["BatchItem"]["properties"].keys()


ODD = [
    "\x00",
    "\ud800",
    "a\x00b",
    "\x1b[31m",
    "\u202e",
    "ä" * 3,
    "'; DROP TABLE jobs; --",
    "%",
    "_" * 50,
]


@pytest.mark.parametrize("text", ODD)
def test_no_text_is_a_fault_of_the_servers(client, text):
    """Whatever stands in any field: it is taken or refused."""
    written = json.dumps(text)
    bodies = {
        "/v1/runs": [
            f'{{"target": {written}}}',
            f'{{"target": "double", "input": {{"image": {written}}}}}',
            f'{{"target": "double", "input": {{{written}: 1}}}}',
            f'{{"target": "double", "webhook": {written}}}',
            f"{{{written}: 1}}",
        ],
        "/v1/webhooks": [
            f'{{"url": {written}}}',
            f'{{"url": "https://example.com/", "description": {written}}}',
        ],
        "/v1/batches": [
            f'{{"target": "double", "source": {written}}}',
            f'{{"target": "double", "files": [{written}]}}',
            f'{{"target": "double", "source": "store://nowhere", "pattern": {written}}}',
        ],
        "/v1/files": [f'{{"url": {written}}}', f'{{"url": "https://10.0.0.1", "name": {written}}}'],
        "/v1/quotes": [f'{{"target": {written}}}'],
    }
    for place, several in bodies.items():
        for body in several:
            answer = client.post(
                place, content=body.encode(), headers={"content-type": "application/json"}
            )
            assert answer.status_code < 500, (place, body, answer.text)
            if answer.status_code >= 400:
                assert answer.json()["code"]
    for hook in client.get("/v1/webhooks").json()["data"]:
        client.delete(f"/v1/webhooks/{hook['id']}")
    if "\ud800" not in text:
        for place in ("/v1/runs", "/v1/files", "/v1/batches"):
            assert client.get(place, params={"after": text}).status_code < 500
        told = {"upload-length": "1", "tus-resumable": "1.0.0"}
        pair = base64.b64encode(text.encode()).decode()
        for key in ("filename", "filetype"):
            headers = told | {"upload-metadata": f"{key} {pair}"}
            assert client.post("/v1/files/uploads", headers=headers).status_code < 500
