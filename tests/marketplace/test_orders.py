"""What is bought is paid for once, had once, and given back to the credit."""

import csv
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import insert, select

from printroom.accounts.audit import CONSOLE, Actor
from printroom.core.errors import (
    AlreadyThere,
    BadOption,
    KeyReused,
    NoAccess,
    NotEnoughCredits,
    NotFound,
    TermsChanged,
    WrongState,
)
from printroom.marketplace import (
    closing,
    coupons,
    earnings,
    entitlements,
    listings,
    orders,
    pages,
    refunds,
    reviews,
    sales,
    statements,
    subscriptions,
)
from printroom.marketplace.coupons import Coupon
from printroom.marketplace.ledger import holds, reading
from printroom.marketplace.ledger.holds import Hold
from printroom.marketplace.ledger.model import FEES, GIFTS, earned, payable, wallet
from printroom.marketplace.model import REVIEWS, SALES
from printroom.marketplace.offering import Card, Terms
from printroom.marketplace.orders import Wanted
from printroom.marketplace.prices import Price
from printroom.marketplace.rules import DAY, MONTH, Rules

RULES = Rules(fee=2000, maturing=14 * DAY)
SAM, ANN = Actor("sam"), Actor("ann")


class Stall:
    """Something of Sam's that is sold by the month, with a third of it to Tom; Ann has credits."""

    def __init__(self, books):
        self.books = books
        self.listing = books.do(listings.create, SAM, "pipeline", "ink", Card("Ink")).id
        self.offer(month=900, quota=3)
        books.do(listings.publish, SAM, self.listing, "public")
        books.top_up("ann", 10_000, "1")

    def offer(self, **price):
        shares = {"sam": 6667, "tom": 3333}
        terms = Terms(Price(**price))
        return self.books.do(listings.offer, SAM, self.listing, terms, shares)

    def buy(self, offer=1, account="ann", **fields):
        wanted = Wanted(account, self.listing, "month", offer, **fields)
        return self.books.do(orders.buy, RULES, wanted)

    def right(self, account="ann"):
        (found,) = self.books.look(entitlements.live, account, self.listing)
        return found

    def has(self, name):
        return self.books.balance(name).balance

    def tick(self, seconds):
        self.books.clock.now += seconds
        return subscriptions.renew_all(RULES, self.books.do)


@pytest.fixture
def stall(books):
    made = Stall(books)
    yield made
    assert books.look(reading.audit) == []


def test_a_month_is_paid_and_shared_out(stall):
    order = stall.buy()
    assert (order.paid, stall.has(wallet("ann"))) == (900, 9_100)
    assert (stall.has(FEES), stall.has(earned("sam")), stall.has(earned("tom"))) == (180, 480, 240)
    right = stall.right()
    assert (right.quota, right.until - right.since, right.renews) == (3, MONTH, True)


def test_a_double_click_is_one_order(stall):
    first = stall.buy(key="k")
    assert stall.buy(key="k") == first
    with pytest.raises(KeyReused):
        stall.buy(key="k", coupon="XXXX")
    with pytest.raises(AlreadyThere):
        stall.buy()
    assert stall.has(wallet("ann")) == 9_100


@pytest.mark.parametrize("key", ["k", None])
def test_clicks_at_the_same_moment_are_one_order(stall, key):
    found = []

    def click():
        try:
            found.append(stall.buy(key=key).id)
        except AlreadyThere:
            found.append(None)

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found) - {None}) == 1
    assert len(found) == 4
    assert (None in found) == (key is None)
    assert stall.has(wallet("ann")) == 9_100


def test_an_offer_that_was_followed_by_another_is_not_sold(stall):
    stall.offer(month=5_000)
    with pytest.raises(TermsChanged):
        stall.buy(offer=1)
    assert stall.has(wallet("ann")) == 10_000
    assert stall.buy(offer=2).paid == 5_000


def test_the_same_terms_again_are_no_new_offer(stall):
    assert stall.offer(month=900, quota=3).number == 1


