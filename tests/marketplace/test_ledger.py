"""The books: what is written once stays, nothing is made or lost, nobody goes below zero."""

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import printroom.marketplace.model  # noqa: F401  all tables are known
from printroom.core.errors import KeyReused, NotEnoughCredits, PrintroomError
from printroom.marketplace.ledger import holds, reading
from printroom.marketplace.ledger.holds import Hold
from printroom.marketplace.ledger.model import FEES, METADATA, earned, outside, payable, wallet
from printroom.marketplace.ledger.posting import Line, Posting, post
from printroom.marketplace.ledger.splitting import split


def sale(amount, buyer="ann", seller="sam", fee=0):
    """What becomes of a hold that is captured."""
    lines = (
        Line(wallet(buyer), earned(seller), amount - fee),
        Line(wallet(buyer), FEES, fee),
    )
    return lambda hold: [Posting(f"run:{hold.key}", "run", lines, hold.subject)]


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1).filter(any))
def test_no_credit_is_lost_in_a_split(amount, shares):
    parts = split(amount, shares)
    assert sum(parts) == amount
    for part, share in zip(parts, shares, strict=True):
        assert 0 <= part - amount * share // sum(shares) <= 1
        assert share or not part


@pytest.mark.parametrize(("amount", "shares"), [(1, []), (1, [0, 0]), (-1, [1]), (1, [2, -1])])
def test_what_cannot_be_split_is_refused(amount, shares):
    with pytest.raises(ValueError, match="cannot be shared"):
        split(amount, shares)


def test_the_tables_are_those_of_the_model(books):
    with books.database.read() as connection:
        known = set(METADATA.tables)
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _: kind != "table" or name in known},
        )
        assert compare_metadata(context, METADATA) == []


def test_a_run_is_charged_once_and_the_rest_is_free_again(books):
    books.top_up("ann", 100, "1")
    books.do(holds.place, Hold("k", "run1", wallet("ann"), 60))
    assert books.balance(wallet("ann")) == reading.Balance(100, 60)
    (charged,) = books.do(holds.capture, "run1", sale(50, fee=10))
    assert charged.fresh
    assert books.balance(wallet("ann")) == reading.Balance(50)
    assert books.balance(earned("sam")).balance == 40
    assert books.balance(FEES).balance == 10
    assert books.do(holds.capture, "run1", sale(50, fee=10)) is None
    with books.database.write() as connection:
        assert holds.void(connection, "run1") is None
    assert books.balance(wallet("ann")).balance == 50
    assert books.look(reading.audit) == []


def test_never_more_than_was_held(books):
    books.top_up("ann", 100, "1")
    books.do(holds.place, Hold("k", "run1", wallet("ann"), 60))
    with pytest.raises(ValueError, match="more than"):
        books.do(holds.capture, "run1", sale(61))
    assert books.balance(wallet("ann")) == reading.Balance(100, 60)


def test_what_is_not_there_is_not_held_nor_spent(books):
    books.top_up("ann", 10, "1")
    books.do(holds.place, Hold("k", "run1", wallet("ann"), 6))
    for amount in (5, 10**12):
        with pytest.raises(NotEnoughCredits):
            books.do(holds.place, Hold(f"k{amount}", "run2", wallet("ann"), amount))
        order = Posting("order:1", "order", (Line(wallet("ann"), earned("sam"), amount),))
        with pytest.raises(NotEnoughCredits):
            books.do(post, order)
    with pytest.raises(NotEnoughCredits):
        books.do(holds.place, Hold("other", "run3", wallet("nobody"), 1))
    assert books.look(reading.audit) == []


def test_the_same_key_is_the_same_posting_or_none(books):
    first = books.top_up("ann", 10, "1")
    again = books.top_up("ann", 10, "1")
    assert (first.txn, again.fresh) == (again.txn, False)
    with pytest.raises(KeyReused):
        books.top_up("ann", 11, "1")
    books.do(holds.place, Hold("k", "run1", wallet("ann"), 6))
    assert not books.do(holds.place, Hold("k", "run1", wallet("ann"), 6))
    with pytest.raises(KeyReused):
        books.do(holds.place, Hold("k", "run1", wallet("ann"), 7))
    assert books.balance(wallet("ann")) == reading.Balance(10, 6)


