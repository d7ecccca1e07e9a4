"""Runs a script within limits that it cannot lift.

    python -I limited.py BYTES SECONDS PROCESSES SCRIPT ARGUMENTS...

One file, Python 3.8 syntax, standard library only. BYTES: what the process may allocate for
itself, and what a file that it writes may have; SECONDS: of CPU time; PROCESSES: and
threads, of its user, at once. 0 = no limit.
"""

from __future__ import annotations

import resource
import runpy
import sys

SPARE = 4 << 30
"""Bytes of address space beyond what it may allocate: libraries, threads, memory that is shared."""
FILES = 256
"""Open at once."""


def main() -> None:
    """Set the limits, then become the script."""
    memory, seconds, processes = (int(text) for text in sys.argv[1:4])
    for kind, most in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_AS, memory + SPARE),
        (resource.RLIMIT_FSIZE, memory),
        (resource.RLIMIT_CPU, seconds or resource.RLIM_INFINITY),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_NPROC, processes or resource.RLIM_INFINITY),
        (resource.RLIMIT_CORE, 0),
    ):
        limit(kind, most)
    sys.argv = sys.argv[4:]
    runpy.run_path(sys.argv[0], run_name="__main__")


def limit(kind: int, most: int) -> None:
    """At most that, and no more than was allowed before."""
    hard = resource.getrlimit(kind)[1]
    both = [one for one in (most, hard) if one != resource.RLIM_INFINITY]
    if both:
        resource.setrlimit(kind, (min(both), min(both)))


main()
