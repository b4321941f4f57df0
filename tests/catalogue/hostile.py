"""A small server that answers as it is told, also badly."""

import contextlib
import gzip
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hostile(ThreadingHTTPServer):
    """`answers[path]` is (status, headers, body) or a function of the handler; `.asked` lists the paths."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers, self.asked = {}, []
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
        self._thread.join()

    def say(self, path, body, kind="text/turtle", status=200, **headers):
        body = body.encode() if isinstance(body, str) else body
        self.answers[path] = (status, {"content-type": kind, **headers}, body)

    def handle_error(self, request, client_address):
        pass


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        answer = self.server.answers.get(self.path)
        if callable(answer):
            with contextlib.suppress(OSError):
                answer(self)
            return
        status, headers, body = answer or (404, {}, b"")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_):
        pass


def endless(handler):
    """A body that never ends."""
    handler.send_response(200)
    handler.send_header("content-type", "text/turtle")
    handler.end_headers()
    while True:
        handler.wfile.write(b"# more\n" * 4096)


def dripping(handler):
    """A byte now and then, each soon enough."""
    handler.send_response(200)
    handler.send_header("content-type", "text/turtle")
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b"#")
        handler.wfile.flush()
        time.sleep(0.05)


def bomb(size):
    """So many zeros, packed."""
    return gzip.compress(b"\0" * size)
