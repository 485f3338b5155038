"""Local servers that deliver weights as a test requires: by the hub's protocol, in pieces, broken, or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

COMMIT = "c0ffee" + "0" * 34
LARGE = 1 << 10  # bytes from which a file is on another host, as with the hub
PIECE = 1 << 20
LIMIT = 60.0  # seconds; reached only if there is a bug


@dataclass
class HubServer:
    """Content served at `url`, misbehaviour, and a record of the requests.

    files: "owner/name/file" -> content.
    stated: false digests that the hub states, by the same names.
    status: status code to answer with.
    cut_at: bytes after which it hangs up, once for each entry. seconds_per_piece: delay per MiB.
    permits: if not None, each MiB waits for one; release as many as may be sent.
    requests: method, path and range of each request, in order.
    """

    files: dict[str, bytes]
    url: str = ""
    commit: str = COMMIT
    stated: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    cut_at: list[int] = field(default_factory=list)
    seconds_per_piece: float = 0.0
    permits: threading.Semaphore | None = None
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)

    def digest(self, name: str) -> str:
        if name not in self.stated:
            self.stated[name] = hashlib.sha256(self.files[name]).hexdigest()
        return self.stated[name]

    @property
    def requested_ranges(self) -> list[str | None]:
        """Ranges of the requests for a large file's content."""
        return [span for method, path, span in self.requests if method == "GET" and path.startswith("/cdn/")]


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_HEAD(self) -> None:
        self._respond(body=False)

    def do_GET(self) -> None:
        self._respond(body=True)

    def _respond(self, body: bool) -> None:
        hub, path = self.server.hub, urlsplit(self.path).path
        hub.requests.append((self.command, path, self.headers["Range"]))
        if hub.status is not None:
            self.send_error(hub.status)
        elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)(/revision/.*)?", path):
            self._listing(match[1])
        elif (
            match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)", path)
        ) and f"{match[1]}/{match[2]}" in hub.files:
            self._resolve(f"{match[1]}/{match[2]}", body)
        elif path.startswith("/cdn/") and path[5:] in hub.files:
            self._content(path[5:], body)
        else:
            self.send_error(404)

    def _listing(self, repo: str) -> None:
        hub = self.server.hub
        names = [name for name in hub.files if name.startswith(f"{repo}/")]
        if not names:
            self._head(404, {"X-Error-Code": "RepoNotFound", "Content-Length": "0"})
            return
        files = [{"rfilename": name.removeprefix(f"{repo}/"), "size": len(hub.files[name])} for name in names]
        data = json.dumps({"_id": "1", "id": repo, "sha": hub.commit, "siblings": files}).encode()
        self._head(200, {"Content-Type": "application/json", "Content-Length": str(len(data))})
        self.wfile.write(data)

    def _resolve(self, name: str, body: bool) -> None:
        hub, facts = self.server.hub, {"X-Repo-Commit": self.server.hub.commit}
        if len(hub.files[name]) < LARGE:
            data = hub.files[name]
            etag = hashlib.sha1(data).hexdigest()
            self._head(200, {**facts, "ETag": f'"{etag}"', "Content-Length": str(len(data))})
            self.wfile.write(data if body else b"")
            return
        linked = {"X-Linked-Size": str(len(hub.files[name])), "X-Linked-Etag": f'"{hub.digest(name)}"'}
        # another host, as with the hub
        location = f"http://localhost:{self.server.server_port}/cdn/{name}"
        self._head(302, {**facts, **linked, "Location": location, "Content-Length": "0"})

    def _content(self, name: str, body: bool) -> None:
        hub, start = self.server.hub, 0
        size = len(hub.files[name])
        if match := re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or ""):
            start = int(match[1])
        part = {"Content-Range": f"bytes {start}-{size - 1}/{size}"} if start else {}
        self._head(206 if start else 200, {**part, "Content-Length": str(size - start)})
        if body:
            self._send(hub.files[name], start)

    def _send(self, content: bytes, start: int) -> None:
        hub = self.server.hub
        end = hub.cut_at.pop(0) if hub.cut_at else len(content)
        with contextlib.suppress(OSError):  # the client has gone
            for at in range(start, end, PIECE):
                if hub.permits and not hub.permits.acquire(timeout=LIMIT):
                    break
                self.wfile.write(content[at : min(at + PIECE, end)])
                time.sleep(hub.seconds_per_piece)
            self.wfile.flush()
        self.close_connection = True

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    hub: HubServer


@contextlib.contextmanager
def hub_server(files: dict[str, bytes]) -> Iterator[HubServer]:
    """A running server; it ends with the block."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.hub = hub = HubServer(files, f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield hub
        server.shutdown()


@contextlib.contextmanager
def weight_server(content: bytes) -> Iterator[HubServer]:
    """A server of one file, at `url`, that waits for `permits`."""
    with hub_server({"owner/name/weights.th": content}) as hub:
        hub.url, hub.permits = f"{hub.url}/cdn/owner/name/weights.th", threading.Semaphore(0)
        yield hub
        hub.permits.release(len(content) // PIECE + 2)


@contextlib.contextmanager
def silent_server() -> Iterator[str]:
    """URL of a server that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def dead_address() -> str:
    """A local URL where no server listens."""
    with silent_server() as url:
        return url
