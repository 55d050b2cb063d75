# SPDX-License-Identifier: Apache-2.0
"""What a process holds in the kernel, read from its file descriptors: BPF links, maps and programs. Other
agents may run on the same machine, so nothing here looks at the whole system."""

import contextlib
import ctypes
import json
import os
import platform
import subprocess


def _descriptors(pid):
    for number in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{number}", encoding="ascii") as info:
                yield dict(line.split(":", 1) for line in info.read().splitlines() if ":" in line)
        except FileNotFoundError:
            continue


def link_ids(pid):
    """Ids of the BPF links that this process holds."""
    return {int(info["link_id"]) for info in _descriptors(pid) if "link_id" in info}


def link_exists(link):
    return subprocess.run(["bpftool", "link", "show", "id", str(link)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                          env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"}
                          ).returncode == 0


def map_bytes(pid):
    """Kernel memory of all BPF maps that this process holds, each once."""
    maps = {info["map_id"].strip(): int(info["memlock"]) for info in _descriptors(pid)
            if "map_id" in info and "memlock" in info}
    return sum(maps.values())


def _bpftool(*words):
    done = subprocess.run(["bpftool", "--json", *words], stdin=subprocess.DEVNULL, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
    return json.loads(done.stdout)


def occupancy(pid, name):
    """How many elements a hash map has that this process holds."""
    for number in {info["map_id"].strip() for info in _descriptors(pid) if "map_id" in info}:
        # The kernel keeps 15 characters of a name.
        if _bpftool("map", "show", "id", number)["name"] == name[:15]:
            return len(_bpftool("map", "dump", "id", number))
    raise KeyError(name)


def resident_bytes(pid):
    """Resident memory now, and its peak."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        fields = dict(line.split(":", 1) for line in status.read().splitlines())
    return tuple(int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))


def cpu_seconds(pid):
    """User and system time of all threads."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def seconds_without_processor(pid):
    """How long a thread of this process could have run, and others had the processors: of the one that
    waited longest, because they wait at the same time."""
    waited = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as statistics:
                waited = max(waited, int(statistics.read().split()[1]))
        except FileNotFoundError:  # the thread has ended, or this kernel does not keep the time
            continue
    return waited / 1e9


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def programs(pid):
    """{name: (ns it ran, times it ran)} of the BPF programs that this process holds. The kernel keeps
    these numbers only while somebody asks for them: run_statistics()."""
    found = {}
    for info in _descriptors(pid):
        if "prog_id" not in info:
            continue
        shown = subprocess.run(
            ["bpftool", "--json", "prog", "show", "id", info["prog_id"].strip()],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
        if shown.returncode != 0:
            continue
        program = json.loads(shown.stdout)
        found[program.get("name", "")] = (program.get("run_time_ns", 0), program.get("run_cnt", 0))
    return found


@contextlib.contextmanager
def run_statistics():
    """While this is open the kernel measures how long BPF programs run (BPF_ENABLE_STATS)."""
    enable_stats, syscall = 32, {"x86_64": 321, "aarch64": 280}[platform.machine()]
    attributes = ctypes.create_string_buffer(64)
    descriptor = ctypes.CDLL(None, use_errno=True).syscall(
        syscall, enable_stats, attributes, len(attributes))
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "BPF_ENABLE_STATS")
    try:
        yield
    finally:
        os.close(descriptor)
