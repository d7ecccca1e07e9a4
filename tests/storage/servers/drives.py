"""Dropbox, OneDrive and Google Drive behind a proxy that ends TLS: `drives.py PORT FOLDER`.

It writes FOLDER/ca.pem, which a client must trust. Each service is as small as its client allows.
"""

import datetime
import itertools
import json
import re
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import _SocketWriter
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOSTS = ["content.dropboxapi.com", "api.dropboxapi.com", "graph.microsoft.com"]
HOSTS += ["www.googleapis.com"]
LOCK = threading.Lock()
NUMBERS = itertools.count(1)
FOLDER = "application/vnd.google-apps.folder"


def now():
    """Later by a second each time, as coarse as Dropbox has it."""
    moment = datetime.datetime(2026, 1, 1) + datetime.timedelta(seconds=next(NUMBERS))
    return f"{moment.isoformat()}Z"


class Tree:
    """Files by path, and the folders above them."""

    def __init__(self):
        self.files, self.folders = {}, set()

    def put(self, path, data):
        path = "/" + path.strip("/")
        self.files[path] = {"data": data, "time": now(), "id": f"id{next(NUMBERS)}"}
        self.make(path.rpartition("/")[0])

    def make(self, path):
        while path:
            self.folders.add(path)
            path = path.rpartition("/")[0]

    def below(self, path, deep=False):
        for name in sorted([*self.files, *self.folders]):
            if name.startswith(path + "/") and (deep or "/" not in name[len(path) + 1 :]):
                yield name


