"""Money in and out, through Stripe's own client against a server that answers as Stripe does."""

import csv
import hashlib
import hmac
import io
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest

from printroom.accounts.audit import Actor
from printroom.core.errors import BadOption, KeyReused, NotFound, PaymentFailed, WrongState
from printroom.marketplace import payouts, sales, statements, topups
from printroom.marketplace.ledger import holds, reading
from printroom.marketplace.ledger.holds import Hold
from printroom.marketplace.ledger.model import FEES, earned, outside, payable, wallet
from printroom.marketplace.ledger.posting import Posting, post
from printroom.marketplace.money import Money
from printroom.marketplace.payments.manual import Manual
from printroom.marketplace.payments.stripe import Stripe
from printroom.marketplace.rules import DAY, Rules

SECRET = "whsec_0123456789"
SAM = Actor("sam")
RULES = Rules(fee=2000, maturing=DAY, least=10, reserve=5)


class FakeStripe(ThreadingHTTPServer):
    """Sessions, transfers, accounts and links, each made once for each idempotency key."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.made, self.asked, self.faults = {}, [], 0
        self.payments = {}
        """Id of a payment intent -> its metadata."""
        self.closed = False
        self.deaf = 0
        """Answers that are lost behind what they tell of."""
        self.sent = []
        """All transfers, also those whose keys are forgotten."""

    def answer(self, path, form, key):
        self.asked.append((path, form))
        path, _, query = path.partition("?")
        if (said := self.special(path, form, query)) is not None:
            return said
        if key is None or key not in self.made:
            number = len(self.asked)
            kind = path.rsplit("/", 1)[1]
            thing = {"id": f"{kind}_{number}", "object": kind, "url": f"https://pay/{number}"}
            if key is None:
                return 200, thing
            self.made[key] = (form, thing)
            if kind == "transfers":
                thing["metadata"] = {"payout": form["metadata[payout]"][0]}
                self.sent.append((form, thing))
        known, thing = self.made[key]
        if known != form:
            return 400, {"error": {"type": "idempotency_error", "message": "other parameters"}}
        if self.deaf and path == "/v1/transfers":
            self.deaf -= 1
            return 500, {"error": {"type": "api_error", "message": "the answer is lost"}}
        return 200, thing

    def special(self, path, form, query):
        """What is answered before anything is made."""
        if self.faults:
            self.faults -= 1
            return 500, {"error": {"type": "api_error", "message": "try again"}}
        if path == "/v1/transfers" and self.closed:
            return 400, {"error": {"type": "invalid_request_error", "message": "account closed"}}
        if path == "/v1/transfers" and not form:
            group = parse_qs(query)["transfer_group"]
            found = [thing for made, thing in self.sent if made["transfer_group"] == group]
            return 200, {"object": "list", "data": found, "has_more": False, "url": path}
        if (name := path.rsplit("/", 1)[1]) in self.payments:
            about = self.payments[name]
            return 200, {"id": name, "object": "payment_intent", "metadata": about}
        return None

    def transfers(self):
        return [form for form, thing in self.made.values() if thing["object"] == "transfers"]


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        form = parse_qs(self.rfile.read(length).decode())
        status, body = self.server.answer(self.path, form, self.headers.get("idempotency-key"))
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def fake():
    with FakeStripe() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def money(books, fake):
    """The books as a market, with Stripe's client."""
    market = SimpleNamespace(do=books.do, rules=RULES)
    market.look = lambda work, *args: books.look(work, books.clock.now, *args)
    address = f"http://127.0.0.1:{fake.server_port}"
    made = Money(market, Stripe("sk_test_0", SECRET, "eur", address))
    yield made
    assert books.look(reading.audit) == []


def event(kind, thing, name="evt_1"):
    body = {"id": name, "object": "event", "type": kind, "data": {"object": thing}}
    return json.dumps(body).encode()


def signed(body, at=None, secret=SECRET):
    at = int(time.time() if at is None else at)
    mark = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mark}"


def session(topup, **more):
    about = {"topup": topup.id}
    return {"object": "checkout.session", "metadata": about, "payment_status": "paid"} | more


