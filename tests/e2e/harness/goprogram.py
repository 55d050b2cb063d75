# SPDX-License-Identifier: Apache-2.0
"""Building Go targets with many toolchains, once.

Toolchains come through the Go module proxy. `GOTOOLCHAIN=go1.22.12` makes a Go of 1.21 or later
fetch and run another; an older Go (Debian 12 has 1.19) can still download the module that holds a
toolchain, so it fetches one newer Go, which then drives all others.

Binaries are kept in ~/.cache/holter/go, keyed by source, version and mode, because building all
cells takes minutes and they never change.
"""

import hashlib
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import tempfile

from harness.report import Skip
from harness.waiting import fetched

VERSIONS = ("1.18.10", "1.19.13", "1.20.14", "1.21.13", "1.22.12",
            "1.23.12", "1.24.9", "1.25.3", "1.26.0", "1.27.4")
MODES = ("plain", "stripped", "pie_internal", "pie_external_cgo")

_DRIVER = "1.26.0"
_PROGRAMS = pathlib.Path(__file__).resolve().parents[1] / "programs"
_FLAGS = {
    "plain": [],
    "stripped": ["-ldflags=-s -w"],
    "pie_internal": ["-buildmode=pie"],
    "pie_external_cgo": ["-buildmode=pie", "-ldflags=-linkmode=external"],
    "old_maps": ["-ldflags=-s -w"],  # Go 1.24 and 1.25
}
_EXPERIMENTS = {"old_maps": "noswissmap"}


def minor(version):
    """(1, 22) of `1.22.12` or `go1.22.12`."""
    return tuple(int(part) for part in version.removeprefix("go").split(".")[:2])


def _cache():
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = pathlib.Path(root) / "holter" / "go"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _run(command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip()[-2000:]}")
    return done.stdout


def _unpack_toolchain(go):
    """A newer Go by way of an old one: the root of its unpacked module.

    Module files carry no execute bits, and `go.mod` of the standard library is renamed so that it
    can be in a module: both are put right, as a newer Go does by itself.
    """
    arch = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    module = f"golang.org/toolchain@v0.0.1-go{_DRIVER}.linux-{arch}"
    with tempfile.TemporaryDirectory() as empty:
        answer = json.loads(fetched(
            lambda: _run([go, "mod", "download", "-json", module], cwd=empty)))
    source = pathlib.Path(answer["Dir"])
    root = _cache() / f"toolchain-{_DRIVER}"
    if not (root / "bin" / "go").exists():
        unfinished = pathlib.Path(tempfile.mkdtemp(dir=_cache())) / "root"
        _run(["cp", "-r", source, unfinished])
        _run(["chmod", "-R", "u+w", unfinished])
        _run(["chmod", "-R", "+x", unfinished / "bin", unfinished / "pkg" / "tool"])
        shutil.copyfile(unfinished / "src" / "_go.mod", unfinished / "src" / "go.mod")
        unfinished.rename(root)
        unfinished.parent.rmdir()
    return root


_found_driver = None


def _driver():
    """A `go` command that understands GOTOOLCHAIN."""
    global _found_driver
    if _found_driver:
        return _found_driver
    go = shutil.which("go", path=os.environ.get("PATH", "") + ":/usr/local/go/bin")
    if not go:
        raise Skip("no Go on this machine (scripts/install-dependencies installs one)")
    version = re.search(r"go(\d+\.\d+)", _run([go, "version"]))
    if version and minor(version.group(1)) >= (1, 21):
        _found_driver = go
    else:
        _found_driver = str(_unpack_toolchain(go) / "bin" / "go")
    return _found_driver


