"""An identity provider of our own, on loopback: authorization code flow with PKCE, as a real one.

`Provider.twist` makes it lie in one way; what it gives then must be refused.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "printroom", "a secret of the client's"


class Provider:
    """Everybody who comes is `email`; a context manager."""

    def __init__(self):
        self.email, self.subject, self.verified = "ann@example.com", "1234", True
        self.twist = None
        self.asked = []
        """Queries to the authorization endpoint."""
        self._codes = {}
        self.renew()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                provider.get(self)

            def do_POST(self):
                provider.post(self)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def renew(self):
        """Sign with a new key from now on."""
        self.key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig"})

    def get(self, request):
        parts = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/.well-known/openid-configuration":
            told = {"issuer": self.issuer}
            for name in ("authorization", "token"):
                told[f"{name}_endpoint"] = f"{self.issuer}/{name}"
            self._say(request, told | {"jwks_uri": f"{self.issuer}/keys"})
        elif parts.path == "/keys":
            self._say(request, {"keys": [self.key.as_dict(private=False)]})
        elif parts.path == "/authorization":
            self.asked.append(query)
            code = secrets.token_hex(8)
            self._codes[code] = query
            back = urlencode({"code": code, "state": query["state"]})
            request.send_response(302)
            request.send_header("Location", f"{query['redirect_uri']}?{back}")
            request.end_headers()

    def post(self, request):
        length = int(request.headers["Content-Length"])
        form = {n: v[0] for n, v in parse_qs(request.rfile.read(length).decode()).items()}
        query = self._codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(
            hashlib.sha256(form["code_verifier"].encode()).digest()
        )
        good = (
            query is not None
            and query["code_challenge_method"] == "S256"
            and challenge.rstrip(b"=").decode() == query["code_challenge"]
            and form["redirect_uri"] == query["redirect_uri"]
            and (form["client_id"], form["client_secret"]) == (CLIENT, SECRET)
        )
        if not good:
            self._say(request, {"error": "invalid_grant"}, 400)
            return
        token = self._token(query["nonce"])
        self._say(request, {"access_token": "x", "token_type": "Bearer", "id_token": token})

    def _token(self, nonce):
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.subject,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "email": self.email,
            "email_verified": self.verified,
        }
        claims |= {
            "nonce": {"nonce": "another"},
            "audience": {"aud": "somebody else"},
            "audiences": {"aud": [CLIENT, "somebody else"]},
            "party": {"azp": "somebody else"},
            "issuer": {"iss": "https://evil.example.com"},
            "expired": {"exp": now - 3600, "iat": now - 7200},
        }.get(self.twist, {})
        if self.twist == "no nonce":
            del claims["nonce"]
        header = {"alg": "RS256", "kid": self.key.kid}
        if self.twist == "unsigned":
            return ".".join(map(_part, ({"alg": "none"}, claims))) + "."
        if self.twist == "shared secret":  # the public key taken for a secret that both know
            public = self.key.as_pem(private=False)
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(public), ["HS256"])
        if self.twist == "another key":
            other = RSAKey.generate_key(2048, {"kid": self.key.kid})
            return jwt.encode(header, claims, other)
        text = jwt.encode(header, claims, self.key)
        if self.twist == "changed":
            head, _, mac = text.split(".")
            return f"{head}.{_part(claims | {'email': 'eve@example.com'})}.{mac}"
        return "garbage" if self.twist == "garbage" else text

    @staticmethod
    def _say(request, content, status=200):
        body = json.dumps(content).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


def _part(content):
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
