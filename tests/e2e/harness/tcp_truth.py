# SPDX-License-Identifier: Apache-2.0
"""The kernel's own list of TCP sockets: /proc/PID/net/tcp and tcp6, which is what ss reads in another
form, joined with the process's descriptors by inode."""

import collections
import os
import re

_STATES = {1: "established", 2: "syn_sent", 3: "syn_recv", 4: "fin_wait_1", 5: "fin_wait_2",
           6: "time_wait", 7: "close", 8: "close_wait", 9: "last_ack", 10: "listen", 11: "closing"}

# What waits in TIME_WAIT or, for a peer that has not closed, in FIN_WAIT_2 is a stand-in of the kernel's
# once the connection is done: this number in the column "tr" says so.
_STAND_IN_TIMER = 3

Socket = collections.namedtuple("Socket", "state local remote inode done")


def _rows(pid):
    """The list is read in pieces while sockets come and go: one may be in it twice."""
    met = set()
    for name in ("tcp", "tcp6"):
        try:
            with open(f"/proc/{pid}/net/{name}", encoding="ascii") as table:
                next(table)
                for line in table:
                    fields = line.split()
                    which = (fields[1], fields[2], fields[9])
                    if which in met:
                        continue
                    met.add(which)
                    yield Socket(_STATES.get(int(fields[3], 16), fields[3]),
                                 int(fields[1].rsplit(":", 1)[1], 16),
                                 int(fields[2].rsplit(":", 1)[1], 16), int(fields[9]),
                                 int(fields[5].split(":")[0], 16) == _STAND_IN_TIMER)
        except FileNotFoundError:
            continue


def _inodes(pid):
    found = set()
    try:
        for number in os.listdir(f"/proc/{pid}/fd"):
            try:
                match = re.match(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{number}"))
            except FileNotFoundError:
                continue
            if match:
                found.add(int(match.group(1)))
    except FileNotFoundError:
        pass
    return found


def held(pid):
    """{state: number} of the sockets that this process has descriptors of."""
    inodes = _inodes(pid)
    return dict(collections.Counter(socket.state for socket in _rows(pid)
                                    if socket.inode in inodes and socket.state != "close"))


def in_namespace(pid, state, **wanted):
    """How many sockets of the process's network namespace are in this state; `local` and `remote`
    narrow it to ports, `done` to those that are stand-ins or are not."""
    return sum(1 for socket in _rows(pid) if socket.state == state
               and all(getattr(socket, name) == value for name, value in wanted.items()))


# Sockets of these states have no process any more, or none yet: the kernel's list does not name it.
UNOWNED = ("time_wait", "syn_recv", "unaccepted")


def seen(page, service, direction=None):
    """{state: number} as the agent has it, without zeroes and without what nobody holds."""
    wanted = {"service_name": service, **({"direction": direction} if direction else {})}
    states = collections.Counter()
    for labels, value in page.all("holter_tcp_connections", **wanted):
        if labels["state"] not in UNOWNED and value:
            states[labels["state"]] += int(value)
    return dict(states)


def gauge(page, service, state, **labels):
    return page.sum("holter_tcp_connections", service_name=service, state=state, **labels)
