"""Other ends of a webhook, over loopback, each with a fault of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "S3cr3tPathOfTheUser"  # noqa: S105 - invented here, and looked for in every output


class Hook(ThreadingHTTPServer):
    """Answers each message with the next status of its list, the last one for ever."""

    daemon_threads = True

    def __init__(self, *statuses: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses = list(statuses) or [200]
        self.messages: list[dict[str, Any]] = []
        self.tries = 0
        self.came = threading.Event()
        self.answers = threading.Event()
        self.answers.set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{SECRET}"

    def handle_error(self, *_: object) -> None:
        """A client that went away is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        hook = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        hook.tries += 1
        status = hook.statuses.pop(0) if len(hook.statuses) > 1 else hook.statuses[0]
        hook.came.set()
        hook.answers.wait(10)
        if status == 0:
            return  # the connection is closed without a word
        if status < 300:
            hook.messages.append(json.loads(body))
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silence on the terminal of the tests."""


@contextmanager
def hook(*statuses: int) -> Iterator[Hook]:
    """A running one."""
    server = Hook(*statuses)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.answers.set()
        server.shutdown()
        server.server_close()
        thread.join()
