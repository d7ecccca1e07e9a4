"""Which calls of the kernel a process behind walls may make: a filter, as the kernel reads it.

program() -> bytes, instructions of classic BPF        None: a processor that is not known here

Whatever is not named is permitted: the other walls are namespaces. Named is what a process that
only computes has no use for, and what holes in kernels are reached by. Ways to others (sockets,
namespaces) are refused, since libraries try some of them on their way; the rest ends the process.
"""

from __future__ import annotations

import platform
import struct
import sys

REFUSED = {
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200),
    "listen": (50, 201), "accept": (43, 202), "accept4": (288, 242),
    "unshare": (272, 97), "setns": (308, 268), "chroot": (161, 51), "syslog": (103, 116),
}  # fmt: skip
"""Answered with EPERM. Numbers of x86-64 and of 64-bit ARM."""
FATAL = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438), "kcmp": (312, 272),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "move_mount": (429, 429),
    "open_tree": (428, 428), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "open_by_handle_at": (304, 265),
    "swapon": (167, 224), "swapoff": (168, 225), "quotactl": (179, 60), "acct": (163, 89),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "sethostname": (170, 161),
}  # fmt: skip
"""Ends the process with SIGSYS."""
_FORKS = {"x86_64": (57, 58), "aarch64": ()}
_CLONE, _CLONE3 = (56, 220), 435
_THREAD = 0x10000
"""Flag of clone for a thread of the same process."""
_NAMESPACES = 0x7E020080
"""Flags of clone that make any: user, mount, process, network, ..."""
_ARCHES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""What the machine calls itself -> place of its numbers above, and what the kernel calls it."""
_X32 = 0x40000000
"""Calls of x86-64 from here on are those of another ABI."""
_LOAD, _EQUAL, _AT_LEAST, _ANY, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_KILL, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_NUMBER, _ARCH, _FIRST_ARGUMENT = 0, 4, 16
"""Where they lie in `struct seccomp_data`."""
_EPERM, _ENOSYS = 1, 38


def program(machine: str = "", *, alone: bool = False) -> bytes | None:
    """For `bwrap --seccomp`. `machine`: empty = this one. None = no filter is known for it.

    `alone`: whether it may have threads, but start no process.
    """
    machine = machine or platform.machine()
    known = _ARCHES.get(machine)
    if known is None or sys.byteorder != "little":
        return None
    column, arch = known
    code = [_step(_LOAD, _ARCH), _step(_EQUAL, arch, 1, 0), _step(_RETURN, _KILL)]
    code += [_step(_LOAD, _NUMBER), _step(_AT_LEAST, _X32, 0, 1), _step(_RETURN, _KILL)]
    for calls, verdict in ((REFUSED, _ERRNO | _EPERM), (FATAL, _KILL)):
        for numbers in calls.values():
            code += [_step(_EQUAL, numbers[column], 0, 1), _step(_RETURN, verdict)]
    # What clone3 is asked for lies in memory, which a filter cannot see: libraries then use clone.
    code += [_step(_EQUAL, _CLONE3, 0, 1), _step(_RETURN, _ERRNO | _ENOSYS)]
    for number in _FORKS[machine] if alone else ():
        code += [_step(_EQUAL, number, 0, 1), _step(_RETURN, _ERRNO | _EPERM)]
    refused = [_step(_ANY, _NAMESPACES, 0, 1), _step(_RETURN, _ERRNO | _EPERM)]
    if alone:
        refused += [_step(_ANY, _THREAD, 1, 0), _step(_RETURN, _ERRNO | _EPERM)]
    code += [_step(_EQUAL, _CLONE[column], 0, 1 + len(refused)), _step(_LOAD, _FIRST_ARGUMENT)]
    return b"".join([*code, *refused, _step(_RETURN, _ALLOW)])


def _step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    """One instruction; the last two are how many to skip."""
    return struct.pack("<HBBI", code, then, otherwise, value)