def test_a_hold_that_expires_is_free_again_and_cannot_be_captured(books):
    books.top_up("ann", 10, "1")
    books.do(holds.place, Hold("k", "run1", wallet("ann"), 6, books.clock.now + 5))
    assert books.do(holds.expired) == []
    books.clock.now += 5
    assert [hold.key for hold in books.do(holds.expired)] == ["k"]
    assert books.do(holds.capture, "run1", sale(6)) is None
    assert books.balance(wallet("ann")) == reading.Balance(10)


FORBIDDEN = [
    "UPDATE market_lines SET amount = amount + 1",
    "DELETE FROM market_lines",
    "UPDATE market_txns SET kind = 'gift'",
    "DELETE FROM market_txns",
    "DELETE FROM market_holds",
    "UPDATE market_holds SET amount = 1",
    "UPDATE market_holds SET state = 'open' WHERE state = 'captured'",
    "UPDATE market_balances SET balance = -1 WHERE account = 'wallet:ann'",
    "INSERT INTO market_lines SELECT txn, 9, source, target, 0 FROM market_lines",
    "INSERT INTO market_lines SELECT txn, 9, source, source, 1 FROM market_lines",
    "INSERT INTO market_lines SELECT txn, 9, 'wallet:ann', 'fees', 1000 FROM market_lines",
]


def test_the_database_itself_keeps_the_books(books):
    books.top_up("ann", 10, "1")
    books.do(holds.place, Hold("k", "run1", wallet("ann"), 6))
    books.do(holds.capture, "run1", sale(5))
    for statement in FORBIDDEN:
        with pytest.raises(DBAPIError), books.database.engine.begin() as connection:
            connection.execute(text(statement))
    assert books.look(reading.audit) == []


