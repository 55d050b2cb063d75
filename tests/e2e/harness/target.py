# SPDX-License-Identifier: Apache-2.0
"""Running targets. Every process that is started here is ended here, by its own PID, on all paths:
they are context managers, and are told to die with the test besides."""

import ctypes
import json
import os
import signal
import subprocess
import time

from harness.waiting import PATIENCE

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    """For preexec_fn: the kernel ends the child when the test ends, however it ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def stop(process):
    """Ends a child of ours: asks, waits, insists. Returns its exit status."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def start_time(pid):
    """Clock ticks since boot at which this process started, or None if there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return int(stat.read().rsplit(")", 1)[1].split()[19])
    except (FileNotFoundError, ProcessLookupError):
        return None


class Target:
    """Any long-running program."""

    def __init__(self, arguments, env=None, cwd=None, output=subprocess.DEVNULL):
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd,
            env={**os.environ, **(env or {})}, preexec_fn=die_with_parent)
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        return stop(self.process)


class GoTarget:
    """The Go program of the tests (programs/go_gc), talked to by lines on its standard input.

    `prefix` (unshare, chroot …) and `words` replace the plain command line; then `pid` is the PID
    that the program has here, found among the children of the prefix. What `quiet` ones print when
    they crash is not shown.
    """

    def __init__(self, executable, env=None, prefix=(), words=None, quiet=False):
        clean = {k: v for k, v in os.environ.items()
                 if k not in ("GOGC", "GOMEMLIMIT", "GODEBUG", "GOMAXPROCS", "OTEL_SERVICE_NAME",
                              "OTEL_RESOURCE_ATTRIBUTES", "SERVICE_NAME")}
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [*prefix, *(words or [str(executable)])], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL if quiet else None, env={**clean, **(env or {})}, preexec_fn=die_with_parent,
            text=True, bufsize=1)
        try:
            greeting = self._read()
            self.version = greeting["go"]
            self.pid = self.process.pid if not prefix else self._innermost(self.process.pid)
        except BaseException:
            self.stop()
            raise

    @staticmethod
    def _innermost(pid):
        while True:
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
                found = children.read().split()
            if not found:
                return pid
            pid = int(found[0])

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the target ended with status {self.process.wait()}")
        return json.loads(line)

    def ask(self, command):
        """Sends one command and returns its answer."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self._read()
        if "error" in answer:
            raise RuntimeError(f"{command}: {answer['error']}")
        return answer

    def alive(self):
        return self.process.poll() is None

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
