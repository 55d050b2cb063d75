# SPDX-License-Identifier: Apache-2.0
"""Running the agent under test, always narrowed to targets of the test that runs it."""

import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from harness.exposition import Page
from harness.report import Skip
from harness.target import die_with_parent, stop
from harness.waiting import PATIENCE, wait_until

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_source = pathlib.Path(__file__).resolve().parents[3]


def binary():
    """The agent that was built: HOLTER_BUILD_DIR is set by ctest."""
    build = pathlib.Path(os.environ.get("HOLTER_BUILD_DIR", _source / "build" / "release"))
    path = build / "holter"
    if not path.exists():
        raise Skip(f"{path} was not built")
    return str(path)


def free_port():
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def command(*arguments, **options):
    """Runs the agent's binary to its end: `(exit status, stdout, stderr)`."""
    done = subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=options.pop("timeout", PATIENCE),
                          preexec_fn=die_with_parent, **options)
    return done.returncode, done.stdout, done.stderr


def inspect(pid):
    """`holter inspect PID --output json`."""
    status, out, err = command("inspect", pid, "--output", "json")
    if status != 0:
        raise RuntimeError(f"inspect {pid}: status {status}: {err}")
    return json.loads(out)


class Agent:
    """A running `holter run`. Its log goes to a file that is printed when a test fails."""

    def __init__(self, *arguments, pids=(), config=None, wait=True, env=None, budget="off"):
        """Counts every request, whatever it costs, unless there is a `budget`."""
        self.port = free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="holter-test-")
        self.log_path = os.path.join(self._folder.name, "log")
        words = [binary(), "run", f"--web.listen-address=127.0.0.1:{self.port}"]
        words.append(f"--overhead.budget={budget}")
        for pid in pids:
            words += ["--pid", str(pid)]
        if config is not None:
            path = os.path.join(self._folder.name, "holter.yaml")
            pathlib.Path(path).write_text(config, encoding="utf-8")
            words += ["--config.file", path]
        self.started = time.monotonic()
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [*words, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **(env or {})}, preexec_fn=die_with_parent)
        self.pid = self.process.pid
        if wait:
            try:
                self.wait_ready()
            except BaseException:
                print(self.log(), flush=True)
                self.stop()
                raise

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def fetch(self, path, accept=None):
        """`(status, content type, body)` of one GET."""
        request = urllib.request.Request(self.url(path))
        if accept:
            request.add_header("Accept", accept)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:
                return (response.status, response.headers.get("Content-Type", ""),
                        response.read().decode())
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get("Content-Type", ""), error.read().decode()

    def scrape(self, accept=None):
        status, _, body = self.fetch("/metrics", accept)
        if status != 200:
            raise OSError(f"/metrics: status {status}")
        return Page(body)

    def targets(self):
        """Rows of /targets."""
        status, _, body = self.fetch("/targets")
        if status != 200:
            raise OSError(f"/targets: status {status}")
        rows = json.loads(body)
        return rows["targets"] if isinstance(rows, dict) else rows

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise RuntimeError(f"the agent ended with status {self.process.returncode}")
            return self.fetch("/readyz")[0] == 200
        wait_until(ready, "the agent to be ready", interval=0.01)

    def wait_attached(self, pid):
        """Waits until this process is a target with attached probes, and returns the page."""
        def attached():
            if self.process.poll() is not None:
                raise RuntimeError(f"the agent ended with status {self.process.returncode}")
            page = self.scrape()
            if not page.has("holter_target_info", pid=str(pid)):
                return None
            return page if page.has("holter_probes", state="attached") else None
        return wait_until(attached, f"process {pid} to be attached")

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        """Ends the agent and returns its exit status. What a sanitizer has said of it is a failure."""
        status = stop(self.process)
        log = self.log() if os.path.exists(self.log_path) else ""
        self._folder.cleanup()
        if re.search(r"(WARNING|ERROR): \w+Sanitizer|runtime error: ", log):
            print(f"--- log of the agent ---\n{log}---", flush=True)
            raise RuntimeError("a sanitizer has found something in the agent")
        return status

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            print(f"--- log of the agent ---\n{self.log()}---", flush=True)
        self.stop()
