# SPDX-License-Identifier: Apache-2.0
"""Waiting for a condition with a deadline: no test here sleeps and hopes."""

import re
import time


class DeadlineError(Exception):
    """A condition did not come true in time."""


# What happens at once on an idle machine takes many times as long on one that is short of processors,
# or has something else to do: a deadline is there to end a test that would never end.
PATIENCE = 60.0


def wait_until(condition, what, seconds=PATIENCE, interval=0.02):
    """Calls `condition` until it returns something true, and returns that.

    `what` completes "waited … s for" in the error. The condition may raise OSError (a server that
    is not up yet); any other exception is a mistake in the test and passes through.
    """
    deadline = time.monotonic() + seconds
    last = None
    while True:
        try:
            last = condition()
            if last:
                return last
        except OSError as error:
            last = error
        if time.monotonic() >= deadline:
            # Who goes on after it, to judge what there is, goes on with this line in the log.
            print(f"  waited {seconds:g} s for {what} in vain", flush=True)
            raise DeadlineError(f"waited {seconds:g} s for {what}; last: {last!r}")
        time.sleep(interval)


def undisturbed(measure, bound, times=5):
    """What `measure()` says at a moment when nothing else on the machine got in the way: that can only make
    it longer, so what is beyond the bound is measured again. The last figure, and whatever it said before
    is printed."""
    for turn in range(times):
        if turn:
            print(f"  measured again, {turn}: {got:.4g} is more than {bound:g}", flush=True)
            time.sleep(turn)
        got = measure()
        if got <= bound:
            break
    return got


def fetched(fetch):
    """`fetch()`, which needs the network. Proxies and mirrors fail for a moment now and then, and no test
    is about them: it is tried again, unless it is the compiler that complains."""
    for pause in (2, 10, 30):
        try:
            return fetch()
        except RuntimeError as error:
            if re.search(r"\.go:\d+:\d+: ", str(error)):
                raise
            print(f"  fetched again in {pause} s: {error}", flush=True)
            time.sleep(pause)
    return fetch()


def stays_true(condition, what, seconds=1.0, interval=0.05):
    """Raises DeadlineError as soon as `condition` is not true during `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not condition():
            raise DeadlineError(f"{what} did not hold for {seconds:g} s")
        time.sleep(interval)
