# SPDX-License-Identifier: Apache-2.0
"""The Pythons of this machine: Debian's, which has USDT probes, and others built without."""

import dataclasses
import os
import pathlib
import re

from harness.report import Skip
from harness.runtime import PROGRAMS, LineTarget, run


@dataclasses.dataclass
class Python:
    version: str
    executable: str
    library: str     # where its code is: a libpython, or the executable
    has_usdt: bool
    has_symtab: bool

    @property
    def minor(self):
        return tuple(int(part) for part in self.version.split(".")[:2])

    def __str__(self):
        return f"{self.version} {'USDT' if self.has_usdt else 'symbols'}"


def _describe(executable):
    said = run(executable, "-c", "import sys; print(sys.version.split()[0])").strip()
    library = executable
    linked = run("ldd", executable)
    if match := re.search(r"libpython3\S* => (\S+)", linked):
        library = os.path.realpath(match[1])
    sections = run("readelf", "--sections", "--wide", library)
    usdt = ".note.stapsdt" in sections and "gc__start" in run("readelf", "--notes", library)
    return Python(said, executable, library, usdt, ".symtab" in sections)


def pythons():
    """One of each version and build, from 3.11 on."""
    found = {}
    candidates = [pathlib.Path(f"/usr/bin/python3.{minor}") for minor in range(11, 20)]
    candidates += sorted(pathlib.Path.home().glob(".pyenv/versions/3.*/bin/python3.[0-9]*"))
    for path in candidates:
        executable = os.path.realpath(path)
        if path.exists() and re.fullmatch(r"python3\.\d+", os.path.basename(executable)):
            python = _describe(executable)
            if python.minor >= (3, 11):
                found.setdefault((python.minor, python.has_usdt), python)
    if not found:
        raise Skip("no Python of 3.11 or later on this machine (Debian's python3 is one)")
    return [found[key] for key in sorted(found)]


class PythonTarget(LineTarget):
    """The Python program; `libraries` is a folder that is searched for libpython first."""

    def __init__(self, python, service, libraries=None):
        super().__init__([python.executable, PROGRAMS / "cpython" / "target.py"], service,
                         env={"LD_LIBRARY_PATH": str(libraries)} if libraries else None)
