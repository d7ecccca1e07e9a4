"""A server with the bundled model, for the examples that talk to one."""

import os
import re
import subprocess
import sys

import pytest


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The address of a `printroom serve`, ready."""
    environment = os.environ | {"PRINTROOM_DATA": str(tmp_path_factory.mktemp("data"))}
    command = [sys.executable, "-m", "printroom", "serve", "--port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
        found = re.search(r"http://[\d.:]+", child.stdout.readline())
        yield found[0]
        child.terminate()
