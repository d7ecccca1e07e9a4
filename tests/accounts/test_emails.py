"""Addresses have one form, and what looks alike does not become one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.accounts.emails import normalised
from printroom.core.errors import BadOption


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (" Ann@Example.COM ", "ann@example.com"),
        ("a.b+x@example.com", "a.b+x@example.com"),
        ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_one_form(text, form):
    assert normalised(text) == form


@pytest.mark.parametrize(
    "text",
    ["", "ann", "@example.com", "ann@", "a b@example.com", "ann@exa mple.com", "a\x00@example.com",
     "ann@example..com", "\u212aate@example.com", "\uff41nn@example.com", "a@b@example.com",
     "ann@example.com\nBcc: x@example.com", f"{'a' * 65}@example.com", "ann@" + "a." * 130 + "com"],
)  # fmt: skip
def test_what_is_no_address(text):
    with pytest.raises(BadOption):
        normalised(text)


@given(st.text(max_size=300))
def test_any_text_is_an_address_in_its_form_or_refused(text):
    try:
        form = normalised(text)
    except BadOption:
        return
    assert normalised(form) == form
    assert form.count("@") == 1
    assert form == form.lower()