def test_many_at_once_spend_what_is_there_and_no_more(books):
    books.top_up("ann", 30, "1")
    done = []

    def buy(number):
        for turn in range(5):
            name = f"{number}-{turn}"
            try:
                books.do(holds.place, Hold(name, name, wallet("ann"), 2))
            except NotEnoughCredits:
                continue
            done.append(books.do(holds.capture, name, sale(2, seller=f"s{number}", fee=1)))

    threads = [threading.Thread(target=buy, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 15
    assert books.balance(wallet("ann")) == reading.Balance()
    assert books.balance(FEES).balance == 15
    assert books.look(reading.audit) == []


def test_ends_in_any_order_do_not_wait_for_each_other(books):
    """As workers end several runs in one transaction: the same sellers, the other way round."""
    books.top_up("ann", 1000, "1")
    for number in range(40):
        books.do(holds.place, Hold(f"h{number}", f"r{number}", wallet("ann"), 2))
    faults = []

    def end(numbers, sellers):
        try:
            for turn in range(0, len(numbers), 4):
                with books.database.write() as connection:
                    for number, seller in zip(numbers[turn:], sellers, strict=False):
                        name = f"r{number}"
                        if number % 4 == 3:
                            holds.void(connection, name)
                        else:
                            sold = sale(2, seller=seller, fee=number % 2)
                            holds.capture(connection, 0, name, sold)
        except PrintroomError as error:
            faults.append(error)

    orders = (range(20), "abcd"), (range(39, 19, -1), "dcba")
    threads = [threading.Thread(target=end, args=order) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert books.balance(wallet("ann")) == reading.Balance(940)
    assert books.look(reading.audit) == []


def test_a_deleted_account_keeps_its_lines(books):
    """The books name accounts and do not depend on them: no deletion reaches into them."""
    books.top_up("gone", 10, "1")
    with books.database.read() as connection:
        tables = [key.column.table.name for table in METADATA.tables.values()
                  for key in table.foreign_keys]  # fmt: skip
        assert set(tables) <= set(METADATA.tables)
        assert reading.total(connection, wallet("gone"), books.clock.now + 1) == 10


BUYERS, SELLERS = ("ann", "bob"), ("sam", "tom")
AMOUNTS = st.integers(1, 40)


class Machine(RuleBasedStateMachine):
    """Beside the books runs a model of them: plain sums in dictionaries."""

    books = None
    count = 0

    def __init__(self):
        super().__init__()
        type(self).count += 1
        self.name = f"{type(self).count}"  # books cannot be emptied: each machine has its own
        self.balances, self.open, self.keys = {}, {}, {}
        self.runs = 0

    def at(self, account):
        return f"{account}-{self.name}"

    def move(self, source, target, amount):
        self.balances[source] = self.balances.get(source, 0) - amount
        self.balances[target] = self.balances.get(target, 0) + amount

    def free(self, account):
        held = sum(hold.amount for hold in self.open.values() if hold.account == account)
        return self.balances.get(account, 0) - held

    @rule(buyer=st.sampled_from(BUYERS), amount=AMOUNTS, key=st.sampled_from("abcd"))
    def top_up(self, buyer, amount, key):
        key, target = self.at(f"topup:{key}"), wallet(self.at(buyer))
        said = (target, amount)
        lines = (Line(outside(self.name), target, amount),)
        try:
            posted = self.books.do(post, Posting(key, "topup", lines))
        except KeyReused:
            assert self.keys[key] != said
            return
        assert posted.fresh == (key not in self.keys)
        assert self.keys.setdefault(key, said) == said
        if posted.fresh:
            self.move(outside(self.name), target, amount)

    @rule(
        buyer=st.sampled_from(BUYERS), amount=AMOUNTS, seconds=st.sampled_from([None, 3]),
        twice=st.booleans(),
    )  # fmt: skip
    def place(self, buyer, amount, seconds, twice):
        account = wallet(self.at(buyer))
        until = None if seconds is None else self.books.clock.now + seconds
        self.runs += 1
        run = self.at(f"run{self.runs}")
        hold = Hold(run, run, account, amount, until)
        enough = self.free(account) >= amount
        for turn in range(1 + twice):
            try:
                assert self.books.do(holds.place, hold) == (turn == 0)
            except NotEnoughCredits:
                assert not enough
            else:
                assert enough
                self.open[run] = hold

    @rule(data=st.data(), seller=st.sampled_from(SELLERS), twice=st.booleans())
    def capture(self, data, seller, twice):
        if not self.open:
            return
        run = data.draw(st.sampled_from(list(self.open)))
        hold = self.open.pop(run)
        amount = data.draw(st.integers(0, hold.amount))
        fee, rest = split(amount, [20, 80])
        lines = (Line(hold.account, FEES + self.name, fee),
                 Line(hold.account, earned(self.at(seller)), rest))  # fmt: skip
        for turn in range(1 + twice):
            made = self.books.do(
                holds.capture, run, lambda hold: [Posting(f"run:{hold.key}", "run", lines)]
            )
            assert (made is not None) == (turn == 0)
        for line in lines:
            self.move(line.source, line.target, line.amount)

    @rule(data=st.data())
    def void(self, data):
        if self.open:
            run = data.draw(st.sampled_from(list(self.open)))
            with self.books.database.write() as connection:
                assert holds.void(connection, run) == self.open.pop(run)
                assert holds.void(connection, run) is None

    @rule()
    def expire(self):
        self.books.clock.now += 2
        gone = {hold.key for hold in self.books.do(holds.expired)}
        now = self.books.clock.now
        late = {key for key, hold in self.open.items() if (hold.expires_at or now + 1) <= now}
        assert late <= gone
        for key in late:
            del self.open[key]

    @rule(seller=st.sampled_from(SELLERS), amount=AMOUNTS, data=st.data())
    def mature_and_refund(self, seller, amount, data):
        """What is earned never goes below zero, what is payable may."""
        pending, due = earned(self.at(seller)), payable(self.at(seller))
        source = data.draw(st.sampled_from([pending, due]))
        target = due if source == pending else wallet(self.at("ann"))
        self.runs += 1
        posting = Posting(self.at(f"m{self.runs}"), "maturity", (Line(source, target, amount),))
        try:
            self.books.do(post, posting)
        except NotEnoughCredits:
            assert source == pending
            assert self.free(pending) < amount
        else:
            assert source == due or self.free(pending) >= amount
            self.move(source, target, amount)

    @invariant()
    def the_books_are_those_of_the_model(self):
        for account in {*self.balances, *(hold.account for hold in self.open.values())}:
            found = self.books.balance(account)
            assert found.balance == self.balances.get(account, 0)
            assert found.free == self.free(account)

    def teardown(self):
        assert sum(self.balances.values()) == 0
        assert self.books.look(reading.audit) == []


def test_the_laws_hold(books):
    machine = type("Machine", (Machine,), {"books": books})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
