# SPDX-License-Identifier: Apache-2.0
"""usage: runtime_probe.py LIBRARY IN OUT

Loads LIBRARY from a memfd, as programs do whose probes are made at run time, and fires for each line
of the FIFO IN; answers with a line in the FIFO OUT."""

import ctypes
import os
import sys


def main():
    library, requests, answers = sys.argv[1:]
    fd = os.memfd_create("runtime")
    with open(library, "rb") as file:
        os.write(fd, file.read())
    loaded = ctypes.CDLL(f"/proc/self/fd/{fd}")
    loaded.fire.argtypes = (ctypes.c_long, ctypes.c_char_p, ctypes.c_int)
    print(fd, flush=True)
    while True:
        with open(requests, encoding="ascii") as file:
            if file.read().strip() == "end":
                return
        for number in range(3):
            loaded.fire(number - 1, None, -5 * number)
        with open(answers, "w", encoding="ascii") as file:
            file.write("fired\n")


main()
