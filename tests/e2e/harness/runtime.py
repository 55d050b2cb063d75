# SPDX-License-Identifier: Apache-2.0
"""Targets that are not Go: programs of one file, told what to do by lines on their standard input.

Each answers a line with one line of JSON, and ends when its input does. Lines that are not JSON
are the runtime's own account of itself (a trace), and are kept for the test.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from harness.exposition import growth
from harness.report import Skip, say
from harness.target import die_with_parent, stop
from harness.waiting import PATIENCE, DeadlineError, wait_until

PROGRAMS = pathlib.Path(__file__).resolve().parents[1] / "programs"
_NAMES = ("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "SERVICE_NAME")


def _before_exec():
    """Other work on the machine would lengthen what the runtime's clock and ours are compared over:
    between the two is code of the program, and there it may lose the CPU."""
    die_with_parent()
    try:
        os.nice(-19)
    except PermissionError:
        pass


def cache(*parts):
    """A folder of this user's that keeps what tests fetch or build."""
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = pathlib.Path(root, "holter", *parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run(*command, **options):
    """Runs a command to its end; its output, or an error that says what it said."""
    words = [str(word) for word in command]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {(done.stderr or done.stdout).strip()[-1000:]}")
    return done.stdout


def need(command, package):
    """Path of a command that scripts/install-dependencies installs."""
    path = shutil.which(command)
    if not path:
        raise Skip(f"no {command} on this machine (Debian's {package} has it)")
    return path


def once(folder, make):
    """`folder`, made by `make(unfinished folder)` if it is not there; never seen half made."""
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as unfinished:
            made = pathlib.Path(unfinished) / "made"
            made.mkdir()
            make(made)
            made.rename(folder)
    return folder


class LineTarget:
    """A running target; `service` is the name its series have."""

    def __init__(self, arguments, service, env=None, greets=True, cwd=None, stderr=None):
        clean = {key: value for key, value in os.environ.items() if key not in _NAMES}
        self.service = service
        self.trace = []
        self.process = subprocess.Popen(
            [str(word) for word in arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=stderr, cwd=cwd, env={**clean, "OTEL_SERVICE_NAME": service, **(env or {})},
            preexec_fn=_before_exec, text=True, bufsize=1)
        self.pid = self.process.pid
        try:
            self.greeting = self._read() if greets else {}
        except BaseException:
            self.stop()
            raise

    def _read(self):
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError(f"the target ended with status {self.process.wait()}")
            if line.startswith("{"):
                return json.loads(line)
            self.trace.append(line.rstrip("\n"))

    def tell(self, command):
        """Sends a command that is not answered."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def ask(self, command):
        """Sends one command and returns its answer."""
        self.tell(command)
        answer = self._read()
        if "error" in answer:
            raise RuntimeError(f"{command}: {answer['error']}")
        return answer

    def alive(self):
        return self.process.poll() is None

    def wait(self):
        """Waits for the end of a target that was told to end; keeps what it still said."""
        rest, _ = self.process.communicate(timeout=PATIENCE)
        self.trace += rest.splitlines()
        return self.process.returncode

    def stop(self):
        """End of input ends the program; signals are for the case that it does not."""
        if self.process.stdin and not self.process.stdin.closed:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                pass
        return stop(self.process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def grown(before, after, name, label, **labels):
    """{value of `label`: growth} of a family's series with these labels, without zeroes."""
    values = {found[label] for found, _ in after.all(name, **labels) if label in found}
    counts = {value: growth(before, after, name, **{label: value}, **labels) for value in values}
    return {value: count for value, count in sorted(counts.items()) if count}


class Lengths:
    """How long stops took by our clock and by the runtime's own. A probe hit is where a thread comes out
    of the kernel, and so where it loses the processor to other work: between the two clocks."""

    def __init__(self):
        self._rows = []

    def add(self, what, number, seconds, least_ns, most_ns=None):
        """Ours lies between the two, or is equal to the one, within 5 % and 50 µs for each stop."""
        most_ns = least_ns if most_ns is None else most_ns
        tolerance = 0.05 * most_ns + 50e3 * number
        self._rows.append((f"nanoseconds of {number} {what}", seconds * 1e9, least_ns - tolerance,
                           most_ns + tolerance))

    def hold(self):
        return all(least <= ours <= most for _, ours, least, most in self._rows)

    def judge(self, report):
        for what, ours, least, most in self._rows:
            report.at_least(what, ours, least)
            report.at_most(what, ours, most)


def with_lengths(report, compare, times=5):
    """`compare(lengths)` counts stops and judges the counts, every time. It is done again while the
    lengths that it adds do not hold, and the last ones are judged."""
    for turn in range(times):
        lengths = Lengths()
        compare(lengths)
        if lengths.hold():
            break
        say(f"{report.context}: lengths are apart in measurement {turn + 1}")
    lengths.judge(report)


def settled(agent, judge):
    """The page of which `judge(page)` holds, or the last one: events are read on a timer, and what
    is judged is the page after they had time to arrive."""
    try:
        return wait_until(lambda: (page := agent.scrape()) and judge(page) and page,
                          "equal counts")
    except DeadlineError:
        return agent.scrape()
