"""Small HTTP servers on loopback that answer as a test tells them."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Reply = tuple[int, dict[str, str], bytes]
    Answering = Callable[["Seen"], Reply | None]


class Seen:
    """One request as the server saw it."""

    def __init__(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        self.method, self.path, self.headers, self.body = method, path, headers, body


class Server:
    """A server that answers as it is told and remembers what it was asked."""

    def __init__(self, answering: Answering) -> None:
        self.seen: list[Seen] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Seen(self.command, self.path, headers, self.rfile.read(length))
                server.seen.append(request)
                reply = answering(request)
                if reply is None:
                    self.close_connection = True
                    return
                status, told, body = reply
                self.send_response(status)
                for name, value in {"content-length": str(len(body)), **told}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = answer  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """A client that hangs up is what some tests are about."""

        self._http = Quiet(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.host = f"127.0.0.1:{self._http.server_port}"
        self.url = f"http://{self.host}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@contextmanager
def serving(answering: Answering) -> Iterator[Server]:
    server = Server(answering)
    try:
        yield server
    finally:
        server.close()


def in_turn(*replies: Reply | None) -> Answering:
    left = list(replies)
    return lambda _seen: left.pop(0) if len(left) > 1 else left[0]
