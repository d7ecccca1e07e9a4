"""Signatures, and the rotation of what makes them."""

import json
import stat
import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from printroom.core.errors import BadLink, BadOption, LinkExpired, NotFound
from printroom.delivery.links import Link, VariantLink, expiry, read_link, read_variant
from printroom.delivery.options import Crop, Options
from printroom.delivery.signing import SigningKeys

DIGEST = "0123456789abcdef" * 4
SAME_KEYS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = st.text(min_size=1, max_size=20).filter(
    lambda n: n.isprintable() and "/" not in n and "\\" not in n
)


def split(address):
    path, _, query = address.partition("?")
    return path, query


@SAME_KEYS
@given(st.none() | NAMES, st.none() | st.integers(2 * 10**9, 10**11))
def test_what_was_signed_is_read_again(keys, name, expires):
    link = Link(DIGEST, name, expires)
    assert read_link(*split(link.address(keys)), keys) == (link, None)


@SAME_KEYS
@given(st.data())
def test_no_other_address_has_the_same_signature(keys, data):
    address = Link(DIGEST, "photo.jpg", 2 * 10**9).address(keys)
    place = data.draw(st.integers(3, len(address) - 1))
    letter = data.draw(st.sampled_from("0129abcxyzABC-_.=&?"))
    other = address[:place] + letter + address[place + 1 :]
    if other == address:
        return
    try:
        link, only = read_link(*split(other), keys)
    except (BadLink, NotFound, LinkExpired):
        return
    # a parameter that we do not know was changed into existence: the address is told anew
    assert link in (Link(DIGEST, "photo.jpg", 2 * 10**9), Link(DIGEST))
    assert only is not None


def test_parts_cannot_be_moved_between_addresses(keys):
    good = Link(DIGEST, None, 2 * 10**9).address(keys)
    signature = good.partition("&k=")[2]
    for other in (
        f"/a/{DIGEST}?e=2000000001&k={signature}",
        f"/a/{DIGEST}?d=x&e=2000000000&k={signature}",
        f"/a/{DIGEST}?k={signature}",
        f"/a/{DIGEST}?d=x",
        f"/a/{DIGEST}?e=2000000000",
        f"/a/{DIGEST[::-1]}?e=2000000000&k={signature}",
        f"/a/{DIGEST}?e=02000000000&k={signature}",
        f"/a/{DIGEST}?e=2000000000&e=2000000000&k={signature}",
    ):
        with pytest.raises(BadLink):
            read_link(*split(other), keys)


def test_a_signature_of_an_artifact_is_none_of_a_picture(keys):
    link = Link(DIGEST, None, 2 * 10**9)
    key, signature = keys.sign(link.meaning())
    with pytest.raises(BadLink):
        read_variant(f"/i/{key}.{signature}/e:2000000000/{DIGEST}", "", keys, {})


def test_an_address_ends(keys):
    past = Link(DIGEST, None, int(time.time()) - 1).address(keys)
    with pytest.raises(LinkExpired):
        read_link(*split(past), keys)
    variant = VariantLink(DIGEST, Options(width=320), int(time.time()) - 1).address(keys)
    with pytest.raises(LinkExpired):
        read_variant(variant, "", keys, {})


def test_other_spellings_lead_to_the_one(keys):
    link = VariantLink(DIGEST, Options(Crop(1, 2, 3, 4), 960, 640, "cover", 80), 2 * 10**9)
    only = link.address(keys)
    _, _, signature, *_ = only.split("/")
    other = f"/i/{signature}/q:76/w:801/f:auto/h:640/e:2000000000/fit:cover/c:1,2,3,4/{DIGEST}"
    assert read_variant(other, "utm=x", keys, {}) == (link, only)
    assert read_variant(only, "", keys, {}) == (link, None)
    artifact = Link(DIGEST, "a b.jpg", 2 * 10**9)
    path, query = split(artifact.address(keys))
    shuffled = "&".join(reversed(query.split("&")))
    assert read_link(path, shuffled + "&fbclid=1", keys) == (artifact, f"{path}?{query}")
    assert read_link(path, query.replace("%20", "+"), keys) == (artifact, None)
    assert read_link(f"/a/{DIGEST}", "v=2", keys) == (Link(DIGEST), f"/a/{DIGEST}")


def test_addresses_that_are_asked_for_together_are_the_same():
    start = 1_700_000_000 - 1_700_000_000 % 300
    assert len({expiry(3600, start + second) for second in range(1, 300)}) == 1
    for seconds in (1, 2, 30, 3600, 604_800):
        for now in range(start, start + 700, 7):
            assert now + seconds <= expiry(seconds, now) < now + seconds + 300
    for seconds in (0, 604_801):
        with pytest.raises(BadOption):
            expiry(seconds)


def test_after_a_rotation_old_addresses_are_good_for_a_while(tmp_path):
    ours, other = SigningKeys(tmp_path, {}), SigningKeys(tmp_path, {})
    old, signature = ours.sign("text")
    other.verify("text", old, signature)
    made = ours.rotate(overlap=2)
    assert ours.sign("text")[0] == made.id != old
    ours.verify("text", old, signature)
    deadline = time.monotonic() + 60
    while True:  # the retired key ends, in every process
        try:
            ours.verify("text", old, signature)
        except BadLink:
            break
        assert time.monotonic() < deadline
        time.sleep(0.1)
    new, signature = ours.sign("text")
    other.verify("text", new, signature)
    assert len(json.loads((tmp_path / "signing.json").read_text())) == 2
    ours.rotate()
    assert len(json.loads((tmp_path / "signing.json").read_text())) == 2


def test_many_processes_make_one_key(tmp_path):
    code = (
        "import sys; from pathlib import Path; from printroom.delivery.signing import SigningKeys;"
        "print(SigningKeys(Path(sys.argv[1]), {}).sign('x'))"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    assert len({child.communicate()[0] for child in children}) == 1
    assert stat.S_IMODE((tmp_path / "signing.json").stat().st_mode) == 0o600


def test_keys_of_the_environment(tmp_path):
    secret, newer = "c2VjcmV0LXNlY3JldC1zZWNyZXQ=", "bmV3ZXItbmV3ZXItbmV3ZXItbmV3ZXI="
    before = SigningKeys(tmp_path, {"PRINTROOM_SIGNING_KEYS": f"a:{secret}"})
    after = SigningKeys(tmp_path, {"PRINTROOM_SIGNING_KEYS": f"b:{newer}, a:{secret}"})
    key, signature = before.sign("text")
    after.verify("text", key, signature)
    assert after.sign("text")[0] == "b"
    with pytest.raises(BadLink):
        before.verify("text", *after.sign("text"))
    with pytest.raises(BadOption):
        after.rotate()
    assert not list(tmp_path.iterdir())
    for wrong in ("a", "a:short", "A:" + secret, "a:!!!!", f"a:{secret};b:{secret}"):
        with pytest.raises(BadOption, match="PRINTROOM_SIGNING_KEYS"):
            SigningKeys(tmp_path, {"PRINTROOM_SIGNING_KEYS": wrong}).sign("x")
