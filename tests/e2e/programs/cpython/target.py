# SPDX-License-Identifier: Apache-2.0
"""A Python process whose collector and errors the tests drive, and which keeps its own account.

It takes one command per line on standard input and answers each with one line of JSON, and ends
when standard input does. Its account of collections is gc.get_stats and, for their length,
gc.callbacks; errors are counted where they are raised.
"""

import collections
import gc
import json
import sys
import threading
import time


class OrderRejected(Exception):
    pass


class Cell:
    pass


raised = collections.Counter()
lengths = collections.Counter()
collected = collections.Counter()
began = [0]


def callback(phase, info):
    now = time.monotonic_ns()
    if phase == "start":
        began[0] = time.monotonic_ns()
    else:
        lengths[info["generation"]] += now - began[0]
        collected[info["generation"]] += info["collected"]


def cycles(count):
    """Garbage that only the collector can free, some live data to look through besides."""
    for _ in range(count):
        a, b = Cell(), Cell()
        a.other, b.other = b, a


def load(more):
    """Allocates until the collector has run this many more times of its own accord."""
    wanted = sum(s["collections"] for s in gc.get_stats()) + more
    while sum(s["collections"] for s in gc.get_stats()) < wanted:
        cycles(1000)


def force(times, generation):
    for _ in range(times):
        cycles(200)
        gc.collect(generation)


def provoke(kind):
    if kind == "made":
        raise OrderRejected("the order was rejected")
    if kind == "type":
        raise TypeError("not this type")
    if kind == "key":
        return {}["absent"]
    if kind == "zero":
        return 1 // len({})
    if kind == "attribute":
        return object().absent
    if kind == "native":
        return int("no number")
    raise SystemError(kind)


def throw(kind, times):
    for _ in range(times):
        try:
            provoke(kind)
        except Exception as error:  # pylint: disable=broad-except
            raised[type(error).__name__] += 1


def quiet(times):
    """What Python does all day and nobody calls an error."""
    ask = object()
    for _ in range(times):
        getattr(ask, "absent", None)
        hasattr(ask, "absent")
        for _ in iter([]):
            pass
        list(x for x in ())
        next(iter(()), None)


def uncaught(times):
    sys.stderr = open("/dev/null", "w", encoding="ascii")
    for _ in range(times):
        thread = threading.Thread(target=provoke, args=("made",))
        thread.start()
        thread.join()
        raised["uncaught"] += 1
    sys.stderr = sys.__stderr__


def account():
    return {"collections": [s["collections"] for s in gc.get_stats()],
            "collected": [s["collected"] for s in gc.get_stats()],
            "nanoseconds": dict(lengths), "raised": dict(raised)}


def answer(words):
    number = int(words[-1]) if words[-1].isdigit() else 1
    if words[0] == "account":
        return account()
    if words[0] == "load":
        load(number)
    elif words[0] == "force":
        force(number, int(words[1]))
    elif words[0] == "raise":
        throw(words[1], number)
    elif words[0] == "quiet":
        quiet(number)
    elif words[0] == "uncaught":
        uncaught(number)
    elif words[0] == "time":
        gc.callbacks.append(callback)
    elif words[0] == "die":
        raise OrderRejected("nobody catches this")
    else:
        return {"error": f"no such command: {words[0]}"}
    return {}


def main():
    live = [{"n": n} for n in range(20000)]
    print(json.dumps({"ready": True, "version": sys.version.split()[0], "live": len(live)}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(line.split())), flush=True)


main()
