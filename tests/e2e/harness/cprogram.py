# SPDX-License-Identifier: Apache-2.0
"""C programs of the tests: built where a test says, and talked to by lines, each of which they answer
with one line of JSON."""

import json
import os
import pathlib
import subprocess

from harness.report import Skip, need
from harness.target import die_with_parent, stop

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "programs"


def build(source, target, *options, compiler="cc"):
    """Compiles `source` (below tests/e2e/programs) to `target`."""
    need(compiler)
    if not list(pathlib.Path("/usr/include").glob("**/sys/sdt.h")):
        raise Skip("not installed: systemtap-sdt-dev")
    subprocess.run([compiler, "-O2", "-g", "-o", target, SOURCES / source, *options], check=True)
    return target


class CTarget:
    """A running program that answers lines."""

    def __init__(self, *arguments, env=None, prefix=(), cwd=None):
        self.process = subprocess.Popen(
            [*prefix, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, **(env or {})}, preexec_fn=die_with_parent, text=True, bufsize=1,
            cwd=cwd)
        self.pid = self.process.pid
        try:
            self.greeting = self._read()
        except BaseException:
            self.stop()
            raise

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the target ended with status {self.process.wait()}")
        return json.loads(line)

    def ask(self, command=""):
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
        try:
            self.process.stdin.close()
            self.process.wait(2)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            pass
        return stop(self.process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
