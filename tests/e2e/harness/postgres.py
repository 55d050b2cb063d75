# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL cluster of a test's own: in a temporary folder, on a Unix socket, as nobody."""

import os
import pathlib
import shutil
import subprocess

from harness.report import Skip
from harness.target import Target, die_with_parent
from harness.waiting import wait_until

_AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
_ENVIRONMENT = {"LC_ALL": "C", "PATH": os.environ.get("PATH", "")}


def programs():
    """The folder of the newest PostgreSQL that Debian has installed."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        raise Skip("not installed: postgresql")
    return found[-1].parent


class Cluster:
    """A running server. `folder` must be new; it is given to nobody."""

    def __init__(self, folder):
        self.folder = folder
        self.bin = programs()
        folder.mkdir()
        os.chown(folder, 65534, 65534)
        for above in (folder, *folder.parents[:-1]):
            if not above.stat().st_mode & 0o011:
                above.chmod(0o711)
        self.log = folder / "log"
        with open(self.log, "wb") as log:
            subprocess.run([*_AS_NOBODY, self.bin / "initdb", "-D", folder / "data", "-U", "shop",
                            "-A", "trust", "--no-sync"], check=True, stdout=log, stderr=log,
                           env=_ENVIRONMENT, cwd=folder)
        with open(self.log, "ab") as log:
            self.server = Target(
                [*_AS_NOBODY, str(self.bin / "postgres"), "-D", str(folder / "data"),
                 "-k", str(folder), "-c", "listen_addresses=", "-c", "autovacuum=off",
                 "-c", "fsync=off", "-c", "log_min_duration_statement=0",
                 "-c", "lc_messages=C"], env=_ENVIRONMENT, cwd=folder, output=log)
        self.version = subprocess.run([self.bin / "postgres", "--version"], check=True, text=True,
                                      capture_output=True).stdout.split()[2]
        try:
            wait_until(self._answers, "PostgreSQL to answer", interval=0.1)
        except BaseException:
            self.stop()
            raise

    def _answers(self):
        return subprocess.run([self.bin / "pg_isready", "-q", "-h", self.folder, "-U", "shop"],
                              check=False, env=_ENVIRONMENT).returncode == 0

    def ask(self, statement, database="postgres"):
        """One statement in a connection of its own; what it prints."""
        return subprocess.run(
            ["psql", "-XAtq", "-h", self.folder, "-U", "shop", "-d", database, "-c", statement],
            check=True, text=True, capture_output=True, env=_ENVIRONMENT,
            timeout=60).stdout.strip()

    def stop(self):
        self.server.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Connection:
    """A psql that stays, with the backend that it talks to."""

    def __init__(self, cluster, database):
        if not shutil.which("psql"):
            raise Skip("not installed: postgresql-client")
        self.process = subprocess.Popen(
            ["psql", "-XAtq", "-h", cluster.folder, "-U", "shop", "-d", database],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            bufsize=1, env=_ENVIRONMENT, preexec_fn=die_with_parent)
        self.backend = int(self.ask("select pg_backend_pid()"))

    def send(self, statement):
        """A statement whose output nobody reads: it must have none."""
        self.process.stdin.write(statement + ";\n")
        self.process.stdin.flush()

    def done(self):
        """Waits until everything that was sent is done, without asking the server anything."""
        self.process.stdin.write("\\echo done\n")
        self.process.stdin.flush()
        while self.process.stdout.readline().strip() != "done":
            pass

    def ask(self, statement):
        """The one line that it prints."""
        self.send(statement)
        return self.process.stdout.readline().strip()

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.close()
