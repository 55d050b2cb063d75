# SPDX-License-Identifier: Apache-2.0
"""Releases of Node, the JavaScript program of the tests, and what --trace-gc says."""

import collections
import dataclasses
import platform
import re
import shutil
import tarfile

from harness.report import Skip
from harness.runtime import PROGRAMS, LineTarget, cache, once, run
from harness.waiting import fetched

# npm carries the executable of each release.
PACKAGED = ("18.20.8", "20.20.2", "22.23.3", "24.21.0")

_TRACE = re.compile(r"ms: (Scavenge|Mark-[Cc]ompact|Mark-sweep|Minor Mark-\w+)\b.*? MB, "
                    r"(?:pooled: [\d.]+ MB, )?([\d.]+) / [\d.]+ ms.*?\) ([a-z][\w -]*)")
_KINDS = {"scavenge": "scavenge", "mark-compact": "mark_compact", "mark-sweep": "mark_compact",
          "minor mark-compact": "minor_mark_compact", "minor mark-sweep": "minor_mark_sweep"}


@dataclasses.dataclass
class Node:
    version: str
    executable: str

    @property
    def major(self):
        return int(self.version.split(".")[0])


def _packaged(version):
    arch = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]

    def make(folder):
        npm = shutil.which("npm")
        if not npm:
            raise Skip("no npm on this machine (Debian's npm has it)")
        name = fetched(lambda: run(npm, "pack", f"node-linux-{arch}@{version}", "--silent",
                                   cwd=folder)).split()[-1]
        with tarfile.open(folder / name) as package:
            package.extract("package/bin/node", folder)
        (folder / name).unlink()
    return once(cache("node") / version, make) / "package" / "bin" / "node"


def nodes(versions=PACKAGED):
    """The executables of these releases."""
    found = []
    for version in versions:
        executable = _packaged(version)
        said = run(executable, "--version").strip().removeprefix("v")
        found.append(Node(said, str(executable)))
    return found


class NodeTarget(LineTarget):
    """The JavaScript program with --trace-gc; `traced()` is what it traced since `mark()`."""

    def __init__(self, node, service, *flags, stderr=None):
        self._mark = 0
        super().__init__([node.executable, "--expose-gc", "--trace-gc", *flags,
                          PROGRAMS / "node" / "target.js"], service, stderr=stderr)

    def mark(self):
        self._mark = len(self.trace)

    def traced(self):
        """({kind: (number, milliseconds)}, {reason: number} of scavenges, lines that say something
        else)."""
        kinds = collections.defaultdict(lambda: (0, 0.0))
        reasons = collections.Counter()
        rest = []
        for line in self.trace[self._mark:]:
            match = _TRACE.search(line)
            if not match:
                rest.append(line)
                continue
            kind = _KINDS[match[1].lower()]
            kinds[kind] = (kinds[kind][0] + 1, kinds[kind][1] + float(match[2]))
            if kind == "scavenge":
                reasons[match[3].strip()] += 1
        return dict(kinds), dict(reasons), rest
