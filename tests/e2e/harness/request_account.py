# SPDX-License-Identifier: Apache-2.0
"""Requests of the programs go_http and go_grpc: what the agent counted against what client and
server counted themselves. Keys are those of the programs: "GET /items/%d 200", "pkg.S/M 5"."""

from harness.report import say
from harness.waiting import DeadlineError, wait_until

CODES = ("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
         "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
         "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
         "UNAUTHENTICATED")
FAMILIES = {
    "http_server": "http_server_request_duration_seconds",
    "http_client": "http_client_request_duration_seconds",
    "grpc_server": "rpc_server_call_duration_seconds",
    "grpc_client": "rpc_client_call_duration_seconds",
}


def _key(kind, labels):
    status = labels.get("http_response_status_code") or labels.get("error_type", "")
    if kind == "http_server":
        return f"{labels['http_request_method']} {labels.get('http_route', '')} {status}".rstrip()
    if kind == "http_client":
        return f"{labels['http_request_method']} {labels['server_address']} {status}"
    code = labels["rpc_response_status_code"]
    return f"{labels['rpc_method']} {CODES.index(code) if code in CODES else code}"


def counted(page, kind, service, what="count"):
    """{key: what the agent has} of one service; `what` is `count` or `sum`."""
    found = {}
    for labels, value in page.all(f"{FAMILIES[kind]}_{what}", service_name=service):
        key = _key(kind, labels)
        found[key] = found.get(key, 0) + value
    return found


def expected(kind, own):
    """The program's own counts under the agent's keys."""
    counts = {}
    for key, value in own.items():
        if kind == "http_server":
            key = key.replace("%d", "{id}").replace("/orders/77", "/orders/{id2}")
        elif kind == "http_client":
            method, _, status = key.split()
            key = f"{method} 127.0.0.1 {status}"
        counts[key] = counts.get(key, 0) + value
    return counts


def routes_of_paths(counts):
    """As a server has them whose router has no patterns with names."""
    return {key.replace("{id2}", "{id}"): value for key, value in counts.items()}


def settled(agent, kind, service, total):
    """The page once the agent has counted so many requests, or after the deadline."""
    def enough():
        page = agent.scrape()
        return page if sum(counted(page, kind, service).values()) >= total else None
    try:
        return wait_until(enough, f"{total} requests of {service}", interval=0.1)
    except DeadlineError:
        return agent.scrape()


def differences(got, wanted):
    """Short text of what is not equal; empty if all is."""
    keys = sorted(k for k in {*got, *wanted} if got.get(k, 0) != wanted.get(k, 0))
    return ", ".join(f"{k}: {got.get(k, 0):g} for {wanted.get(k, 0)}" for k in keys[:6]) + (
        f" … {len(keys)} in all" if len(keys) > 6 else "")


def losses(page):
    """What did not arrive, of the events of requests."""
    return sum(page.sum("holter_events_lost_total", type=name) for name in ("request", "long_request", "traced_request"))


def hits(before, after, *probes):
    """How often these probes were hit between two pages, by the kernel's count."""
    return {probe: after.sum("holter_probe_hits_total", probe=probe)
            - before.sum("holter_probe_hits_total", probe=probe) for probe in probes}


# grpc-go with a clock around the function that serves a call; the program's files tagged `measured` read it.
MEASURED = {"flags": ("-tags=measured",), "patch": (
    "server.go", r"s\.handleStream\((st, stream.*)\)\n",
    r"begun := time.Now(); s.handleStream(\1); CallTook(time.Since(begun))\n",
    "\nvar CallTook func(time.Duration)\n")}


def judge(report, agent, before, kind, service, own, relative=0.02):
    """Counts equal, sums of durations within `relative`, nothing lost. Returns the page after."""
    wanted = expected(kind, own["counts"])
    page = settled(agent, kind, service, sum(wanted.values()))
    got = counted(page, kind, service)
    if kind == "http_server" and any("{id2}" in key for key in wanted) and not any(
            "{id2}" in key for key in got):
        wanted = routes_of_paths(wanted)
    difference = differences(got, wanted)
    report.true(f"{kind}: {sum(wanted.values())} requests in {len(wanted)} series counted equal",
                not difference, difference)
    measured, theirs = sum(counted(page, kind, service, "sum").values()), sum(own["seconds"].values())
    report.near(f"{kind}: sum of durations", measured, theirs, relative)
    say(f"{report.context}: {kind}: {measured:.2f} s in requests, {measured / theirs:.4f} of the program's own")
    report.equal(f"{kind}: events lost", losses(page), losses(before))
    return page


def judge_probes(report, page, prefixes):
    """All probes of these groups are attached, at sites that the kernel emulates."""
    rows = [labels for labels, value in page.all("holter_probes") if value
            and labels["probe"].startswith(prefixes)]
    report.true("probes are attached", any(row["state"] == "attached" for row in rows))
    for row in rows:
        report.true(f"{row['probe']} is attached at an emulated site",
                    row["state"] == "attached" and row.get("site") == "emulated",
                    f"{row['state']} {row.get('site', '')} {row.get('reason', '')}")