DROPBOX, ONEDRIVE = Tree(), Tree()
GOOGLE = {"root": {"name": "", "parents": [], "mimeType": FOLDER, "trashed": False}}
SESSIONS = {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def do_CONNECT(self):
        self.host = self.path.partition(":")[0]
        self.send_response(200)
        self.end_headers()
        self.connection = TLS.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = _SocketWriter(self.connection)
        self.close_connection = False

    def handle_any(self):
        self.url = urlsplit(self.path)
        self.query = {name: found[0] for name, found in parse_qs(self.url.query).items()}
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        services = {"graph.microsoft.com": self.onedrive, "www.googleapis.com": self.google}
        with LOCK:
            if self.headers.get("Authorization") == "Bearer token" or "/upload/" in self.url.path:
                services.get(self.host, self.dropbox)()
            else:
                self.reply(401, {"error": {"code": "unauthenticated"}})

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = handle_any  # noqa: N815

    def reply(self, status, body=b"", headers=()):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", len(body))):
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def content(self, data):
        cut = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not cut:
            return self.reply(200, data)
        first, last = int(cut[1]), min(int(cut[2] or len(data)), len(data) - 1)
        if first >= len(data):
            return self.reply(416)
        place = [("Content-Range", f"bytes {first}-{last}/{len(data)}")]
        return self.reply(206, data[first : last + 1], place)

    # Dropbox

    def dropbox(self):  # noqa: PLR0911
        verb = self.url.path.removeprefix("/2/files/")
        said = self.headers.get("Dropbox-API-Arg", "").encode("latin-1") or self.body
        said = json.loads(said) if said else {}
        path = "/" + (said.get("path") or said.get("from_path") or "").strip("/")
        path = "" if path == "/" else path
        if verb == "upload":
            DROPBOX.put(path, self.body)
            return self.reply(200, dropbox_item(path))
        if verb == "list_folder":
            if path and path not in DROPBOX.folders:
                return self.reply(409, {"error_summary": "path/not_found/"})
            found = [dropbox_item(name) for name in DROPBOX.below(path, said["recursive"])]
            return self.reply(200, {"entries": found, "cursor": "", "has_more": False})
        if path not in DROPBOX.files and path not in DROPBOX.folders:
            lookup = {"delete_v2": "path_lookup", "copy_v2": "from_lookup"}.get(verb, "path")
            return self.reply(409, {"error_summary": f"{lookup}/not_found/"})
        if verb == "download":
            return self.content(DROPBOX.files[path]["data"])
        if verb == "delete_v2":
            DROPBOX.files.pop(path, None)
        if verb == "copy_v2":
            if said["to_path"] in DROPBOX.files:
                return self.reply(409, {"error_summary": "to/conflict/file/"})
            DROPBOX.put(said["to_path"], DROPBOX.files[path]["data"])
        return self.reply(200, dropbox_item(path))

    # OneDrive

    def onedrive(self):  # noqa: PLR0911
        if self.url.path.startswith("/upload/"):
            return self.fragment()
        if self.url.path.startswith("/v1.0/monitor"):
            return self.reply(200, {"percentageComplete": 100.0, "status": "completed"})
        place = self.url.path.removeprefix("/v1.0/me/drive/root").removeprefix("/")
        place, _, verb = place.removeprefix(":").partition(":/")
        place, verb = (place, verb) if verb or place != "children" else ("", place)
        path = unquote(place).rstrip("/")
        there = path in ONEDRIVE.files or path in ONEDRIVE.folders or not path
        if verb == "content" and self.command == "PUT":
            wanted, found = self.headers.get("If-Match"), ONEDRIVE.files.get(path)
            if wanted and (found is None or wanted != f'"{found["id"]}"'):
                return self.reply(412, {"error": {"code": "resourceModified"}})
            ONEDRIVE.put(path, self.body)
            return self.reply(201, onedrive_item(path))
        if verb == "createUploadSession":
            number = str(next(NUMBERS))
            SESSIONS[number] = [path, b""]
            url = f"https://graph.microsoft.com/upload/{number}"
            return self.reply(200, {"uploadUrl": url, "expirationDateTime": now()})
        if verb == "children" and self.command == "POST":
            made = f"{path}/{json.loads(self.body)['name']}"
            ONEDRIVE.make(made)
            return self.reply(201, onedrive_item(made))
        if not there:
            return self.reply(404, {"error": {"code": "itemNotFound"}})
        return self.onedrive_item(path, verb)

    def onedrive_item(self, path, verb):
        if verb == "content":
            return self.content(ONEDRIVE.files[path]["data"])
        if verb == "children":
            return self.reply(200, {"value": [onedrive_item(at) for at in ONEDRIVE.below(path)]})
        if verb == "copy":
            said = json.loads(self.body)
            target = f"{said['parentReference']['id'].removeprefix('folder:')}/{said['name']}"
            ONEDRIVE.put(target, ONEDRIVE.files[path]["data"])
            place = [("Location", "https://graph.microsoft.com/v1.0/monitor/1")]
            return self.reply(202, headers=place)
        if self.command == "DELETE":
            ONEDRIVE.files.pop(path, None)
            return self.reply(204)
        return self.reply(200, onedrive_item(path))

    def fragment(self):
        session = SESSIONS[self.url.path.rpartition("/")[2]]
        session[1] += self.body
        if len(session[1]) < int(self.headers["Content-Range"].rpartition("/")[2]):
            return self.reply(202, {})
        ONEDRIVE.put(*session)
        return self.reply(201, onedrive_item(session[0]))

    # Google Drive

    def google(self):  # noqa: PLR0911
        path, name = self.url.path, self.url.path.rpartition("/")[2]
        if path.startswith("/upload/") and self.command == "POST":
            boundary = self.headers["Content-Type"].split("boundary=")[1].strip('"').encode()
            parts = self.body.split(b"--" + boundary)
            about = json.loads(parts[1].split(b"\r\n\r\n", 1)[1])
            data = parts[2].split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")
            return self.reply(200, google_made(about, data))
        if path.startswith("/upload/"):
            GOOGLE[name] |= {"data": self.body, "modifiedTime": now(), "size": len(self.body)}
            return self.reply(200, google_item(name))
        if name == "files" and self.command == "POST":
            return self.reply(200, google_made(json.loads(self.body)))
        if name == "files":
            return self.reply(200, {"files": google_found(self.query["q"])})
        if name == "copy":
            source = GOOGLE[path.split("/")[-2]]
            return self.reply(200, google_made(json.loads(self.body), source["data"]))
        if name not in GOOGLE or GOOGLE[name]["trashed"]:
            return self.reply(404, {"error": {"message": "not found"}})
        if self.command == "PATCH":
            GOOGLE[name] |= json.loads(self.body)
        if self.query.get("alt") == "media":
            return self.content(GOOGLE[name]["data"])
        return self.reply(200, google_item(name))


def dropbox_item(path):
    about = {"name": path.rpartition("/")[2], "path_display": path, "path_lower": path.lower()}
    if path not in DROPBOX.files:
        return about | {".tag": "folder", "id": "id:0"}
    file = DROPBOX.files[path]
    about |= {".tag": "file", "id": file["id"], "size": len(file["data"])}
    return about | {"client_modified": file["time"], "server_modified": file["time"]}


def onedrive_item(path):
    parent, _, name = path.rpartition("/")
    above = {"path": f"/drive/root:{parent}", "driveId": "d", "id": f"folder:{parent}"}
    about = {"name": name, "parentReference": above}
    if path not in ONEDRIVE.files:
        about |= {"id": f"folder:{path}", "eTag": '"0"', "size": 0}
        return about | {"lastModifiedDateTime": now(), "folder": {"childCount": 1}}
    file = ONEDRIVE.files[path]
    about |= {"id": file["id"], "eTag": f'"{file["id"]}"', "size": len(file["data"])}
    return about | {"lastModifiedDateTime": file["time"], "file": {"mimeType": "a/b"}}


def google_made(about, data=None):
    number = f"g{next(NUMBERS)}"
    GOOGLE[number] = {"mimeType": "application/octet-stream", "trashed": False} | about
    GOOGLE[number] |= {"modifiedTime": now()}
    if data is not None:
        GOOGLE[number] |= {"data": data, "size": len(data)}
    return google_item(number)


def google_item(number):
    found = GOOGLE[number]
    about = {name: found[name] for name in ("name", "mimeType", "parents")} | {"id": number}
    about |= {"modifiedTime": found.get("modifiedTime", now())}
    return about | ({"size": str(found["size"])} if "size" in found else {})


def google_found(query):
    parents = re.findall(r"'([^']+)' in parents", query)
    name = re.search(r"name = '((?:\\'|[^'])*)'", query)
    return [
        google_item(number)
        for number, about in GOOGLE.items()
        if set(parents) & set(about["parents"])
        and not about["trashed"]
        and (name is None or name[1].replace("\\'", "'") == about["name"])
        and ("mimeType" not in query or about["mimeType"] == FOLDER)
    ]


def certificate(folder):
    """A context for TLS; the authority that signed it lies in `folder`."""
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, n)]) for n in ("ca", "drive")]
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in names]
    today = datetime.datetime.now(datetime.UTC)
    made = []
    for name, key, own in zip(names, keys, (True, False), strict=True):
        builder = x509.CertificateBuilder(names[0], name, key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(today - datetime.timedelta(days=1))
        builder = builder.not_valid_after(today + datetime.timedelta(days=2))
        builder = builder.add_extension(x509.BasicConstraints(own, None), critical=True)
        if not own:
            hosts = x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS])
            builder = builder.add_extension(hosts, critical=False)
        made.append(builder.sign(keys[0], hashes.SHA256()))
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "server.pem").write_bytes(
        keys[1].private_bytes(pem, *plain) + made[1].public_bytes(pem)
    )
    (folder / "ca.pem").write_bytes(made[0].public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


TLS = certificate(Path(sys.argv[2]))
ThreadingHTTPServer.request_queue_size = 64
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