def test_what_cannot_be_bought(stall, books):
    with pytest.raises(NotEnoughCredits):
        stall.buy(account="poor")
    with pytest.raises(BadOption):
        stall.buy(account="sam")
    stall.offer(run=5)
    with pytest.raises(BadOption):
        stall.buy(offer=2)
    books.do(listings.suspend, CONSOLE, stall.listing, "it is a copy")
    with pytest.raises(NotFound):
        stall.buy()
    with pytest.raises(WrongState):
        books.do(listings.publish, SAM, stall.listing, "public")


def test_clicks_on_refund_at_the_same_moment_give_back_once(stall, books):
    order = stall.buy()
    found = []

    def click():
        found.append(books.do(refunds.refund_order, SAM, order.id, 50, "k", any_=False).refunded)

    at_once(*[click] * 4)
    assert found == [50] * 4
    assert stall.has(wallet("ann")) == 9_150


def test_who_switches_and_who_buys_wait_for_each_other_in_one_order(stall, books):
    """The listing, the right, the order, the books: else two of them wait for ever."""
    stall.buy()
    done = []

    def switch():
        for _ in range(6):
            done.append(books.do(subscriptions.switch, RULES, ANN, stall.right().id))

    def buy():
        for _ in range(12):
            try:
                stall.buy()
            except AlreadyThere:
                done.append(None)

    def refund():
        for turn in range(6):
            order = books.do(orders.of_account, "ann", None, 1)[0]
            with suppress(WrongState):  # all of it is back: somebody switched
                books.do(refunds.refund_order, SAM, order.id, 1, f"{turn}", any_=False)

    at_once(switch, buy, buy, refund)
    assert len(done) == 6 + 24
    assert len(books.look(entitlements.live, "ann", stall.listing)) == 1


def at_once(*works):
    """All of them in threads; raises what one of them does."""
    with ThreadPoolExecutor(len(works)) as pool:
        for one in [pool.submit(work) for work in works]:
            one.result()


def test_the_last_unit_of_a_quota_goes_to_one(stall, books):
    stall.buy()
    right = stall.right().id
    taken = []

    def take(number):
        for turn in range(2):
            run = f"{number}-{turn}"
            try:
                books.do(entitlements.take, f"{run}:1", run, right)
                books.do(entitlements.take, f"{run}:1", run, right)  # as if the answer was lost
            except NoAccess:
                continue
            taken.append(run)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 3
    assert stall.right().used == 3
    with books.database.write() as connection:
        assert entitlements.settle(connection, taken[0], used=False) == [right]
        assert entitlements.settle(connection, taken[0], used=False) == []
        assert entitlements.settle(connection, taken[1], used=True) == [right]
    assert stall.right().used == 2
    assert books.look(entitlements.usable, books.clock.now, "ann", stall.listing).id == right


def test_what_failed_last_month_is_not_given_to_this_one(stall, books):
    stall.buy()
    books.do(entitlements.take, "r:1", "r", stall.right().id)
    assert stall.tick(MONTH) == 1
    books.do(entitlements.take, "s:1", "s", stall.right().id)
    with books.database.write() as connection:
        entitlements.settle(connection, "r", used=False)
    assert stall.right().used == 1


def test_months_follow_each_other_until_the_wallet_is_empty(stall, books):
    books.do(orders.buy, RULES, Wanted("ann", stall.listing, "month", 1))
    stall.offer(month=50)  # who has bought keeps the price
    for month in range(10):
        assert stall.tick(MONTH) == 1
        assert stall.has(wallet("ann")) == 10_000 - 900 * (month + 2)
    stall.tick(MONTH)
    assert stall.right().state == "grace"
    books.do(entitlements.take, "r:1", "r", stall.right().id)  # it goes on
    until = stall.right().until
    books.top_up("ann", 900, "2")
    stall.tick(DAY)
    right = stall.right()
    assert (right.state, right.since, right.used) == ("active", until, 0)
    stall.tick(MONTH)
    stall.tick(RULES.grace)
    assert books.look(entitlements.live, "ann", stall.listing) == []
    assert books.look(entitlements.usable, books.clock.now, "ann", stall.listing) is None


