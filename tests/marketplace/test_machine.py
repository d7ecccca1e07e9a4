"""The market is used at random, beside a model of who gets in, and who pays what."""

from contextlib import suppress

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from printroom.accounts.audit import Actor
from printroom.core.errors import (
    AlreadyThere,
    NoAccess,
    NotEnoughCredits,
    NotFound,
    PrintroomError,
    TermsChanged,
    WrongState,
)
from printroom.marketplace import (
    admission,
    closing,
    entitlements,
    listings,
    orders,
    refunds,
    sales,
    subscriptions,
)
from printroom.marketplace.deals import Thing
from printroom.marketplace.ledger import reading
from printroom.marketplace.ledger.model import FEES, earned, payable, wallet
from printroom.marketplace.offering import Card, Terms
from printroom.marketplace.orders import Wanted
from printroom.marketplace.prices import Price
from printroom.marketplace.rules import DAY, Rules

RULES = Rules(fee=1500, maturing=3 * DAY, grace=2 * DAY)
BUYERS = ("ann", "bob")
PRICES = (
    Price(run=1, megapixel=7_000, month=20, quota=2),
    Price(month=15),
    Price(run=3),
    Price(),
)
"""The first is what hypothesis likes best, and has all of it."""


class Machine(RuleBasedStateMachine):
    """The tables are real; the model knows the wallets, and what each run was promised."""

    books = None
    count = 0

    def __init__(self):
        super().__init__()
        type(self).count += 1
        self.tag = f"-{type(self).count}"
        self.seller = Actor(f"sam{self.tag}")
        self.listing = self.do(listings.create, self.seller, "pipeline", "ink", Card("Ink")).id
        self.shown = False
        self.wallets = {self.who(buyer): 0 for buyer in BUYERS}
        self.paid = {}
        """Order or run -> what it cost and is not given back."""
        self.running, self.orders, self.runs = {}, [], 0
        self.price = None
        for buyer in BUYERS:
            self.top_up(buyer, 100)
        self.change(PRICES[0])
        self.show(True)

    def who(self, buyer):
        return buyer + self.tag

    def do(self, work, *args, **more):
        return self.books.do(work, *args, **more)

    def live(self, account):
        return [
            one for one in self.books.look(entitlements.live, account, self.listing)
            if one.kind == "month"
        ]  # fmt: skip

    def refused(self, account):
        """Whether nobody should let this account in now, whatever it pays."""
        return not self.shown or not (self.price.free or self.price.by_run or self.live(account))

    @rule(buyer=st.sampled_from(BUYERS), amount=st.integers(1, 60))
    def top_up(self, buyer, amount):
        self.runs += 1
        self.books.top_up(self.who(buyer), amount, f"{self.tag}-{self.runs}")
        self.wallets[self.who(buyer)] += amount

    @rule(price=st.sampled_from(PRICES))
    def change(self, price):
        shares = {self.seller.account: 7_001, f"tom{self.tag}": 2_999}
        self.do(listings.offer, self.seller, self.listing, Terms(price), shares)
        self.price = price

    @rule(shown=st.sampled_from([True, True, False]))
    def show(self, shown):
        if shown:
            self.do(listings.publish, self.seller, self.listing, "public")
        elif self.shown:
            self.do(listings.withdraw, self.seller, self.listing)
        self.shown = shown

    @rule(buyer=st.sampled_from(BUYERS), stale=st.sampled_from([False, False, False, True]))
    def buy(self, buyer, stale):
        account = self.who(buyer)
        number = self.books.look(listings.offered, self.listing).number - stale
        had = self.live(account)
        try:
            order = self.do(orders.buy, RULES, Wanted(account, self.listing, "month", number))
        except PrintroomError as error:
            good = {
                NotFound: not self.shown,
                TermsChanged: stale,
                AlreadyThere: bool(had),
                NotEnoughCredits: self.free(account) < (self.price.month or 0),
            }
            assert good.get(type(error), self.price.month is None), error
            return
        assert self.shown
        assert not stale
        assert not had
        assert order.paid == self.price.month
        self.wallets[account] -= order.paid
        self.orders.append(order.id)
        self.paid[order.id] = (account, order.paid)

    @rule(
        buyer=st.sampled_from(BUYERS), pixels=st.integers(0, 3 * 10**6), twice=st.booleans(),
        more=st.integers(-(10**6), 10**6), well=st.sampled_from([True, None, False]),
    )  # fmt: skip
    def begin(self, buyer, pixels, twice, more, well):
        """A run; `well`: how it ends at once, None = later."""
        account, self.runs = self.who(buyer), self.runs + 1
        run = f"run{self.tag}-{self.runs}"
        thing = Thing("pipeline", self.seller.account, "ink", 1)
        now = self.books.clock.now
        held = sum(one[1].quote for one in self.running.values() if one[0] == account)
        free, rights = self.wallets[account] - held, self.live(account)
        try:
            terms = self.books.look(
                admission.agreed, now, RULES, account, [thing], lambda _: (pixels, True)
            )
            for _ in range(1 + twice):
                self.do(admission.begun, account, terms, run, f"{run}:1")
        except NoAccess:
            assert self.refused(account) or all(one.quota == one.used for one in rights)
            return
        except NotEnoughCredits:
            assert free < self.price.run_cost(pixels)
            return
        assert not self.refused(account)
        assert terms.quote in (0, self.price.run_cost(pixels))
        assert terms.quote <= free
        assert terms.quote or self.price.free or terms.parts[0].entitlement or not pixels
        self.running[run] = (account, terms)
        if well is not None:
            self.finish(run, well, max(0, pixels + more), twice)

    @rule(
        data=st.data(),
        well=st.sampled_from([True, True, False]),
        pixels=st.integers(0, 4 * 10**6),
        twice=st.booleans(),
    )
    def end(self, data, well, pixels, twice):
        if not self.running:
            return
        self.finish(data.draw(st.sampled_from(list(self.running))), well, pixels, twice)

    def finish(self, run, well, pixels, twice):
        account, terms = self.running.pop(run)
        made = pixels if well else None
        self.do(admission.settled, RULES, account, terms, run, made, 1.0)
        if twice and not well:
            self.do(admission.settled, RULES, account, terms, run, made, 1.0)
        if well:
            (part,) = terms.parts
            price = Price(part.run, part.megapixel)
            cost = 0 if part.entitlement else min(terms.quote, price.run_cost(pixels))
            self.wallets[account] -= cost
            self.paid[run] = (account, cost)

    @rule(buyer=st.sampled_from(BUYERS), at_once=st.booleans())
    def cancel(self, buyer, at_once):
        account = self.who(buyer)
        for right in self.live(account):
            before = self.books.balance(wallet(account)).balance
            self.do(subscriptions.cancel, Actor(account), right.id, at_once=at_once)
            back = self.books.balance(wallet(account)).balance - before
            assert 0 <= back <= self.paid[right.order][1]
            assert at_once or not back
            self.wallets[account] += back
            self.paid[right.order] = (account, self.paid[right.order][1] - back)
            assert (right.id in [one.id for one in self.live(account)]) != at_once

    @rule(buyer=st.sampled_from(BUYERS))
    def revoke(self, buyer):
        for right in self.live(self.who(buyer)):
            self.do(subscriptions.revoke, self.seller, right.id, any_=False)

    @rule(days=st.sampled_from([1, 3, 30]))
    def pass_time(self, days):
        self.books.clock.now += days * DAY
        before = {account: self.live(account) for account in self.wallets}
        subscriptions.renew_all(RULES, self.books.do)
        now = self.books.clock.now
        for account, rights in before.items():
            for right in rights:
                found = self.books.look(entitlements.found, account, right.id)
                if found.order != right.order:
                    (paid,) = self.books.look(orders.of_account, now, account, None, 1)
                    self.wallets[account] -= paid.paid
                    self.orders.append(paid.id)
                    self.paid[paid.id] = (account, paid.paid)
                elif right.until <= now - RULES.grace:
                    assert found.state not in ("active", "grace")
        self.do(sales.mature)

    @rule(data=st.data(), amount=st.integers(1, 10))
    def refund(self, data, amount):
        if not self.paid:
            return
        what = data.draw(st.sampled_from(list(self.paid)))
        account, left = self.paid[what]
        self.runs += 1
        once = str(self.runs)
        work = refunds.refund_order if what in self.orders else refunds.refund_run
        try:
            for _ in range(2):  # a double click
                self.do(work, self.seller, what, min(amount, left) or 1, once, any_=False)
        except WrongState:
            assert not left
            return
        self.wallets[account] += min(amount, left)
        self.paid[what] = (account, left - min(amount, left))

    @rule(buyer=st.sampled_from(BUYERS), forfeit=st.booleans())
    def close(self, buyer, forfeit):
        """Close an account: with something in the way nothing is changed."""
        account = self.who(buyer)
        busy = self.free(account) < self.wallets[account] or bool(self.live(account))
        try:
            gone = self.do(closing.settled, Actor(account), forfeit=forfeit)
        except WrongState:
            assert busy or (self.wallets[account] and not forfeit)
            return
        assert not busy
        assert gone == self.wallets[account]
        self.wallets[account] = 0
        type(self).spent += gone

    @rule()
    def the_seller_wants_to_go(self):
        """Never while others have months of its: what they paid for comes first."""
        sold = any(self.live(account) for account in self.wallets)
        found = self.books.do(closing.standing, self.seller.account).blocks
        assert sold == any("others have" in one.what for one in found)

    def free(self, account):
        held = sum(one[1].quote for one in self.running.values() if one[0] == account)
        return self.wallets[account] - held

    @invariant()
    def wallets_are_those_of_the_model(self):
        for account, amount in self.wallets.items():
            found = self.books.balance(wallet(account))
            assert (found.balance, found.free) == (amount, self.free(account))
            for right in self.live(account):
                assert right.quota is None or 0 <= right.used <= right.quota

    def teardown(self):
        with suppress(PrintroomError):
            self.show(False)
        for buyer in BUYERS:  # the next machine's months are not held up by ours
            self.revoke(buyer)
        assert self.books.look(reading.audit) == []
        parts = [earned(f"sam{self.tag}"), payable(f"sam{self.tag}"),
                 earned(f"tom{self.tag}"), payable(f"tom{self.tag}")]  # fmt: skip
        sold = sum(self.books.balance(name).balance for name in parts)
        spent = sum(amount for _, amount in self.paid.values())
        assert 0 <= sold <= spent
        type(self).spent += spent - sold
        assert self.books.balance(FEES).balance == self.spent


def test_the_laws_hold(books):
    machine = type("Machine", (Machine,), {"books": books, "spent": 0})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=30 if books.database.sqlite else 12,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