def test_a_top_up_is_paid_once_however_often_it_is_told(money, books, fake):
    topup = money.topped_up("ann", 500, "k", "https://shop/")
    assert money.topped_up("ann", 500, "k", "https://shop/") == topup
    assert len(fake.asked) == 1
    form = fake.asked[0][1]
    assert form["line_items[0][price_data][unit_amount]"] == ["500"]
    assert form["automatic_tax[enabled]"] == ["true"]
    with pytest.raises(KeyReused):
        money.topped_up("ann", 501, "k", "https://shop/")
    body = event("checkout.session.completed", session(topup))
    for _ in range(3):
        money.heard(body, signed(body))
    later = event("checkout.session.async_payment_succeeded", session(topup), "evt_2")
    money.heard(later, signed(later))
    late = event("checkout.session.expired", session(topup), "evt_3")  # out of order
    money.heard(late, signed(late))
    assert books.balance(wallet("ann")).balance == 500
    assert books.balance(outside("stripe")).balance == -500
    assert books.look(topups.get, 0, topup.id).state == "paid"


def test_what_is_not_paid_yet_is_not_credited(money, books):
    topup = money.topped_up("ann", 500, None, "https://shop/")
    body = event("checkout.session.completed", session(topup, payment_status="unpaid"))
    money.heard(body, signed(body))
    assert books.balance(wallet("ann")).balance == 0


def test_what_is_forged_late_or_cut_short_is_refused(money, books):
    topup = money.topped_up("ann", 500, None, "https://shop/")
    body = event("checkout.session.completed", session(topup))
    bad = [
        signed(body, secret="whsec_other"),
        signed(body, at=time.time() - 301),
        signed(body + b" "),
        "t=1,v1=00", "", "v1=", "t=x,v1=y",
    ]  # fmt: skip
    for signature in bad:
        with pytest.raises(BadOption):
            money.heard(body, signature)
    for text in (b"", b"null", b"{", b"[]", b'{"id": 1}', event("charge.refunded", None), b"\xff"):
        with pytest.raises(BadOption):
            money.heard(text, signed(text))
    assert books.balance(wallet("ann")).balance == 0
    other = event("checkout.session.completed", {"metadata": {"topup": "top_x"},
                                                 "payment_status": "paid"}, "evt_9")  # fmt: skip
    money.heard(other, signed(other))  # another installation's
    odd = event("customer.created", {"object": "customer"}, "evt_8")
    money.heard(odd, signed(odd))


def test_a_refund_by_the_provider_takes_what_is_there(money, books):
    topup = money.topped_up("ann", 500, None, "https://shop/")
    body = event("checkout.session.completed", session(topup))
    money.heard(body, signed(body))
    books.do(holds.place, Hold("k", "run", wallet("ann"), 450))
    charge = {"object": "charge", "metadata": {"topup": topup.id}}
    for number, upto in enumerate((100, 100, 40, 500)):
        told = event("charge.refunded", charge | {"amount_refunded": upto}, f"evt_r{number}")
        money.heard(told, signed(told))
    assert books.balance(wallet("ann")) == reading.Balance(450, 450)
    assert books.balance(FEES).balance == -450
    assert books.balance(outside("stripe")).balance == 0


def test_a_refund_that_is_told_before_the_payment_leaves_nothing_to_spend(money, books):
    topup = money.topped_up("ann", 500, None, "https://shop/")
    charge = {"object": "charge", "metadata": {"topup": topup.id}, "amount_refunded": 500}
    for kind, thing, name in (
        ("charge.refunded", charge, "evt_1"),
        ("checkout.session.completed", session(topup), "evt_2"),
    ):
        body = event(kind, thing, name)
        money.heard(body, signed(body))
    assert books.balance(wallet("ann")).balance == 0
    assert books.balance(FEES).balance == 0
    assert books.look(topups.get, 0, topup.id).returned == 500


