"""The laws on drives; run by `test_drives.py` in a process that reaches them through its proxy."""

import itertools

import pytest

from printroom.core.errors import StoreError
from printroom.storage.opening import open_store
from printroom.storage.suite import StoreSuite

NUMBERS = itertools.count()
TOKEN = {"access_token": "token"}


class TestDropbox(StoreSuite):
    @pytest.fixture
    def store(self):
        return open_store(f"dropbox:///{next(NUMBERS)}", TOKEN)


class TestOneDrive(StoreSuite):
    @pytest.fixture
    def store(self):
        return open_store(f"onedrive:///{next(NUMBERS)}", TOKEN)


class TestGoogleDrive(StoreSuite):
    @pytest.fixture
    def store(self):
        return open_store(f"gdrive:///{next(NUMBERS)}", TOKEN)


@pytest.mark.parametrize("scheme", ["dropbox", "onedrive", "gdrive"])
def test_wrong_tokens_are_refused(scheme):
    with pytest.raises(StoreError) as caught:
        open_store(f"{scheme}:///place", {"access_token": "not-this"}).stat("x")
    assert "not-this" not in str(caught.value)
