"""Pipelines that ask another server, in runs: what its seller may do, and what nobody is told."""

from __future__ import annotations

import json
from typing import Any

PIPELINE = """
name: {name}
inputs: {{words: text}}
steps:
  said:
    use: http
    with: {{url: "http://{place}/v1", body: '"{{text1}}"', texts: [$words]{more}}}
outputs: {{text: $said.result}}
"""
KEYED = ", headers: [x-key], values: [{secret: KEY}]"


def test_a_sold_pipeline_asks_for_its_buyer(fair: Any, other: Any) -> None:
    place, asked = other
    text = PIPELINE.format(name="asks", place=place, more=", take: /said")
    fair.good(fair.seller.post("/v1/pipelines", json={"yaml": text}), 201)
    card = {"kind": "pipeline", "name": "asks", "title": "Asks"}
    listing = f"/v1/listings/{fair.good(fair.seller.post('/v1/listings', json=card), 201)['id']}"
    fair.good(fair.seller.put(f"{listing}/offer", json={"price": {}}))
    target = fair.good(fair.seller.post(f"{listing}/publish", json={}))["target"]
    run = fair.ran(fair.buyer, target, {"words": '{text1} "quoted"'})
    assert (run["status"], run["output"]["text"]) == ("succeeded", '{text1} "quoted"')
    assert asked[-1]["body"] == '{text1} "quoted"'
    assert "Authorization" not in asked[-1]["headers"]


def test_secrets_are_used_and_never_told(fair: Any, other: Any) -> None:
    place, asked = other
    text = PIPELINE.format(name="keyed", place=place, more=KEYED)
    fair.good(fair.owner.post("/v1/pipelines", json={"yaml": text}), 201)
    told = []
    for words, status in (("good", "succeeded"), ("fail", "failed")):
        run = fair.ran(fair.owner, "keyed", {"words": words})
        assert run["status"] == status, run
        secret = asked[-1]["headers"]["x-key"]
        events = fair.owner.get(f"/v1/runs/{run['id']}/events")
        told += [json.dumps(run), events.text, fair.owner.get("/v1/pipelines/keyed").text]
        assert "answers 500" in told[-3] or json.loads(run["output"]["text"])["by"] == "***"
    assert len(asked) >= 2
    assert secret.startswith("Bearer of-all")
    assert not any("of-all-that-is-secret" in text for text in told)


def test_strangers_name_no_secrets_and_no_other_servers(fair: Any, other: Any) -> None:
    place, _ = other
    for where, more in ((place, KEYED), ("169.254.169.254", ""), ("localhost:1", "")):
        text = PIPELINE.format(name="odd", place=where, more=more)
        answer = fair.seller.post("/v1/pipelines", json={"yaml": text})
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_pipeline")
        checked = fair.good(fair.seller.post("/v1/pipelines/check", json={"yaml": text}))
        (fault,) = checked["faults"]
        assert fault["place"].startswith("steps.said.with.")
        assert "secrets are" in fault["reason"] or "may not ask" in fault["reason"]
