"""Credits are bought through Stripe: its client asks a server that answers as Stripe does, and what
Stripe then tells over HTTP fills the wallet.
"""

import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from printroom.accounts.credentials import mint

SECRET = "whsec_0123456789"


class Checkout(BaseHTTPRequestHandler):
    """Makes sessions, or is out of order."""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = {"id": "cs_1", "object": "checkout.session", "url": "https://pay/1"}
        status = 200
        if self.server.broken:
            status, body = 402, {"error": {"type": "card_error", "message": "no"}}
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def stripe():
    with ThreadingHTTPServer(("127.0.0.1", 0), Checkout) as server:
        server.broken = False
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def owner(serving, stripe, tmp_path_factory):
    key = mint("live")
    settings = {
        "owner_key": key, "http_login": "1", "http_worker": "0", "stripe_key": "sk_test_0",
        "stripe_secret": SECRET, "stripe_url": f"http://127.0.0.1:{stripe.server_port}",
    }  # fmt: skip
    with serving(tmp_path_factory.mktemp("paid"), **settings) as url:
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
            yield client


def tell(owner, kind, thing, secret=SECRET, name="evt_1"):
    """What Stripe sends, without any key of ours."""
    event = {"id": name, "type": kind, "data": {"object": thing}}
    body, at = json.dumps(event).encode(), int(time.time())
    mark = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"stripe-signature": f"t={at},v1={mark}"}
    return httpx.post(f"{owner.base_url}/v1/payments/notices", content=body, headers=headers)


def test_credits_come_with_a_notice_that_stripe_signed(owner):
    made = owner.post("/v1/wallet/topups", json={"credits": 500})
    assert (made.status_code, made.json()["url"]) == (201, "https://pay/1"), made.text
    thing = {"metadata": {"topup": made.json()["id"]}, "payment_status": "paid"}
    forged = tell(owner, "checkout.session.completed", thing, "whsec_other")
    assert (forged.status_code, forged.json()["code"]) == (422, "bad_option")
    assert owner.get("/v1/wallet").json()["balance"] == 0
    for _ in range(2):
        assert tell(owner, "checkout.session.completed", thing).status_code == 204
    assert owner.get("/v1/wallet").json()["balance"] == 500
    assert owner.get("/v1/wallet/topups").json()["data"][0]["state"] == "paid"
    too_long = httpx.post(f"{owner.base_url}/v1/payments/notices", content=bytes(300_000))
    assert (too_long.status_code, too_long.json()["code"]) == (413, "body_too_large")


def test_a_provider_that_says_no_is_no_fault_of_ours(owner, stripe):
    stripe.broken = True
    answer = owner.post("/v1/wallet/topups", json={"credits": 5})
    stripe.broken = False
    assert (answer.status_code, answer.json()["code"]) == (502, "payment_failed")
    assert owner.get("/v1/wallet").json()["balance"] == 500
