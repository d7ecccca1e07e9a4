"""Keys: what exists is well formed, stays below its prefix, and means the same everywhere."""

import pickle
import posixpath
import unicodedata
from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from printroom.core.errors import BadKey
from printroom.storage.keys import Key, Prefix

PIECES = [
    "a",
    "..",
    ".",
    "/",
    "//",
    "\\",
    "\0",
    "\n",
    "%2e",
    "\uff0e",
    "\u2024",
    "\u2025",
    "\uff0f",
]
PIECES += ["\u202e", "\u200b", "e\u0301", "é", "日本", " ", "x.y", "\ud800", "~", "c:", "?", "#"]
REFUSED = [
    "",
    "/",
    "a/",
    "/a",
    "a//b",
    "..",
    ".",
    "a/..",
    "a/../b",
    "a\\b",
    "a\tb",
    "a\x7fb",
    "a\u0085",
]
REFUSED += [
    "a\u2028b",
    "\ufeffa",
    "a\u200db",
    "...",
    "a./b",
    "a /b",
    " a",
    "\uff0e\uff0e",
    "\uff3c",
]
REFUSED += ["a" * 256, "a/" * 512 + "a", "\ud800", ".printroom-1", "a/.Printroom-1", "e\u0301"]
TEXTS = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))


@given(TEXTS)
@example("a/\u2025/b")
def test_a_key_stays_below_its_place(text):
    try:
        key = Key(text)
    except BadKey:
        return
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        path = posixpath.normpath(posixpath.join("/base", unicodedata.normalize(form, key)))
        assert path.startswith("/base/")
        assert path.count("/") == key.count("/") + 2
    path = urlsplit(f"http://host/base/{quote(key)}").path
    assert unquote(path) == f"/base/{key}"
    assert key.isprintable() or " " in key


@given(TEXTS)
def test_a_key_is_its_text(text):
    try:
        key = Key(text)
    except BadKey as error:
        assert error.reason.isascii()
        return
    assert key == text
    assert Key(key) is key
    assert "/".join(key.parts) == key
    assert key == key.parent + key.name
    assert key in key.parent
    assert key in Prefix()
    again = pickle.loads(pickle.dumps(key))
    assert (again, type(again)) == (key, Key)


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text):
    with pytest.raises(BadKey):
        Key(text)


@pytest.mark.parametrize(
    "text", ["a", "a/b.c", "..a", ".a", "a..b", "%2e%2e", "a b", "日本/é", "c:"]
)
def test_accepted(text):
    assert Key(text) == text


def test_prefixes_end_with_a_slash():
    assert Prefix("a/b") == Prefix("a/b/") == "a/b/"
    assert Prefix("") == Prefix() == ""
    assert "a/bc" not in Prefix("a/b")
    assert Prefix("a/b/c") in Prefix("a/b")
    assert Prefix("a").key("b/c") == "a/b/c"
    for bad in ("/", "//", "a//", "../", "a/.."):
        with pytest.raises(BadKey):
            Prefix(bad)
    with pytest.raises(BadKey):
        Prefix("a").key("../b")
