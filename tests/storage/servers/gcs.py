"""The part of Google Cloud Storage that stores need: `gcs.py PORT`. Buckets are made when named."""

import itertools
import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

BUCKETS = {}
UPLOADS = {}
NUMBERS = itertools.count(1)
LOCK = threading.Lock()
OBJECT = re.compile(r"/storage/v1/b/([^/]+)/o/([^/]+)")
COPY = re.compile(r"/storage/v1/b/([^/]+)/o/([^/]+)/(?:copyTo|rewriteTo)/b/([^/]+)/o/([^/]+)")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def reply(self, status, body=b"", headers=()):
        if isinstance(body, dict):
            body, headers = json.dumps(body).encode(), [("Content-Type", "application/json")]
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self):
        self.url = urlsplit(self.path)
        self.query = {name: values[0] for name, values in parse_qs(self.url.query, True).items()}
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with LOCK:
            self.route()

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = handle_any  # noqa: N815

    def route(self):  # noqa: PLR0911
        path = self.url.path
        signed = "upload_id" in self.query  # the address of an upload is its own key
        if not signed and self.headers.get("Authorization") != "Bearer token":
            return self.reply(401, {"error": {"code": 401, "message": "Invalid Credentials"}})
        if path.startswith("/upload/"):
            return self.upload(path.split("/")[5])
        if match := COPY.fullmatch(path):
            source, key, target, other = map(unquote, match.groups())
            if (found := BUCKETS.get(source, {}).get(key)) is None:
                return self.reply(404, {"error": {"code": 404, "message": "No such object"}})
            size, about = str(len(found[0])), store(target, other, found[0])
            done = {"done": True, "totalBytesRewritten": size, "objectSize": size}
            return self.reply(200, done | {"kind": "storage#rewriteResponse", "resource": about})
        if match := OBJECT.fullmatch(path):
            return self.object(*map(unquote, match.groups()))
        if match := re.fullmatch(r"/storage/v1/b/([^/]+)/o", path):
            return self.listing(match[1])
        return self.multipart(*unquote(path[1:]).split("/", 1))

    def object(self, bucket, key):  # noqa: PLR0911
        found = BUCKETS.get(bucket, {}).get(key)
        if self.command == "DELETE":
            BUCKETS.get(bucket, {}).pop(key, None)
            return self.reply(204 if found else 404)
        if found is None:
            return self.reply(404, {"error": {"code": 404, "message": "No such object"}})
        data, about = found
        if (wanted := self.headers.get("If-Match")) and wanted.strip('"') != about["etag"]:
            return self.reply(412, {"error": {"code": 412, "message": "Precondition Failed"}})
        if self.query.get("alt") != "media":
            return self.reply(200, about)
        if cut := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            first, last = int(cut[1]), min(int(cut[2] or len(data)), len(data) - 1)
            if first >= len(data):
                return self.reply(416)
            place = [("Content-Range", f"bytes {first}-{last}/{len(data)}")]
            return self.reply(206, data[first : last + 1], [*place, ("ETag", about["etag"])])
        return self.reply(200, data, [("ETag", about["etag"])])

    def upload(self, bucket):
        name, data = self.query.get("name"), self.body
        if self.query["uploadType"] == "resumable" and self.command == "POST":
            place = f"http://{self.headers['Host']}{self.path}&upload_id={next(NUMBERS)}"
            return self.reply(200, headers=[("Location", place)])
        if upload := self.query.get("upload_id"):
            UPLOADS[upload] = UPLOADS.get(upload, b"") + data
            data = UPLOADS[upload]
            if self.headers.get("Content-Range", "").endswith("/*"):
                return self.reply(308, headers=[("Range", f"bytes=0-{len(data) - 1}")])
        if self.query["uploadType"] == "multipart":
            boundary = self.headers["Content-Type"].split("boundary=")[1].strip('"').encode()
            parts = self.body.split(b"--" + boundary)
            name = json.loads(parts[1].split(b"\r\n\r\n", 1)[1])["name"] if name is None else name
            data = parts[2].split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")
        if self.query.get("ifGenerationMatch") == "0" and name in BUCKETS.get(bucket, {}):
            return self.reply(412, {"error": {"code": 412, "message": "Precondition Failed"}})
        return self.reply(200, store(bucket, name, data))

    def multipart(self, bucket, key):
        upload = self.query.get("uploadId")
        if self.command == "POST" and "uploads" in self.query:
            upload = str(next(NUMBERS))
            UPLOADS[upload] = {}
            body = f"<InitiateMultipartUploadResult><Bucket>{bucket}</Bucket><Key>k</Key>"
            body += f"<UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
            return self.reply(200, body.encode())
        if self.command == "PUT":
            number = int(self.query["partNumber"])
            UPLOADS[upload][number] = self.body
            return self.reply(200, headers=[("ETag", f'"{number}"')])
        if self.command == "POST":
            parts = UPLOADS.pop(upload)
            store(bucket, key, b"".join(parts[number] for number in sorted(parts)))
            return self.reply(200, b"<CompleteMultipartUploadResult/>")
        UPLOADS.pop(upload, None)
        return self.reply(204)

    def listing(self, bucket):
        prefix, delimiter = self.query.get("prefix", ""), self.query.get("delimiter")
        items, prefixes = [], set()
        for key, (_, about) in sorted(BUCKETS.get(bucket, {}).items()):
            if not key.startswith(prefix):
                continue
            head, cut, _ = key[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
            if cut:
                prefixes.add(prefix + head + cut)
            else:
                items.append(about)
        return self.reply(200, {"items": items, "prefixes": sorted(prefixes)})


def store(bucket, key, data):
    number = next(NUMBERS)
    about = {"bucket": bucket, "name": key, "size": str(len(data)), "etag": f"C{number}="}
    about |= {"generation": str(number), "updated": "2026-01-01T00:00:00Z", "kind": "object"}
    about |= {"contentType": "application/octet-stream", "id": f"{bucket}/{key}", "md5Hash": ""}
    BUCKETS.setdefault(bucket, {})[key] = data, about
    return about


ThreadingHTTPServer.request_queue_size = 64
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
