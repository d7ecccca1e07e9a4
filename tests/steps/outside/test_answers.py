"""The schema's words mean what they mean to a second reader; places take values alone."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.core.errors import BadOption
from printroom.steps.outside.answers import DEEP, fault, schema_of
from printroom.steps.outside.filling import addressed, filled, values_of

SCALARS = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, "", "a", "ab"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=6,
)
TYPES = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
COUNTS, NUMBERS = st.integers(0, 3), st.integers(-2, 2) | st.just(0.5)


def _words(inner: Any) -> Any:
    plain = {
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=2, unique=True),
        "enum": st.lists(VALUES, min_size=1, max_size=3),
        "const": VALUES,
        "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
        "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
        "additionalProperties": inner,
        "items": inner,
        "prefixItems": st.lists(inner, min_size=1, max_size=2),
        "anyOf": st.lists(inner, min_size=1, max_size=2),
        "allOf": st.lists(inner, min_size=1, max_size=2),
        "not": inner,
    }
    counted = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")
    plain |= dict.fromkeys(counted, COUNTS)
    ends = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    return st.fixed_dictionaries({}, optional=plain | dict.fromkeys(ends, NUMBERS))


SCHEMAS = st.recursive(st.booleans() | st.just({}), _words, max_leaves=4)


@settings(max_examples=300)
@given(SCHEMAS, VALUES)
def test_a_second_reader_says_the_same(schema: Any, value: Any) -> None:
    ours = fault(schema_of(json.dumps(schema)), value)
    theirs = jsonschema.Draft202012Validator(schema).is_valid(value)
    assert bool(ours) == (not theirs), ours


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "1",
        "[" * 50_000,
        '{"type": "text"}',
        '{"minItems": -1}',
        '{"minLength": 1.5}',
        '{"anyOf": []}',
        '{"properties": []}',
        '{"patternProperties": {}}',
        '{"format": "uri"}',
        '{"not": ' * (DEEP + 1) + "true" + "}" * (DEEP + 1),
        '{"type": "null", "description": "' + "x" * 20_000 + '"}',
    ],
)
def test_what_is_no_schema_here(text: str) -> None:
    with pytest.raises(ValueError, match=r"is|has"):
        schema_of(text)


def test_large_numbers_are_numbers() -> None:
    schema = schema_of('{"type": "integer", "maximum": 5}')
    assert fault(schema, 10**400) == "$ is out of range"
    assert fault(schema, float("inf")) == "$ is no integer"


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False))
def test_values_change_neither_the_host_nor_the_shape(text: str, number: float) -> None:
    values = values_of([text], [number], None)
    body = filled(json.loads('{"a": ["{text1}", "{number1}"], "b": "no {text1}"}'), values)
    assert body["a"] == [text, number]
    assert body["b"] == "no {text1}"
    url = addressed("https://api.example.com/a/{text1}/b?n={number1}", values)
    assert url.isascii()
    assert url.startswith("https://api.example.com/a/")
    path, _, query = url.partition("?")
    assert path.count("/") == 5
    assert query.startswith("n=")
    assert "&" not in query
    with pytest.raises(BadOption):
        addressed("https://api.example.com/{text2}", values)
    assert addressed("https://api.example.com{text1}", values) == "https://api.example.com{text1}"
