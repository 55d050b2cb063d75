# SPDX-License-Identifier: Apache-2.0
"""Holding the agent's account of one Go process against the runtime's own, over the same load.

One function, used for every cell of the matrix, for both ways to attach and for PGO builds, so that
"equal" means the same everywhere."""

import dataclasses

from harness.exposition import growth
from harness.goprogram import minor
from harness.report import say
from harness.waiting import PATIENCE, DeadlineError, wait_until

PAUSE = "holter_gc_pause_seconds"
CYCLES = "holter_gc_cycles_total"
STOPS = "holter_go_stop_the_world_seconds"
KINDS = ("sweep_termination", "mark_termination")

# What the program is told to do that stops the world, and as what it must be counted.
STOP_COMMANDS = (("read_mem_stats", 3), ("gomaxprocs", 4), ("all_goroutines_stack_trace", 2),
                 ("goroutine_profile", 2))


@dataclasses.dataclass
class Account:
    """Growth of one process's numbers: the runtime's own, and the agent's."""
    cycles: int
    forced: int
    pause_ns: int
    seen: dict       # kind -> number of pauses
    seen_forced: int
    seen_other: int  # heap and periodic
    seen_unknown: int
    seen_ns: int
    stops: dict      # reason -> number


def expected_stops(version):
    """Go 1.19 split the goroutine profile into two stops; no version calls them differently."""
    wanted = dict(STOP_COMMANDS)
    if minor(version) >= (1, 19):
        wanted["goroutine_profile_cleanup"] = wanted["goroutine_profile"]
    return wanted


def drive(target, agent, service, heap_cycles=40, forced=5, patience=PATIENCE):
    """Lets the target collect and stop, and returns both accounts of it."""
    before, page = target.ask("account"), agent.scrape()
    target.ask(f"load {heap_cycles}")
    target.ask(f"force {forced}")
    for reason, count in STOP_COMMANDS:
        target.ask(f"stops {reason} {count}")
    after = target.ask("account")
    cycles = after["num_gc"] - before["num_gc"]

    def counts(now):
        return {kind: growth(page, now, f"{PAUSE}_count", service_name=service, kind=kind)
                for kind in KINDS}

    now = agent.scrape()
    try:
        # The ring is read on a timer. Waiting cannot make a wrong count right for long: what is
        # judged is the page after the counts have had time to settle.
        wait_until(lambda: set(counts(agent.scrape()).values()) == {cycles}, "equal counts",
                   patience)
        now = agent.scrape()
    except DeadlineError:
        now = agent.scrape()

    def trigger(name):
        return growth(page, now, CYCLES, service_name=service, trigger=name)

    seconds = growth(page, now, f"{PAUSE}_sum", service_name=service)
    reasons = {labels["reason"] for labels, _ in now.all(f"{STOPS}_count", service_name=service)}
    stops = {reason: growth(page, now, f"{STOPS}_count", service_name=service, reason=reason)
             for reason in sorted(reasons)}
    return Account(
        cycles=cycles, forced=after["num_forced_gc"] - before["num_forced_gc"],
        pause_ns=after["pause_total_ns"] - before["pause_total_ns"],
        seen=counts(now), seen_forced=trigger("forced"),
        seen_other=trigger("heap") + trigger("periodic"), seen_unknown=trigger("unknown"),
        seen_ns=round(seconds * 1e9), stops={k: v for k, v in stops.items() if v})


def judge_counts(report, account):
    """Pauses of each kind and cycles by trigger."""
    for kind in KINDS:
        report.equal(f"pauses of {kind} against NumGC", account.seen[kind], account.cycles)
    report.equal("forced cycles against NumForcedGC", account.seen_forced, account.forced)
    report.equal("other cycles", account.seen_other, account.cycles - account.forced)
    report.equal("cycles of unknown trigger", account.seen_unknown, 0)


def judge_length(report, version, account):
    """Equal to the nanosecond where the runtime's own figure passes by; close where it does not."""
    if minor(version) >= (1, 20):
        report.equal("sum of pauses against PauseTotalNs, ns", account.seen_ns, account.pause_ns)
    else:
        report.near("sum of pauses against PauseTotalNs, ns", account.seen_ns, account.pause_ns,
                    relative=0.05)


def judge_stops(report, version, account):
    report.equal("stops that are not the collector's", account.stops, expected_stops(version))


# Once in a lifetime, or when a library is loaded.
MAY_BE_STEPPED = {"go_fatal_error", "go_panic_fatal", "library_changes"}


def judge_probes(report, page):
    """Every probe is attached, and at an instruction that the kernel emulates."""
    attached = page.all("holter_probes", state="attached")
    report.true("some probes are attached", attached)
    stepped = [labels for labels, value in attached
               if value and labels.get("site") != "emulated" and labels["probe"] not in MAY_BE_STEPPED]
    report.equal("probes that are not emulated", stepped, [])
    failed = [labels for labels, value in page.all("holter_probes", state="failed") if value]
    report.equal("failed probes", failed, [])


def judge_audit(report, agent):
    """The agent held itself against the runtime's memory and found nothing."""
    page = wait_until(
        lambda: (now := agent.scrape()).sum("holter_audit_checks_total") > 0 and now,
        "an audit")
    report.equal("audit mismatches", page.sum("holter_audit_mismatches_total"), 0)
    lost = [(labels, value) for labels, value in page.all("holter_events_lost_total") if value]
    report.equal("lost events", lost, [])


HEADER = (f"{'Go':<9}{'mode':<18}{'NumGC':>6}{'sweep':>6}{'mark':>6}{'forced':>8}{'seen':>5}"
          f"{'PauseTotalNs':>14}{'sum of ours':>14}{'off by':>9}{'stops':>7}{'attach':>9}")


def print_row(version, mode, account, attach_seconds):
    share = account.seen_ns / account.pause_ns - 1 if account.pause_ns else 0
    say(f"{version:<9}{mode:<18}{account.cycles:>6}{account.seen[KINDS[0]]:>6.0f}"
        f"{account.seen[KINDS[1]]:>6.0f}{account.forced:>8}{account.seen_forced:>5.0f}"
        f"{account.pause_ns:>14}{account.seen_ns:>14}{share:>9.2%}"
        f"{sum(account.stops.values()):>7.0f}{attach_seconds * 1e3:>6.0f} ms")