def test_a_dispute_is_of_the_payment_that_it_names(money, books, fake):
    """It has no metadata of its own; what cannot be looked up is told again by Stripe."""
    topup = money.topped_up("ann", 500, None, "https://shop/")
    paid = event("checkout.session.completed", session(topup))
    money.heard(paid, signed(paid))
    fake.payments["pi_1"] = {"topup": topup.id}
    dispute = {"object": "dispute", "metadata": {}, "payment_intent": "pi_1", "amount": 200}
    body = event("charge.dispute.funds_withdrawn", dispute, "evt_2")
    fake.faults = 3
    with pytest.raises(PaymentFailed):
        money.heard(body, signed(body))
    for _ in range(2):
        money.heard(body, signed(body))
    assert books.balance(wallet("ann")).balance == 300
    fake.payments["pi_2"] = {}
    other = event("charge.dispute.funds_withdrawn", dispute | {"payment_intent": "pi_2"}, "evt_3")
    money.heard(other, signed(other))
    assert books.balance(wallet("ann")).balance == 300


def sell(books, amount, name="run"):
    """A sale of Sam's to Ann, that matures after a day."""
    books.top_up("ann", amount, f"for-{name}")
    lines = sales.lines_of(wallet("ann"), amount, {"sam": 10_000}, RULES.fee)
    posted = books.do(post, Posting(f"run:{name}", "run", lines, name))
    with books.database.write() as connection:
        sales.book(connection, posted, lines, books.clock.now + RULES.maturing)
    return posted.txn


def test_a_seller_is_paid_what_has_matured_and_once(money, books, fake):
    sell(books, 200)
    with pytest.raises(NotFound):
        money.paid_out(SAM, None, None)
    assert money.enrolled("sam", "https://shop/").startswith("https://pay/")
    money.enrolled("sam", "https://shop/")
    assert len([one for one in fake.asked if one[0] == "/v1/accounts"]) == 1
    with pytest.raises(BadOption):
        money.paid_out(SAM, None, None)  # nothing has matured
    books.clock.now += DAY
    money.tick()
    assert books.balance(payable("sam")).balance == 160
    for amount in (9, 156):
        with pytest.raises(BadOption):
            money.paid_out(SAM, amount, None)
    first = money.paid_out(SAM, 100, "k")
    assert (first.state, money.paid_out(SAM, 100, "k").id) == ("paid", first.id)
    with pytest.raises(KeyReused):
        money.paid_out(SAM, 50, "k")
    assert [form["amount"] for form in fake.transfers()] == [["100"]]
    assert books.balance(payable("sam")).balance == 60


def test_what_cannot_be_sent_is_sent_later_under_the_same_id(money, books, fake):
    sell(books, 200)
    money.enrolled("sam", "https://shop/")
    books.clock.now += DAY
    money.tick()
    fake.faults = 3  # more than the client tries again
    payout = money.paid_out(SAM, 100, None)
    assert payout.state == "requested"
    assert books.balance(payable("sam")).balance == 60
    money.tick()
    money.tick()
    assert books.look(payouts.get, payout.id).state == "paid"
    assert len(fake.transfers()) == 1


def test_a_transfer_whose_key_is_forgotten_is_found_and_not_made_again(money, books, fake):
    """Stripe keeps keys for a day; the answer was lost, and it takes two until we ask again."""
    books.clock.now = time.time() - 4 * DAY
    sell(books, 200)
    money.enrolled("sam", "https://shop/")
    books.clock.now += DAY
    money.tick()
    fake.deaf = 3  # as often as the client asks
    lost = money.paid_out(SAM, 100, None)
    assert (lost.state, len(fake.sent)) == ("requested", 1)
    fake.made.clear()
    money.tick()
    assert books.look(payouts.get, lost.id).state == "paid"
    assert [form["amount"] for form, _ in fake.sent] == [["100"]]
    assert books.look(payouts.get, lost.id).reference == fake.sent[0][1]["id"]


def test_what_another_provider_is_to_pay_keeps_nobody_waiting(money, books, fake):
    """Requested while payments were by hand, and left there when Stripe was set."""
    sell(books, 200)
    books.do(payouts.enrolled, "sam", "manual", "sam")
    money.enrolled("sam", "https://shop/")
    books.clock.now += DAY
    money.tick()
    by_hand = books.do(payouts.request, RULES, SAM, 50, "manual", None)
    fake.faults = 3
    ours = money.paid_out(SAM, 50, None)
    waiting = books.look(payouts.waiting, 0, "stripe", 1)
    assert [one.id for one in waiting] == [ours.id]
    money.tick()
    assert books.look(payouts.get, ours.id).state == "paid"
    assert books.look(payouts.get, by_hand.id).state == "requested"


