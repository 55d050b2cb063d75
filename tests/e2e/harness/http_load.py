# SPDX-License-Identifier: Apache-2.0
"""A client of the program go_http that keeps a server busy."""

import threading


class HttpLoad:
    """Requests without a pause, until it is left."""

    def __init__(self, client, address):
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(client, address))

    def _run(self, client, address):
        while not self._ending.is_set():
            client.ask(f"drive http {address} 2000 8 0")

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_):
        self._ending.set()
        self._thread.join()
