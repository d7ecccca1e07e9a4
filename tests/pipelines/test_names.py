"""Names of pipelines, from whoever writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.core.errors import NotFound
from printroom.pipelines.names import Named, full

PARTS = st.sampled_from(["a", "ink", "acme", "local", "printroom", "3", "live", "latest", ".."])
NAMES = st.text(max_size=30) | st.lists(PARTS | st.sampled_from(["/", "@"]), max_size=6).map(
    "".join
)


@given(NAMES)
def test_a_name_means_one_thing_or_nothing(text: str) -> None:
    try:
        found = Named.parse(text)
    except NotFound:
        return
    assert Named.parse(str(found)) == found
    assert found.version != "latest"  # it is the newest, which needs no word
    assert not {"/", "@", ".", "\n"} & set(found.name + (found.owner or ""))


@pytest.mark.parametrize("text", ["ink@\ud800", "ink@\0", "ink@\u0663", "acme/ink@\u00e9"])
def test_no_version_is_called_so(text: str) -> None:
    with pytest.raises(NotFound, match="owner/name@version"):
        Named.parse(text)


@given(st.sampled_from(["acme", "local", "printroom"]), st.sampled_from(["ink", "ink@3", "x/ink"]))
def test_an_id_is_a_name_of_the_same(owner: str, text: str) -> None:
    found = Named.parse(full(text, owner))
    assert found.name == "ink"
    assert found.owner == (owner if owner == "acme" else None)
    assert full(str(found), owner) == str(found)
