"""Writes what the studio's types are made from: the part of the OpenAPI document that it uses.

    python web/openapi.py           -> web/openapi.json, from a server started for it
    reduced(document) -> the paths of USED with their schemas

Descriptions and bounds are left out, so that a better sentence in the API makes nothing stale.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
USED = (
    "/v1/account",
    "/v1/account/closing",
    "/v1/accounts",
    "/v1/artifacts/{digest}/links",
    "/v1/audit",
    "/v1/coupons",
    "/v1/coupons/redeem",
    "/v1/coupons/{code}",
    "/v1/files",
    "/v1/files/{id}",
    "/v1/keys",
    "/v1/keys/{key}",
    "/v1/keys/{key}/rotate",
    "/v1/listings",
    "/v1/listings/similar",
    "/v1/listings/{id}",
    "/v1/listings/{id}/offer",
    "/v1/listings/{id}/publish",
    "/v1/listings/{id}/reports",
    "/v1/listings/{id}/review",
    "/v1/listings/{id}/reviews",
    "/v1/listings/{id}/sales",
    "/v1/listings/{id}/tries",
    "/v1/listings/{id}/withdraw",
    "/v1/members",
    "/v1/members/{user}",
    "/v1/models",
    "/v1/models/resident",
    "/v1/models/reviews",
    "/v1/models/{owner}/{name}",
    "/v1/models/{owner}/{name}/decision",
    "/v1/models/{owner}/{name}/pipeline",
    "/v1/models/{owner}/{name}/versions",
    "/v1/orders",
    "/v1/orders/{id}/refund",
    "/v1/payments/waiting",
    "/v1/payouts",
    "/v1/payouts/{id}/confirm",
    "/v1/people",
    "/v1/people/{id}",
    "/v1/people/{id}/pictures",
    "/v1/people/{id}/pictures/{picture}",
    "/v1/people/{id}/portraits",
    "/v1/people/{id}/train",
    "/v1/pipelines",
    "/v1/pipelines/check",
    "/v1/pipelines/{name}",
    "/v1/pipelines/{owner}/{name}/aliases/{alias}",
    "/v1/pipelines/{owner}/{name}/versions",
    "/v1/portraits/styles",
    "/v1/quotas",
    "/v1/quotas/{account}",
    "/v1/quotes",
    "/v1/reports",
    "/v1/reports/{id}/appeal",
    "/v1/reports/{id}/decide",
    "/v1/runs",
    "/v1/runs/{id}",
    "/v1/runs/{id}/cancel",
    "/v1/runs/{id}/refund",
    "/v1/runs/{id}/retry",
    "/v1/sessions",
    "/v1/sessions/current",
    "/v1/steps",
    "/v1/storages",
    "/v1/storages/{name}",
    "/v1/storages/{name}/files",
    "/v1/storages/{name}/objects",
    "/v1/storages/{name}/test",
    "/v1/subscriptions",
    "/v1/subscriptions/{id}/cancel",
    "/v1/subscriptions/{id}/resume",
    "/v1/subscriptions/{id}/switch",
    "/v1/trainings",
    "/v1/trainings/recipes",
    "/v1/trainings/{id}",
    "/v1/trainings/{id}/cancel",
    "/v1/trainings/{id}/retry",
    "/v1/usage",
    "/v1/wallet",
    "/v1/wallet/topups",
    "/v1/wallet/topups/{id}/confirm",
)
_BESIDES = (
    "description summary example examples tags title default pattern format minLength maxLength "
    "minItems maxItems minimum maximum exclusiveMinimum exclusiveMaximum operationId"
)
"""What no type depends on."""


def reduced(document: dict[str, Any]) -> dict[str, Any]:
    """The part that the studio's types are made from."""
    schemas = document["components"]["schemas"]
    paths = {path: _bare(document["paths"][path]) for path in USED}
    wanted = _named(paths)
    known: dict[str, Any] = {}
    while missing := wanted - known.keys():
        for name in missing:
            known[name] = _bare(schemas[name])
            wanted |= _named(known[name])
    info = {"title": "printroom", "version": "0"}
    components = {"schemas": dict(sorted(known.items()))}
    return {"openapi": document["openapi"], "info": info, "paths": paths, "components": components}


def written(document: dict[str, Any]) -> str:
    """The reduced document as it lies in the repository."""
    return json.dumps(reduced(document), indent=1, sort_keys=True) + "\n"


def _bare(value: Any, *, named: bool = False) -> Any:
    """`value` without BESIDES. `named`: its keys are somebody's names, not OpenAPI's."""
    if isinstance(value, list):
        return [_bare(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {key: one for key, one in value.items() if named or key not in _BESIDES.split()}
    bare = {key: _bare(one, named=key == "properties") for key, one in kept.items()}
    if "responses" in bare:  # OpenAPI wants one there
        for answer in bare["responses"].values():
            answer["description"] = ""
    return bare


def _named(value: Any) -> set[str]:
    return set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(value)))


def _fetched() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "printroom", "serve", "--port", "0", "--data", data]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                found = re.search(r"http://\S+:\d+", server.stdout.readline())
                if found is None:
                    raise SystemExit("the server did not start")
                with urllib.request.urlopen(f"{found[0]}/openapi.json") as answer:
                    document: dict[str, Any] = json.load(answer)
                    return document
            finally:
                server.terminate()


if __name__ == "__main__":
    (HERE / "openapi.json").write_text(written(_fetched()))