def test_a_month_that_nobody_renewed_in_time_is_not_paid(stall):
    stall.buy()
    stall.tick(5 * MONTH)
    assert stall.has(wallet("ann")) == 8_200
    assert stall.right().until > stall.books.clock.now


def test_many_in_grace_keep_nobody_from_the_next_month(stall, books):
    poor = [f"poor{number}" for number in range(101)]
    for name in poor:
        books.top_up(name, 900, name)
        stall.buy(account=name)
    books.clock.now += 1
    stall.buy()
    assert stall.tick(MONTH) == 102
    assert stall.right("poor0").state == "grace"
    assert stall.tick(1) == 101
    assert (stall.right().state, stall.has(wallet("ann"))) == ("active", 8_200)


def test_sales_of_one_moment_are_on_one_page_or_the_next(stall, books):
    for name in ("bob", "cyd", "dan"):
        books.top_up(name, 900, name)
        stall.buy(account=name)
    found, after = [], None
    while page := books.do(orders.sold, stall.listing, after, 2):
        found += [one.id for one in page]
        after = page[-1].at, page[-1].id
    assert len(found) == len(set(found)) == 3


def test_who_cancels_has_the_month_and_no_more(stall, books):
    stall.buy()
    right = stall.right().id
    books.do(subscriptions.cancel, ANN, right)
    assert not stall.right().renews
    assert books.do(subscriptions.resume, ANN, right).renews
    books.do(subscriptions.cancel, ANN, right)
    assert books.look(entitlements.usable, books.clock.now, "ann", stall.listing).id == right
    stall.tick(MONTH)
    assert books.look(entitlements.live, "ann", stall.listing) == []
    assert stall.has(wallet("ann")) == 9_100
    with pytest.raises(WrongState):
        books.do(subscriptions.resume, ANN, right)
    with pytest.raises(NotFound):
        books.do(subscriptions.cancel, SAM, right)


def test_who_ends_it_at_once_gets_back_what_is_left(stall, books):
    stall.buy()
    books.clock.now += MONTH / 4
    books.do(subscriptions.cancel, ANN, stall.right().id, at_once=True)
    assert stall.has(wallet("ann")) == 9_100 + 675
    assert stall.has(earned("sam")) + stall.has(earned("tom")) + stall.has(FEES) == 225
    stall.buy()
    right = stall.right().id
    books.do(entitlements.take, "r:1", "r", right)
    books.do(entitlements.take, "s:1", "s", right)
    books.do(subscriptions.cancel, ANN, right, at_once=True)  # two of three runs are used
    assert stall.has(wallet("ann")) == 9_775 - 600


def test_a_switch_is_one_step(stall, books):
    stall.buy()
    stall.offer(month=100_000)
    with pytest.raises(NotEnoughCredits):
        books.do(subscriptions.switch, RULES, ANN, stall.right().id)
    assert (stall.right().offer, stall.has(wallet("ann"))) == (1, 9_100)
    stall.offer(month=1_200)
    books.clock.now += MONTH / 2
    right = books.do(subscriptions.switch, RULES, ANN, stall.right().id)
    assert (right.offer, stall.has(wallet("ann"))) == (3, 9_100 + 450 - 1_200)


def test_refunds_go_back_to_the_credit_also_of_what_was_paid_out(stall, books):
    order = stall.buy()

    def back(amount, once=None):
        once = once or f"once-{amount}-{stall.has(wallet('ann'))}"
        return books.do(refunds.refund_order, SAM, order.id, amount, once, any_=False)

    assert back(7).refunded == 7
    for amount in (7, None):  # a double click, or an answer that was lost
        assert back(amount, "once-7-9100").refunded == 7
    with pytest.raises(KeyReused):
        back(8, "once-7-9100")
    assert stall.has(wallet("ann")) == 9_107
    books.clock.now += MONTH + RULES.maturing
    assert books.do(sales.mature) == 2
    assert stall.has(earned("sam")) == stall.has(earned("tom")) == 0
    assert stall.has(payable("sam")) + stall.has(payable("tom")) + stall.has(FEES) == 893
    with pytest.raises(BadOption):
        back(894)
    assert back(None).refunded == 900
    for name in (payable("sam"), payable("tom"), FEES):
        assert stall.has(name) == 0
    assert stall.has(wallet("ann")) == 10_000
    assert books.look(entitlements.live, "ann", stall.listing) == []
    with pytest.raises(WrongState):
        back(None)
    with pytest.raises(NotFound):
        books.do(refunds.refund_order, ANN, order.id, None, "k", any_=False)
    with books.database.read() as connection:
        rows = connection.execute(select(SALES)).all()
    assert all(row.refunded == row.amount for row in rows)


