"""A local web server that delivers a weight file as a test requires: complete, in pieces, or not at all."""

from __future__ import annotations

import contextlib
import http.server
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

LIMIT = 60.0  # seconds; reached only if there is a bug
PIECE = 1 << 20


@dataclass
class WeightServer:
    """Serves `content` at `url`. Each piece of 1 MiB waits for `permits`; release as many as may be sent."""

    content: bytes
    url: str = ""
    permits: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def release(self) -> None:
        """Let all pieces through."""
        self.permits.release(len(self.content) // PIECE + 2)


@contextlib.contextmanager
def weight_server(content: bytes) -> Iterator[WeightServer]:
    """A running server; it ends with the block."""
    served = WeightServer(content)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            for start in range(0, len(content), PIECE):
                if not served.permits.acquire(timeout=LIMIT):
                    return
                self.wfile.write(content[start : start + PIECE])

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        served.url = f"http://127.0.0.1:{server.server_port}/weights.th"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield served
        served.release()
        server.shutdown()


@contextlib.contextmanager
def silent_server() -> Iterator[str]:
    """URL of a server that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/weights.th"


def dead_address() -> str:
    """A local URL where no server listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/weights.th"
