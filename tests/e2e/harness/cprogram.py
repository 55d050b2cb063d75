# SPDX-License-Identifier: Apache-2.0
"""C programs of the tests: built where a test says, and talked to by lines, each of which they answer
with one line of JSON."""

import pathlib
import subprocess

from harness.report import Skip, need
from harness.runtime import PROGRAMS, LineTarget


def build(source, target, *options, compiler="cc"):
    """Compiles `source` (below tests/e2e/programs) to `target`."""
    need(compiler)
    if not list(pathlib.Path("/usr/include").glob("**/sys/sdt.h")):
        raise Skip("not installed: systemtap-sdt-dev")
    subprocess.run([compiler, "-O2", "-g", "-o", target, PROGRAMS / source, *options], check=True)
    return target


class CTarget(LineTarget):
    """A running program that answers lines."""

    def __init__(self, *arguments, prefix=()):
        super().__init__([*prefix, *arguments], service="c_program")

    def ask(self, command=""):
        return super().ask(command)
