"""A WebDAV server: `webdav.py PORT FOLDER`."""

import sys

from cheroot.wsgi import Server
from wsgidav.wsgidav_app import WsgiDAVApp

port, folder = int(sys.argv[1]), sys.argv[2]
app = WsgiDAVApp(
    {
        "host": "127.0.0.1",
        "port": port,
        "provider_mapping": {"/": folder},
        "simple_dc": {"user_mapping": {"*": {"user": {"password": "word"}}}},
        "http_authenticator": {"accept_digest": False, "default_to_digest": False},
        "verbose": 0,
        "logging": {"enable": False},
    }
)
Server(("127.0.0.1", port), app, numthreads=16).start()
