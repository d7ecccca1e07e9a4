"""An S3 that does wrong what its keys say: `faulty.py PORT`. Each object is 300,000 bytes.

GET /bucket/<fault>/net: ok 500 500-always 503 429 cut cut-always slow stall-always
                         changes deaf gone
"""

import itertools
import random
import re
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

SIZE = 300_000
OLD, NEW = random.Random(1).randbytes(SIZE), random.Random(2).randbytes(SIZE)
COUNTS = {}
LOCK = threading.Lock()
STATUS = {"500": 500, "500-always": 500, "503": 503, "429": 429}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.answer()

    def answer(self):
        path = urlsplit(self.path).path
        fault = path.split("/")[2]
        with LOCK:
            count = COUNTS[path, self.command] = COUNTS.get((path, self.command), 0) + 1
            reads = COUNTS.get((path, "GET"), 0)
        failing = count <= 2 or fault.endswith("-always")
        data, etag = (OLD, '"old"')
        if fault in ("changes", "deaf", "gone") and reads > 3:
            data, etag = (NEW, '"new"')
            if fault == "gone":
                return self.error(404, "NoSuchKey")
        if fault in STATUS and failing:
            return self.error(STATUS[fault], "SlowDown" if fault == "503" else "InternalError")
        wanted = self.headers.get("If-Match")
        if wanted not in (None, etag) and fault != "deaf":
            return self.error(412, "PreconditionFailed")
        return self.send(data, etag, cut=fault.startswith("cut") and failing, slow=fault == "slow")

    def send(self, data, etag, cut, slow):
        first, last, status = 0, len(data) - 1, 200
        if match := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            first, last, status = int(match[1]), min(int(match[2] or last), last), 206
        body = data[first : last + 1]
        self.send_response(status)
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        if status == 206:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.path.split("/")[2].startswith("stall"):
            self.wfile.write(body[: len(body) // 2])
            time.sleep(15)
            self.close_connection = True
        elif cut:
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif slow:
            for start in itertools.islice(itertools.count(0, 50_000), 6):
                self.wfile.write(body[start : start + 50_000])
                time.sleep(0.05)
        else:
            self.wfile.write(body)

    def error(self, status, code):
        body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


ThreadingHTTPServer.request_queue_size = 64
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