def environment(version, cgo, experiment=""):
    """Of a `go` command that is to run as this version."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GO") or k in (
        "GOPROXY", "GONOSUMDB", "GOSUMDB", "GOPATH", "GOMODCACHE",
        "GOCACHE")}
    return {**kept, "GOTOOLCHAIN": f"go{version}", "CGO_ENABLED": "1" if cgo else "0",
            "GOEXPERIMENT": experiment, "GOFLAGS": "-buildvcs=false", "HOME": os.path.expanduser("~")}


def _go(*arguments, **options):
    return fetched(lambda: _run([_driver(), *arguments], **options))


def go(version, *arguments, **options):
    """Runs `go …` of this version and returns what it prints."""
    return _go(*arguments, env=environment(version, False), **options)


def _digest(folder, words):
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    digest.update("\0".join(words).encode())
    return digest.hexdigest()[:16]


def _with_module(folder, version, module, tagged, unfinished):
    """A copy of the program that requires this release of a module, `path@v1.2.3` (of several, with
    spaces between). Where tags choose among its files, the others may import what this release has
    nothing to do with: then only the build can say what else is needed."""
    copy = pathlib.Path(unfinished) / "source"
    shutil.copytree(folder, copy)
    (copy / "go.mod").write_text(f"module example.com/{folder.name}\n\ngo 1.18\n")
    environ = {**environment(version, cgo=False), "GOFLAGS": "-buildvcs=false -mod=mod"}
    _go("get", *module.split(), cwd=copy, env=environ)
    if not tagged:
        _go("mod", "tidy", cwd=copy, env=environ)
    return copy


def _patch(folder, version, module, patch):
    """Changes one file of the module that the program needs: `(its name, expression, replacement, what is
    added at its end)`."""
    name, expression, replacement, addition = patch
    environ = {**environment(version, cgo=False), "GOFLAGS": "-buildvcs=false"}
    for command in ("tidy", "vendor"):
        _go("mod", command, cwd=folder, env=environ)
    file = folder / "vendor" / module.rpartition("@")[0] / name
    text, changes = re.subn(expression, replacement, file.read_text())
    if not changes:
        raise RuntimeError(f"nothing in {file} is {expression}")
    file.chmod(0o644)
    file.write_text(text + addition)


def build(version, mode="plain", program="go_gc", variant="", flags=(), key=b"", module="", patch=()):
    """Path of the program built with this toolchain in this mode; `variant` makes binaries differ,
    `flags` are more flags of `go build`, `key` stands for what they refer to, `module` is the
    release of the module that the program needs, or of several, with spaces between; `patch` changes a
    file of that."""
    folder = _PROGRAMS / program
    words = [platform.machine(), version, mode, variant, key.hex() or " ".join(flags), *patch]
    if module:
        words.append(module)
    release = module.rpartition("@")[2]
    name = "-".join(filter(None, (program, version, mode, variant, release)))
    output = _cache() / f"{name}-{_digest(folder, words)}" / program
    if output.exists():
        return output
    ldflags = ["-X", f"main.variant={variant}"] if variant else []
    wanted = []
    for flag in (*_FLAGS[mode], *flags):
        if flag.startswith("-ldflags="):
            ldflags = [flag.removeprefix("-ldflags="), *ldflags]
        else:
            wanted.append(flag)
    if ldflags:
        wanted.append("-ldflags=" + " ".join(ldflags))
    with tempfile.TemporaryDirectory(dir=_cache()) as unfinished:
        path = pathlib.Path(unfinished) / "built" / program
        if module:
            tagged = any(flag.startswith("-tags=") for flag in flags)
            folder = _with_module(folder, version, module, tagged, unfinished)
            wanted += [f"-mod={'vendor' if patch else 'mod'}"] if tagged else []
            if patch:
                _patch(folder, version, module, patch)
        _go("build", *wanted, "-o", path, ".", cwd=folder,
            env=environment(version, mode == "pie_external_cgo", _EXPERIMENTS.get(mode, "")))
        output.parent.mkdir(exist_ok=True)
        path.replace(output)
    return output


def install(version, package, release):
    """Path of a program out of somebody else's module, stripped. `go install` refuses modules that
    replace others, so the module is one that this one needs."""
    name = re.sub(r"/v\d+$", "", package).rpartition("/")[2]
    digest = hashlib.sha256("\0".join((platform.machine(), version, package, release)).encode())
    output = _cache() / f"{name}-{version}-{release}-{digest.hexdigest()[:16]}" / name
    if output.exists():
        return output
    environ = {**environment(version, cgo=False), "GOFLAGS": "-buildvcs=false -mod=mod"}
    with tempfile.TemporaryDirectory(dir=_cache()) as folder:
        (pathlib.Path(folder) / "go.mod").write_text("module example.com/installed\n\ngo 1.18\n")
        _go("get", f"{package}@{release}", cwd=folder, env=environ)
        _go("build", "-ldflags=-s -w", "-o", "built/" + name, package, cwd=folder, env=environ)
        output.parent.mkdir(exist_ok=True)
        (pathlib.Path(folder) / "built" / name).replace(output)
    return output


def chosen(cells):
    """Of cells of a matrix, those that have all words of HOLTER_TEST_CELLS, as `1.85.0 stripped`; all
    if there are no words."""
    words = set(os.environ.get("HOLTER_TEST_CELLS", "").split())
    return [cell for cell in cells if words <= set(cell)]


def matrix(full):
    """The cells of a run: all 40, or each version once with the modes taking turns."""
    if full:
        return [(version, mode) for version in VERSIONS for mode in MODES]
    return [(version, MODES[index % len(MODES)]) for index, version in enumerate(VERSIONS)]
