# SPDX-License-Identifier: Apache-2.0
"""A machine with another kernel: Debian's, out of its package, with nothing but an initial RAM disk of
programs and the libraries that they need. qemu emulates the processor: slower than hardware support,
but the same everywhere, in containers and in virtual machines that allow no others inside."""

import glob
import gzip
import os
import pathlib
import re
import shutil
import stat
import subprocess

from harness.report import Skip
from harness.target import die_with_parent

_cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "holter"


def _quietly(*command, cwd=None):
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          cwd=cwd, timeout=300, check=False)
    if done.returncode != 0:
        raise Skip(f"{' '.join(command[:4])} …: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


def need(*packages):
    """Debian packages that only this test wants, installed now."""
    missing = [name for name in packages if subprocess.run(
        ["dpkg-query", "--show", "--showformat=${db:Status-Status}", name],
        capture_output=True, text=True, check=False).stdout != "installed"]
    if not missing:
        return
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
    try:
        _quietly(*install)
    except Skip:  # the lists may be too old for what the mirror holds
        _quietly("apt-get", "update")
        _quietly(*install)


def kernel(series):
    """The image of Debian's newest kernel for clouds of this series, e.g. "6.1"."""
    folder = _cache / f"kernel-{series}"
    if not glob.glob(f"{folder}/boot/vmlinuz-*"):
        _quietly("apt-get", "update")
        depends = _quietly("apt-cache", "depends", "linux-image-cloud-amd64")
        names = re.findall(r"linux-image-" + re.escape(series) + r"\.[\w.-]+", depends)
        if not names:
            raise Skip(f"this Debian's linux-image-cloud-amd64 is no kernel {series}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _quietly("apt-get", "download", names[0], cwd=folder)
        _quietly("dpkg-deb", "-x", glob.glob(f"{folder}/*.deb")[0], str(folder))
    return glob.glob(f"{folder}/boot/vmlinuz-*")[0]


def _libraries(program):
    done = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    return re.findall(r"(/\S+)", done.stdout) if done.returncode == 0 else []


def _cpio(entries):
    """The archive format that the kernel unpacks: (name, mode, content) of each file."""
    out = bytearray()
    for inode, (name, mode, content) in enumerate([*entries, ("TRAILER!!!", 0, b"")], 1):
        fields = (inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        out += b"070701" + b"".join(b"%08X" % field for field in fields)
        out += name.encode() + b"\0"
        out += b"\0" * (-len(out) % 4) + content
        out += b"\0" * (-len(out) % 4)
    return bytes(out)


def ram_disk(path, files):
    """Writes an archive of {name: host's file or content}, with the libraries of the programs."""
    contents = {}
    for name, source in files.items():
        if isinstance(source, bytes):
            contents[name] = source
            continue
        contents[name] = pathlib.Path(source).read_bytes()
        for library in _libraries(source):
            contents.setdefault(library.lstrip("/"), pathlib.Path(library).read_bytes())
    folders = {str(parent) for name in contents for parent in pathlib.PurePath(name).parents}
    folders |= {"proc", "sys", "dev", "tmp"}
    entries = [(name, stat.S_IFDIR | 0o755, b"") for name in sorted(folders - {"."})]
    entries += [(name, stat.S_IFREG | 0o755, content) for name, content in contents.items()]
    path.write_bytes(gzip.compress(_cpio(entries), compresslevel=1))


def run(image, disk, seconds):
    """Boots, and returns what came over the serial line until the machine switched itself off, or
    until the time was up."""
    # On a busy host the kernel's check of its timer runs out of time and it gives up: without it.
    # Messages of the kernel would break lines of the programs, so it says only what is serious.
    command = ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "max",
               "-smp", "2", "-m", "1536", "-kernel", image, "-initrd", str(disk), "-append",
               "console=ttyS0 loglevel=3 panic=-1 no_timer_check mitigations=off",
               "-display", "none", "-nodefaults", "-no-reboot", "-serial", "stdio"]
    late = ""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, timeout=seconds,
                              preexec_fn=die_with_parent, check=False)
        said = done.stdout
    except subprocess.TimeoutExpired as ended:
        said = ended.stdout or b""
        late = f"\nTIME IS UP: the machine did not end in {seconds} s\n"
    return said.decode(errors="replace").replace("\r\n", "\n") + late
