# SPDX-License-Identifier: Apache-2.0
"""CPU profiles made to order: `go build -pgo` inlines what a profile calls hot, so a profile that puts
all its weight on one call makes the compiler inline that call, today and on any machine.

The compiler knows a call by caller, callee and the line of the call counted from the caller's first
line. Those lines come out of the disassembly of a plain build, which names file and line of every
instruction. The profile itself is pprof's format: gzip around a protobuf, written here by hand.
"""

import collections
import gzip
import pathlib
import re

from harness import goprogram

Call = collections.namedtuple("Call", "caller callee file start_line line")

_TEXT = re.compile(r"^TEXT (\S+)\(SB\) (\S+)")
_INSTRUCTION = re.compile(r"^\s+\S+:(\d+)\s+0x[0-9a-f]+\s+[0-9a-f]+\s+(.*?)\s*$")


def calls(version, binary, callers, callee):
    """Every direct call of `callee` in functions that match `callers` (an expression)."""
    listing = goprogram.go(version, "tool", "objdump", "-s", callers, binary)
    found = []
    function, start = None, None
    for line in listing.splitlines():
        text = _TEXT.match(line)
        if text:
            function, start = text, None
            continue
        instruction = _INSTRUCTION.match(line)
        if not instruction or not function:
            continue
        number = int(instruction.group(1))
        # The prologue carries the line on which the function begins.
        start = start or number
        if instruction.group(2) == f"CALL {callee}(SB)":
            found.append(Call(function.group(1), callee, function.group(2), start, number))
    return found


def _varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _message(*fields):
    """`(number, value)` pairs; a bytes value is length-delimited, an int is a varint."""
    out = b""
    for number, value in fields:
        if isinstance(value, bytes):
            out += _varint(number << 3 | 2) + _varint(len(value)) + value
        else:
            out += _varint(number << 3) + _varint(value)
    return out


def profile(edges, weight=1_000_000):
    """A CPU profile in which each of these calls is as hot as can be."""
    strings = ["", "samples", "count", "cpu", "nanoseconds"]

    def string(text):
        if text not in strings:
            strings.append(text)
        return strings.index(text)

    functions, locations, samples = [], [], []

    def location(name, file, start_line, line):
        number = len(functions) + 1
        functions.append(_message((1, number), (2, string(name)), (3, string(name)),
                                  (4, string(file)), (5, start_line)))
        locations.append(_message((1, number), (4, _message((1, number), (2, line)))))
        return number

    for call in edges:
        leaf = location(call.callee, call.file, 1, 1)
        caller = location(call.caller, call.file, call.start_line, call.line)
        # Innermost frame first.
        samples.append(_message((1, leaf), (1, caller), (2, weight), (2, weight * 10_000_000)))
    kinds = [_message((1, string("samples")), (2, string("count"))),
             _message((1, string("cpu")), (2, string("nanoseconds")))]
    body = _message(*((1, kind) for kind in kinds), *((2, sample) for sample in samples),
                    *((4, place) for place in locations), *((5, item) for item in functions),
                    *((6, text.encode()) for text in strings),
                    (11, kinds[1]), (12, 10_000_000))
    return gzip.compress(body, mtime=0)


def build(version, folder, edges, **program):
    """The program built so that these calls are inlined; `folder` takes the profile, `program` is what
    goprogram.build is told besides."""
    path = pathlib.Path(folder) / f"{version}.pprof"
    path.write_bytes(profile(edges))
    return goprogram.build(version, variant="pgo", flags=(f"-pgo={path}",), key=profile(edges), **program)


def inlined(version, folder, wanted, **program):
    """The program built so that calls are inlined, `(callers, callee)` of each, and how many of them were."""
    plain = goprogram.build(version, **program)
    edges = [call for callers, callee in wanted for call in calls(version, plain, callers, callee)]
    binary = build(version, folder, edges, **program)
    left = [call for callers, callee in wanted for call in calls(version, binary, callers, callee)]
    return binary, len(edges) - len(left)
