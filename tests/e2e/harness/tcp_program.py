# SPDX-License-Identifier: Apache-2.0
"""The Go program that opens and closes connections on command (programs/go_tcp), and waiting for the
agent to have the kernel's numbers."""

import contextlib

from harness import goprogram, tcp_truth
from harness.target import GoTarget
from harness.waiting import DeadlineError, wait_until

VERSION = "1.22.12"


def start(service, version=VERSION, prefix=()):
    words = None
    program = goprogram.build(version, "stripped", program="go_tcp")
    if prefix:
        words = (str(program),)
    return GoTarget(program, env={"OTEL_SERVICE_NAME": service, "GODEBUG": ""}, prefix=prefix,
                    words=words)


@contextlib.contextmanager
def pair(server="server", client="client", version=VERSION):
    with start(server, version) as one, start(client, version) as other:
        yield one, other


def settled(agent, expected, what):
    """Waits until `expected(page)` holds, and returns the last page whether it came to hold or not:
    the caller judges it, and prints both sides."""
    last = []

    def holds():
        last[:] = [agent.scrape()]
        return expected(last[0])
    try:
        wait_until(holds, what, interval=0.1)
    except DeadlineError:
        pass
    return last[0]


def judge_gauges(report, agent, target, service, what):
    """Sockets by state as the agent has them against the kernel's list, at rest."""
    page = settled(agent, lambda now: tcp_truth.seen(now, service) == tcp_truth.held(target.pid),
                   "equal gauges")
    report.equal(f"{what}: sockets of {service} by state", tcp_truth.seen(page, service),
                 tcp_truth.held(target.pid))
    return page


def ends_unseen(page):
    """Ends of which no tracepoint told, when thousands end at once on a busy machine (docs/connections.md)."""
    return page.sum("holter_events_lost_total", type="tcp_state", cause="end_unseen")


def judge_nothing_lost(report, page, but=None):
    lost = [(labels, value) for labels, value in page.all("holter_events_lost_total")
            if value and labels["type"].startswith("tcp") and labels["cause"] != but]
    report.equal("lost", lost, [])
