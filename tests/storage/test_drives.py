"""Dropbox, OneDrive, Google Drive: their addresses are fixed, so a proxy stands in for them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SUITES = Path(__file__).with_name("drive_suites.py")


@pytest.mark.slow
def test_drives_hold_the_laws(drives):
    port, authority = drives
    environment = os.environ | {
        "HTTPS_PROXY": f"http://127.0.0.1:{port}",
        "SSL_CERT_FILE": str(authority),
        "NO_PROXY": "",
        "no_proxy": "",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(SUITES)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:]
