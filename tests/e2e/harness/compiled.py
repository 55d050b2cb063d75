# SPDX-License-Identifier: Apache-2.0
"""Programs of the tests that a C++ or Rust compiler makes, built once."""

import hashlib

from harness.runtime import PROGRAMS, cache, need, once, run


def _built(name, source, compiler, package, flags):
    command = need(compiler, package)
    digest = hashlib.sha256()
    for part in (source.read_bytes(), command.encode(), " ".join(flags).encode(),
                 run(command, "--version").encode()):
        digest.update(part + b"\0")

    def make(folder):
        run(command, *flags, "-o", folder / name, source)
    return once(cache("compiled") / f"{name}-{digest.hexdigest()[:16]}", make) / name


def cplusplus(name, source, *flags):
    """A C++ program."""
    return _built(name, PROGRAMS / "cplusplus" / source, "g++", "g++", ("-std=c++20", "-O2", *flags))


def rust(name, *flags):
    return _built(name, PROGRAMS / name / f"{name}.rs", "rustc", "rustc",
                  ("-O", "--edition=2021", *flags))
