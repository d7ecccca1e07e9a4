"""Health, documents and pages."""

from typing import Any

import pytest

from printroom.api.parameters import TABLE, parse_query
from printroom.api.problems import BadParameter


def test_alive_and_ready(server: Any) -> None:
    assert server.client.get("/healthz").json() == {"status": "alive"}
    ready = server.client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


def test_the_document_describes_the_hot_path_fully(server: Any) -> None:
    document = server.client.get("/openapi.json").json()
    operation = document["paths"]["/v1/images/enhance"]["post"]
    query = {p["name"]: p["schema"] for p in operation["parameters"] if p["in"] == "query"}
    assert list(query) == [parameter.name for parameter in TABLE]
    assert {"200", "408", "413", "415", "422", "503", "507"} <= set(operation["responses"])
    assert "Problem" in document["components"]["schemas"]
    assert {"/healthz", "/readyz", "/metrics"} <= set(document["paths"])


def test_what_the_document_offers_is_taken_and_its_neighbour_is_not() -> None:
    for parameter in TABLE:
        schema = parameter.schema
        good = (
            schema.get("enum") or schema.get("examples") or [schema["minimum"], schema["maximum"]]
        )
        for value in good:
            parse_query(f"{parameter.name}={value}".encode(), 1)
        if "maximum" in schema:
            for value in (schema["minimum"] - 1, schema["maximum"] + 1):
                with pytest.raises(BadParameter):
                    parse_query(f"{parameter.name}={value}".encode(), 1)


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_need_nothing_from_elsewhere(server: Any, path: str) -> None:
    page = server.client.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "://" not in page.text.replace("http://www.w3.org", "")


def test_the_sample_of_the_first_page_can_be_enlarged(server: Any) -> None:
    sample = server.client.get("/sample.jpg")
    assert sample.headers["content-type"] == "image/jpeg"
    assert server.enhance(sample.content).status_code == 200
