# SPDX-License-Identifier: Apache-2.0
"""Whether a process's code is what its file says. A uprobe is an `int3` in the text, so after the
agent is gone the two must be equal byte for byte (Go and C code has no relocations in text)."""

import os


def _executable_mappings(pid):
    """(start, end, file offset) of the executable mappings of the process's own binary."""
    exe = os.stat(f"/proc/{pid}/exe")
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as maps:
        for line in maps:
            fields = line.split(maxsplit=5)
            if len(fields) >= 5 and "x" in fields[1] and int(fields[4]) == exe.st_ino:
                start, end = (int(part, 16) for part in fields[0].split("-"))
                yield start, end, int(fields[2], 16)


def patched_bytes(pid):
    """[(offset in the file, byte in the file, byte in memory)] where text and file differ."""
    found = []
    with open(f"/proc/{pid}/mem", "rb", 0) as memory, open(f"/proc/{pid}/exe", "rb") as binary:
        size = os.fstat(binary.fileno()).st_size
        for start, end, offset in _executable_mappings(pid):
            length = min(end - start, size - offset)
            memory.seek(start)
            inside = memory.read(length)
            binary.seek(offset)
            outside = binary.read(length)
            if inside != outside:
                found += [(offset + at, b, a)
                          for at, (a, b) in enumerate(zip(inside, outside)) if a != b]
    return found


def breakpoints(pid):
    """Offsets at which there is an `int3` that the file does not have."""
    return [offset for offset, _, inside in patched_bytes(pid) if inside == 0xCC]


def breakpoint_addresses(pid):
    """The same, as addresses in memory."""
    return [start + at - offset for start, end, offset in _executable_mappings(pid)
            for at in breakpoints(pid) if offset <= at < offset + end - start]
