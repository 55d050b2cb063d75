# SPDX-License-Identifier: Apache-2.0
"""`python3 with_pid.py PID PROGRAM…`: runs a program under a PID of one's choice, which must be free.

The kernel gives PIDs out in turn, so waiting for one to come round again would take thousands of
processes; clone3 lets root ask for it (Linux 5.5, made for restoring checkpoints)."""

import ctypes
import os
import signal
import sys

_CLONE3 = 435  # on all architectures


class _CloneArguments(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in (
        "flags", "pidfd", "child_tid", "parent_tid", "exit_signal", "stack", "stack_size", "tls",
        "set_tid", "set_tid_size")]


def _fork_as(pid):
    """As fork(), but the child has this PID."""
    wanted = ctypes.c_int32(pid)
    arguments = _CloneArguments(exit_signal=signal.SIGCHLD, set_tid=ctypes.addressof(wanted),
                                set_tid_size=1)
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(_CLONE3, ctypes.byref(arguments), ctypes.sizeof(arguments))
    if result < 0:
        sys.exit(f"PID {pid}: {os.strerror(ctypes.get_errno())}")
    return result


def main():
    if not _fork_as(int(sys.argv[1])):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # ends with its parent
        os.execv(sys.argv[2], sys.argv[2:])
    # The pipes are the child's alone, so that it sees their end.
    os.close(0)
    os.close(1)
    return os.waitstatus_to_exitcode(os.wait()[1])


if __name__ == "__main__":
    sys.exit(main())