def test_nothing_matures_before_the_month_is_over(stall, books):
    stall.buy()
    books.clock.now += MONTH
    assert books.do(sales.mature) == 0
    books.clock.now += RULES.maturing
    assert books.do(sales.mature) == 2
    assert books.do(sales.mature) == 0
    assert stall.has(payable("sam")) == 480


def test_coupons_are_worth_once_what_they_say(stall, books):
    books.do(coupons.make, SAM, Coupon("HALF", "sam", stall.listing, 5_001, 0, 2, 0, None, 0))
    books.do(coupons.make, CONSOLE, Coupon("GIFT", None, None, 0, 50, 1, 0, None, 0))
    with pytest.raises(AlreadyThere):
        books.do(coupons.make, SAM, Coupon("GIFT", "sam", None, 1, 0, 1, 0, None, 0))
    for code in ("NONE", "GIFT"):
        with pytest.raises(NoAccess):
            stall.buy(coupon=code)
    order = stall.buy(coupon="HALF")
    assert (order.discount, order.paid) == (450, 450)
    books.do(subscriptions.cancel, ANN, stall.right().id, at_once=True)
    assert stall.has(wallet("ann")) == 10_000
    with pytest.raises(NoAccess):
        stall.buy(coupon="HALF")  # once for each account
    with pytest.raises(NoAccess):
        books.do(coupons.redeem, "ann", "HALF")
    assert books.do(coupons.redeem, "ann", "GIFT") == 50
    with pytest.raises(NoAccess):
        books.do(coupons.redeem, "bob", "GIFT")
    assert (stall.has(wallet("ann")), stall.has(GIFTS)) == (10_050, -50)
    for code in ("GIFT", "NONE"):
        with pytest.raises(NotFound):
            books.do(coupons.end, SAM, code, house=False)
    books.do(coupons.end, CONSOLE, "GIFT", house=True)
    books.do(coupons.end, SAM, "HALF", house=False)
    codes = [
        [one.code for one in books.do(coupons.of_owner, "sam", house=house)]
        for house in (False, True)
    ]
    assert codes == [["HALF"], ["GIFT", "HALF"]]
    books.top_up("bob", 900, "3")
    with pytest.raises(NoAccess):
        stall.buy(account="bob", coupon="HALF")


def test_a_coupon_for_all_of_the_price_leaves_nothing_to_pay(stall, books):
    books.do(coupons.make, SAM, Coupon("FREE", "sam", None, 10_000, 0, 1, 0, None, 0))
    order = stall.buy(coupon="FREE", account="poor")
    assert (order.paid, order.txn) == (0, None)
    assert stall.right("poor").quota == 3
    with pytest.raises(WrongState):
        books.do(refunds.refund_order, SAM, order.id, None, "k", any_=False)


