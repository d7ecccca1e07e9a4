"""The published schema: never stale, and of the same words as what reads pipelines."""

import json
from pathlib import Path

import pytest

from printroom.pipelines.forming import PIPELINE_WORDS, STEP_WORDS
from printroom.pipelines.notation import KINDS
from printroom.pipelines.schema import schema
from printroom.pipelines.spec import PipelineSpec

PUBLISHED = Path(__file__).parents[2] / "docs/reference/pipeline.schema.json"


def test_the_published_schema_is_not_stale() -> None:
    remedy = "printroom pipelines schema > docs/reference/pipeline.schema.json"
    assert json.loads(PUBLISHED.read_text()) == schema(), remedy


def test_the_schema_has_the_words_that_are_read() -> None:
    found = schema()
    assert set(found["properties"]) == set(PIPELINE_WORDS)
    assert set(found["$defs"]["step"]["properties"]) == set(STEP_WORDS)
    kinds = {one["properties"]["type"]["const"] for one in found["$defs"]["port"]["oneOf"][1:]}
    assert kinds == set(KINDS)


def test_pipelines_fit_the_schema(mend: str) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="checks with a second reader")
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(PipelineSpec.from_yaml(mend).to_dict(), schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"name": "x", "setps": {}}, schema())
