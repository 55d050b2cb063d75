# SPDX-License-Identifier: Apache-2.0
"""Go servers as Debian ships them: stripped, built with Debian's flags, prepared by nobody here. The
packages are unpacked, not installed, so that no service appears on the machine."""

import os
import pathlib
import subprocess
import tempfile

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
        done = subprocess.run(["apt-get", "download", f"{package}={version}"], cwd=work, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, check=False)
        archives = list(pathlib.Path(work).glob("*.deb"))
        if done.returncode != 0 or not archives:
            raise Skip(f"{package} cannot be downloaded: {done.stderr.strip()[-200:]}")
        unpacked = pathlib.Path(work) / "unpacked"
        subprocess.run(["dpkg-deb", "--extract", archives[0], unpacked], check=True)
        unpacked.rename(folder)
    return path