def test_what_was_earned_is_told_by_what_was_sold(stall, books):
    """Each party sees its own part; what goes back counts in the month in which it does."""
    books.clock.now = 1_793_000_000  # in October 2026
    order = stall.buy()
    books.clock.now += 20 * DAY
    books.do(refunds.refund_order, SAM, order.id, 90, "k", any_=False)
    books.do(listings.edit, SAM, stall.listing, Card("=Ink <b>"))
    for account, part in (("sam", 480), ("tom", 240)):
        (sold,) = books.do(earnings.earnings, account, "2026-10").rows
        assert (sold.kind, sold.count, sold.earned, sold.refunded) == ("month", 1, part, 0)
        found = books.do(earnings.earnings, account, "2026-11")
        (back,) = found.rows
        assert (back.count, back.refunded, back.net) == (0, part // 10, -part // 10)
        assert found.total.net == back.net
        (row,) = csv.DictReader(io.StringIO(found.csv()))
        assert (row["title"], row["net"]) == ("'=Ink <b>", str(back.net))
        page = pages.earnings_page(found, account, "eur")
        assert "&lt;b&gt;" in page
        assert "<b>" not in page
    assert books.do(earnings.earnings, "ann", "2026-10").rows == ()
    told = books.do(statements.statement, "ann", "2026-10")
    page = pages.statement_page(told, "ann", "eur")
    assert order.id in page
    assert "-900" in page
    assert "http:" not in page.replace("http-equiv", "")
    with pytest.raises(BadOption):
        books.do(earnings.earnings, "sam", "2027-01")


def test_what_was_taken_down_becomes_what_it_was(stall, books):
    """A draft that was suspended is a draft again, and is not shown to everybody."""
    for state, prepare in (("listed", None), ("draft", listings.withdraw)):
        if prepare is not None:
            books.do(prepare, SAM, stall.listing)
        for _ in range(2):  # two reports of the same listing
            books.do(listings.suspend, CONSOLE, stall.listing, "a copy")
        assert books.do(listings.restore, CONSOLE, stall.listing).state == state


def test_reviews_of_one_moment_are_all_told(stall, books):
    stall.offer()
    rows = [
        {"listing": stall.listing, "account": f"a{n}", "stars": 5, "text": "", "at": 1.0}
        for n in range(5)
    ]
    with books.database.write() as connection:
        connection.execute(insert(REVIEWS), rows)
    found, after = [], None
    for _ in range(5):
        (one,) = books.do(reviews.listed, stall.listing, after, 1)
        found.append(one.account)
        after = one.at, one.account
    assert found == [f"a{n}" for n in range(5)]
    assert books.do(reviews.listed, stall.listing, after, 1) == []


def test_an_account_with_money_in_it_is_closed_when_that_is_said(stall, books):
    """What others paid for comes first; nothing is given up unless it is said."""
    stall.buy()
    stand = lambda who: books.do(closing.standing, who)  # noqa: E731
    close = lambda who, **more: books.do(closing.settled, Actor(who), **more)  # noqa: E731
    assert [one.what for one in stand("ann").blocks] == ["subscriptions that it has: 1"]
    assert "others have to what it sells: 1" in stand("sam").blocks[0].what
    for who in ("ann", "sam"):
        with pytest.raises(WrongState, match="cannot be closed"):
            close(who, forfeit=True)
    books.do(subscriptions.cancel, ANN, stall.right().id, at_once=True)
    order = stall.buy()
    books.do(listings.withdraw, SAM, stall.listing)
    books.do(refunds.refund_order, SAM, order.id, 300, "k", any_=False)
    books.do(subscriptions.revoke, SAM, stall.right().id, any_=False)
    books.top_up("ann", 50, "later")
    books.do(holds.place, Hold("k", "run", wallet("ann"), 10))
    with pytest.raises(WrongState, match="held"):
        close("ann", forfeit=True)
    with books.database.write() as connection:
        holds.void(connection, "run")
    assert stand("ann") == closing.Standing((), 10_000 - 600 + 50)
    with pytest.raises(WrongState, match="9450 credits"):
        close("ann", forfeit=False)
    assert close("ann", forfeit=True) == 9_450
    assert close("ann", forfeit=True) == 0
    assert stand("sam") == closing.Standing((), 320)
    assert close("sam", forfeit=True) == 320
    books.clock.now += 100 * DAY
    assert books.do(sales.mature) == 2  # Tom's parts; what Sam gave up does not mature
    assert (stall.has(payable("tom")), stall.has(payable("sam"))) == (160, 0)
    with pytest.raises(NotFound):
        stall.buy()
    books.do(refunds.refund_order, CONSOLE, order.id, 100, "late", any_=True)
    assert stall.has(payable("sam")) < 0  # the installation's loss, and what it was given up
    assert stand("sam").blocks[0].what.endswith("are owed, after refunds")
    assert books.look(reading.audit) == []
