"""What a key looks like, and what is no key."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.accounts.credentials import digest, hint, kind_of, mint, new_id
from printroom.core.errors import MalformedCredentials

KEY = mint("live")


def test_what_is_made_is_recognised_by_its_form():
    for kind in ("live", "sess"):
        made = {mint(kind) for _ in range(200)}
        assert len(made) == 200
        assert {kind_of(one) for one in made} == {kind}
        assert {len(one) for one in made} == {46}


@given(st.integers(8, 45), st.sampled_from(string.ascii_letters + string.digits))
def test_a_letter_that_was_mistyped_is_noticed(place, letter):
    wrong = KEY[:place] + letter + KEY[place + 1 :]
    if wrong != KEY:
        with pytest.raises(MalformedCredentials):
            kind_of(wrong)


@given(st.integers(0, 45))
def test_a_key_that_was_cut_is_no_key(length):
    with pytest.raises(MalformedCredentials):
        kind_of(KEY[:length])


@given(st.text(max_size=100))
def test_no_text_is_a_key_by_accident(text):
    with pytest.raises(MalformedCredentials):
        kind_of(text)


def test_a_key_is_no_session():
    with pytest.raises(MalformedCredentials):
        kind_of(KEY.replace("live", "sess"))


def test_neither_the_digest_nor_the_hint_give_the_key_away():
    assert KEY[8:] not in digest(KEY)
    assert len(set(KEY[12:42]) & set(hint(KEY))) < 30
    assert hint(KEY).startswith(KEY[:12])


@given(st.lists(st.floats(0, 2e9), min_size=2, max_size=20))
def test_ids_sort_by_time(times):
    made = [new_id("key", at) for at in sorted(int(time) for time in times)]
    stamps = [one[: len("key_") + 11] for one in made]
    assert stamps == sorted(stamps)
    assert len(set(made)) == len(made)
