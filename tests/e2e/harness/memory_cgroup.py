# SPDX-License-Identifier: Apache-2.0
"""A memory cgroup of the test's own, below the one that the test runs in, of either version of
cgroups; so that the out-of-memory killer can be made to work without harm to anybody else."""

import contextlib
import os
import pathlib

from harness.report import Skip


def _own(controller):
    """The test's own cgroup path in the hierarchy that has this controller ("" is version 2)."""
    with open("/proc/self/cgroup", encoding="ascii") as lines:
        for line in lines:
            _, controllers, path = line.rstrip("\n").split(":", 2)
            if controller in controllers.split(",") if controller else controllers == "":
                return path
    return None


def _mounted(kind, option):
    with open("/proc/mounts", encoding="utf-8", errors="replace") as mounts:
        for line in mounts:
            _, where, found, options, *_ = line.split()
            if found == kind and (not option or option in options.split(",")):
                return pathlib.Path(where)
    return None


@contextlib.contextmanager
def limited(limit):
    """Yields a function that moves a process into the cgroup."""
    first = _mounted("cgroup", "memory")
    if first:
        parent, setting = first / _own("memory").lstrip("/"), "memory.limit_in_bytes"
    else:
        second = _mounted("cgroup2", "")
        if not second:
            raise Skip("no cgroups are mounted")
        parent, setting = second, "memory.max"
        if "memory" not in (parent / "cgroup.subtree_control").read_text(encoding="ascii"):
            raise Skip("no memory controller for cgroups below the root")
    group = parent / f"holter-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / setting).write_text(str(limit), encoding="ascii")
        with contextlib.suppress(OSError):
            (group / "memory.swap.max").write_text("0", encoding="ascii")
    except OSError as error:
        raise Skip(f"no memory cgroup of our own: {error}") from error
    try:
        yield lambda pid: (group / "cgroup.procs").write_text(str(pid), encoding="ascii")
    finally:
        with contextlib.suppress(OSError):
            group.rmdir()
