# SPDX-License-Identifier: Apache-2.0
"""Judging and telling. A check prints both sides whether it holds or not: the output of a test is
the measurement. A test collects its failures and goes on, so that one bad row does not hide the
others; it ends with 0 (all held), 1 (something did not) or 77 (could not run, and says why)."""

import os
import shutil
import sys
import traceback

SKIPPED = 77


class Skip(Exception):
    """The test cannot run here; the text says what is missing."""


class Report:
    def __init__(self):
        self.failures = []
        self.checks = 0
        self.context = ""

    def _judge(self, holds, text):
        self.checks += 1
        where = f"[{self.context}] " if self.context else ""
        if not holds:
            self.failures.append(where + text)
            print(f"  FAIL {where}{text}", flush=True)
        elif os.environ.get("HOLTER_TEST_VERBOSE"):
            print(f"  ok   {where}{text}", flush=True)
        return holds

    def equal(self, what, got, expected):
        return self._judge(got == expected, f"{what}: got {got!r}, expected {expected!r}")

    def near(self, what, got, expected, relative=0.0, absolute=0.0):
        """Within a share of `expected`, or an absolute distance, whichever is more."""
        bound = max(abs(expected) * relative, absolute) if got is not None else 0
        holds = got is not None and abs(got - expected) <= bound
        return self._judge(holds, f"{what}: got {got!r}, expected {expected!r} within {bound:.4g}")

    def at_most(self, what, got, bound, unit=""):
        holds = got is not None and got <= bound
        return self._judge(holds, f"{what}: {_number(got)}{unit}, at most {_number(bound)}{unit}")

    def at_least(self, what, got, bound, unit=""):
        holds = got is not None and got >= bound
        return self._judge(holds, f"{what}: {_number(got)}{unit}, at least {_number(bound)}{unit}")

    def true(self, what, holds, detail=""):
        return self._judge(bool(holds), f"{what}{': ' + detail if detail else ''}")

    def contains(self, what, text, part):
        return self._judge(part in text, f"{what}: {part!r} in {text!r}")


def _number(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def say(text):
    print(text, flush=True)


def full_run():
    """Whether every cell is wanted (scripts/test --full)."""
    return os.environ.get("HOLTER_TEST_FULL") == "1"


def need(*commands):
    """Skips unless all of these are installed."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = [name for name in commands if not shutil.which(name, path=path)]
    if missing:
        raise Skip("not installed: " + ", ".join(missing))


def need_root():
    if os.geteuid() != 0:
        raise Skip("needs root")


def run(test):
    """Runs `test(report)` and ends the process with the verdict."""
    report = Report()
    try:
        test(report)
    except Skip as reason:
        say(f"SKIPPED: {reason}")
        sys.exit(SKIPPED)
    except Exception:  # the verdict must be printed whatever happened
        traceback.print_exc()
        report.failures.append("the test itself ended with an exception")
    if report.failures:
        say(f"FAILED: {len(report.failures)} of {report.checks} checks")
        for failure in report.failures:
            say(f"  {failure}")
        sys.exit(1)
    if not report.checks:
        say("FAILED: the test checked nothing")
        sys.exit(1)
    say(f"passed: {report.checks} checks")
