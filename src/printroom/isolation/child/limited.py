"""Runs a script within limits that it cannot lift.

    python -I limited.py BYTES SECONDS SCRIPT ARGUMENTS...

One file, Python 3.8 syntax, standard library only. BYTES: what the process may allocate for
itself, and what a file that it writes may have; SECONDS: of CPU time.
"""

from __future__ import annotations

import resource
import runpy
import sys


def main() -> None:
    """Set the limits, then become the script."""
    memory, seconds, script = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    for kind, most in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_FSIZE, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (limit, limit))
    sys.argv = sys.argv[3:]
    runpy.run_path(script, run_name="__main__")


main()
