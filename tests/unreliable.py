"""A real HTTP server on loopback that misbehaves on purpose, as often as it is told to."""

import random
import re
import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Before any answer; as the body is sent; how the body ends early.
REFUSALS = ("status 500", "status 503", "status 429", "stall", "drop")
ANSWERS = ("range", "range", "no range", "from earlier on", "chunked", "unknown length")
ENDS = ("drop", "reset", "stall")


@dataclass(frozen=True)
class Fault:
    """What happens to one request: a refusal, or a part of the body and an early end."""

    refusal: str | None = None
    answer: str = "range"
    part: float = 0.5  # of what was asked for
    end: str = "drop"


def faults(rng: random.Random) -> list[Fault]:
    """A few faults of every kind."""
    return [
        Fault(refusal=rng.choice(REFUSALS))
        if rng.random() < 0.3
        else Fault(None, rng.choice(ANSWERS), rng.choice((0, rng.random() ** 2)), rng.choice(ENDS))
        for _ in range(rng.randint(1, 6))
    ]


class Server(ThreadingHTTPServer):
    """Attributes: `files` by path, the `faults` still to come, headers of the `requests` so far."""

    daemon_threads = True

    def __init__(self, files: dict, faults=(), pace: float = 0, headers=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.faults, self.pace = dict(files), list(faults), pace
        self.headers, self.ranges = headers or {}, True
        self.requests, self.sent = [], 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{path}"

    def handle_error(self, request, client_address):
        pass  # a client that went away


@contextmanager
def serving(files, faults=(), **options):
    server = Server(files, faults, **options)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        server.requests.append(dict(self.headers))
        fault = server.faults.pop(0) if server.faults else None
        if fault and fault.refusal:
            return self.end(fault.refusal)
        body = server.files.get(self.path.lstrip("/"))
        if body is None:
            return self.send_error(404)
        answer = fault.answer if fault else "range"
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked and server.ranges and answer != "no range" else None
        if start is not None and start >= len(body):
            return self.send_error(416)
        if start:
            start = {"from earlier on": start // 2, "from later on": start + 1}.get(answer, start)
        self.send_response(200 if start is None else 206)
        if start is not None:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        for name, value in server.headers.items():
            self.send_header(name, value)
        rest = body[start or 0 :]
        if answer == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        elif answer == "unknown length":
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.send(rest[: int(fault.part * len(rest))] if fault else rest, answer == "chunked")
        if fault:
            self.end(fault.end)

    def send(self, data, chunked):
        step = 1 << 16
        for i in range(0, len(data), step):
            piece = data[i : i + step]
            self.server.sent += len(piece)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            time.sleep(self.server.pace)

    def end(self, how):
        if how.startswith("status"):
            return self.send_error(int(how.split()[1]))
        self.wfile.flush()
        self.close_connection = True
        if how == "stall":
            # Until the client has had enough and closes its side.
            with suppress(OSError):
                self.connection.recv(1)
        elif how == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()

    def log_message(self, *args):
        pass
