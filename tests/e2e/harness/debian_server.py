# SPDX-License-Identifier: Apache-2.0
"""Go servers as Debian ships them: stripped, built with Debian's flags, prepared by nobody here. The
packages are unpacked, not installed, so that no service appears on the machine."""

import json
import os
import pathlib
import subprocess
import tempfile

from harness.agent import free_port
from harness.report import Skip


def _folder():
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = pathlib.Path(root) / "holter" / "debian"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _candidate(package):
    """Version that apt would install, or None."""
    done = subprocess.run(["apt-cache", "policy", package], capture_output=True, text=True,
                          check=False)
    for line in done.stdout.splitlines():
        if "Candidate:" in line and "(none)" not in line:
            return line.split()[1]
    return None


def unpack(package, executable):
    """Path of `executable` of this package; Skip if Debian does not have it or cannot be reached."""
    version = _candidate(package)
    if not version:
        raise Skip(f"apt does not know {package}")
    folder = _folder() / f"{package}_{version.replace(':', '%')}"
    path = folder / executable
    if path.exists():
        return path
    with tempfile.TemporaryDirectory(dir=_folder()) as work:
        done = subprocess.run(["apt-get", "-o", "Acquire::Retries=5", "download",
                               f"{package}={version}"], cwd=work, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, check=False)
        archives = list(pathlib.Path(work).glob("*.deb"))
        if done.returncode != 0 or not archives:
            raise Skip(f"{package} cannot be downloaded: {done.stderr.strip()[-200:]}")
        unpacked = pathlib.Path(work) / "unpacked"
        subprocess.run(["dpkg-deb", "--extract", archives[0], unpacked], check=True)
        unpacked.rename(folder)
    return path


def _prometheus(folder, port):
    config = folder / "prometheus.yml"
    config.write_text("global:\n  scrape_interval: 1s\nscrape_configs:\n  - job_name: self\n"
                      f"    static_configs:\n      - targets: ['127.0.0.1:{port}']\n",
                      encoding="utf-8")
    return [f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}"]


def _listen_only(folder, port):
    del folder
    return [f"--web.listen-address=127.0.0.1:{port}"]


def _etcd(folder, port):
    return ["--data-dir", str(folder / "etcd"),
            "--listen-client-urls", f"http://127.0.0.1:{port}",
            "--advertise-client-urls", f"http://127.0.0.1:{port}",
            "--listen-peer-urls", f"http://127.0.0.1:{free_port()}"]


def _caddy(folder, port):
    config = folder / "caddy.json"
    config.write_text(json.dumps({"admin": {"listen": f"127.0.0.1:{port}", "config": {
        "persist": False}}}), encoding="utf-8")
    return ["run", "--config", str(config)]


def _blackbox(folder, port):
    config = folder / "blackbox.yml"
    config.write_text("modules:\n  http:\n    prober: http\n", encoding="utf-8")
    return [f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}"]


# Package -> its server's path, and the arguments that make it listen on this port of loopback.
SERVERS = {
    "prometheus": ("usr/bin/prometheus", _prometheus),
    "prometheus-node-exporter": ("usr/bin/prometheus-node-exporter", _listen_only),
    "prometheus-pushgateway": ("usr/bin/prometheus-pushgateway", _listen_only),
    "prometheus-blackbox-exporter": ("usr/bin/prometheus-blackbox-exporter", _blackbox),
    "etcd-server": ("usr/bin/etcd", _etcd),
    "caddy": ("usr/bin/caddy", _caddy),
}