def test_what_is_declined_or_comes_back_may_be_paid_again(money, books, fake):
    sell(books, 200)
    money.enrolled("sam", "https://shop/")
    books.clock.now += DAY
    money.tick()
    fake.closed = True
    lost = money.paid_out(SAM, 100, None)
    assert (lost.state, books.balance(payable("sam")).balance) == ("failed", 160)
    fake.closed = False
    payout = money.paid_out(SAM, 100, None)
    transfer = {"object": "transfer", "metadata": {"payout": payout.id}}
    for name in ("evt_1", "evt_1", "evt_2"):
        body = event("transfer.reversed", transfer, name)
        money.heard(body, signed(body))
    assert books.balance(payable("sam")).balance == 160
    with pytest.raises(WrongState):
        books.do(payouts.sent, payout.id, "tr_1")


def test_a_refund_after_the_payout_is_owed_and_paid_by_what_comes(money, books):
    txn = sell(books, 200)
    money.enrolled("sam", "https://shop/")
    books.clock.now += DAY
    money.tick()
    money.paid_out(SAM, 155, None)
    books.do(sales.refund, "refund:1", txn, 200)
    assert books.balance(payable("sam")).balance == 5 - 160
    assert books.balance(wallet("ann")).balance == 200
    sell(books, 300, "next")
    books.clock.now += DAY
    money.tick()
    assert books.balance(payable("sam")).balance == 240 - 155
    assert money.paid_out(SAM, None, None).credits == 80


def test_the_provider_is_away(money, books, fake):
    fake.faults = 3
    with pytest.raises(PaymentFailed):
        money.topped_up("ann", 500, "k", "https://shop/")
    topup = money.topped_up("ann", 500, "k", "https://shop/")  # the same one, and now it is asked
    assert topup.url
    assert len(books.look(topups.of_account, 0, "ann", None, 10)) == 1


def test_by_hand(books):
    market = SimpleNamespace(do=books.do, rules=RULES)
    market.look = lambda work, *args: books.look(work, books.clock.now, *args)
    money = Money(market, Manual())
    topup = money.topped_up("ann", 50, None, "")
    assert (topup.reference, topup.url) == (topup.id, None)
    for _ in range(2):
        books.do(topups.paid, topup.id)
    assert books.balance(wallet("ann")).balance == 50
    with pytest.raises(BadOption):
        money.heard(b"{}", "")
    sell(books, 200)
    assert money.enrolled("sam", "") is None
    books.clock.now += DAY
    money.tick()
    payout = money.paid_out(SAM, 100, None)
    money.tick()
    assert books.look(payouts.get, payout.id).state == "requested"
    assert books.do(payouts.sent, payout.id, "by hand").state == "paid"
    assert books.look(reading.audit) == []


def test_a_statement_adds_up(books):
    books.clock.now = 1_793_000_000  # in October 2026
    sell(books, 200, "=first")
    books.clock.now += 20 * DAY
    sell(books, 100, "second")
    books.do(sales.mature)
    for month in ("2026-10", "2026-11"):
        for account in ("ann", "sam"):
            found = books.do(statements.statement, account, month)
            for part, amount in found.opening.items():
                moved = sum(move.amount for move in found.moves if move.account == part)
                assert amount + moved == found.closing[part]
            rows = list(csv.DictReader(io.StringIO(found.csv())))
            assert len(rows) == len(found.moves) + 6
            assert not [row for row in rows if row["subject"].startswith("=")]
    assert found.closing == {"wallet": 0, "earned": 80, "payable": 160}
    assert books.balance(earned("sam")).balance == 80
    for month in ("2026-13", "26-01", "2027-01", "2026-1"):
        with pytest.raises(BadOption):
            books.do(statements.statement, "ann", month)
