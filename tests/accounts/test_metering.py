"""What was used is counted once, by journal or by run, and adds up."""

import json
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.accounts import journal, metering
from printroom.accounts.folding import fold
from printroom.accounts.journal import Journal, parsed, written
from printroom.accounts.metering import Spent, Use, day_of, next_day, next_month
from printroom.accounts.prices import Amounts, Prices
from printroom.core.errors import BadOption

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()
names = st.text(max_size=20)
uses = st.builds(
    Use, names, names, names, names, st.floats(0, 4e9),
    *(st.integers(0, 2**40) for _ in range(4)),
)  # fmt: skip


def use(account="local", key="key_1", target="enhance", at=NOON, cost=1000):
    return Use(account, key, target, "", at, 1, 10**6, 250, cost)


def sums(book, *groups, account="local"):
    found = book.look(metering.usage, account, "2026-01-01", "2026-12-31", groups)
    return [(one.day, one.key, one.target, one.runs, one.cost) for one in found]


@given(st.lists(uses, max_size=8), st.integers(0, 200))
def test_what_is_written_is_read_up_to_the_last_whole_line(some, cut):
    data = b"".join(map(written, some))
    assert parsed(data) == (some, len(data))
    torn = data[: len(data) - min(cut, len(data))]
    found, size = parsed(torn)
    assert found == some[: len(found)]
    assert size == len(b"".join(map(written, some[: len(found)])))


@given(uses, uses, st.data())
def test_a_byte_that_was_spoilt_costs_its_own_line_alone(first, second, data):
    line = bytearray(written(first))
    place = data.draw(st.integers(0, len(line) - 2))
    line[place] ^= data.draw(
        st.integers(1, 255).filter(lambda bit: line[place] ^ bit not in b"\r\n")
    )
    found, _ = parsed(bytes(line) + written(second))
    assert found[-1] == second
    assert found[:-1] in ([], [first])  # the digits of the checksum may be written in two ways


def test_each_use_is_counted_once_however_often_it_is_folded(book, tmp_path):
    book_of_uses = Journal(tmp_path)
    for number in range(5):
        book_of_uses.write(use(target=f"t{number % 2}"))
    assert fold(book.database, tmp_path) == 5
    assert fold(book.database, tmp_path) == 0
    book_of_uses.write(use())
    book_of_uses.close()
    assert fold(book.database, tmp_path) == 1
    assert not list(tmp_path.glob(f"*{journal.SUFFIX}"))
    assert fold(book.database, tmp_path) == 0
    assert sums(book, "target") == [
        (None, None, "enhance", 1, 1000), (None, None, "t0", 3, 3000), (None, None, "t1", 2, 2000),
    ]  # fmt: skip


def test_a_torn_tail_waits_for_its_rest_and_is_dropped_with_its_process(book, tmp_path):
    line = written(use())
    path = tmp_path / f"a{journal.SUFFIX}"
    path.write_bytes(line + line[:20])
    assert fold(book.database, tmp_path) == 1
    assert not path.exists()  # nobody holds it: what is torn is no use
    assert sums(book) == [(None, None, None, 1, 1000)]


def test_a_journal_in_use_stays_and_goes_on(book, tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "LONGEST", 300)
    living = Journal(tmp_path)
    for _ in range(20):
        living.write(use())
    assert fold(book.database, tmp_path) == 20
    assert len(list(tmp_path.glob(f"*{journal.SUFFIX}"))) == 1
    living.write(use())
    living.close()
    assert fold(book.database, tmp_path) == 1


def test_a_disk_that_fills_up_spoils_no_other_line(book, tmp_path, monkeypatch):
    import os

    from printroom.core.errors import DiskFull

    living = Journal(tmp_path)
    living.write(use(target="before"))
    real = os.write
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda file, data: real(file, data[:25]))
        with pytest.raises(DiskFull):
            living.write(use(target="lost"))
    living.write(use(target="after"))
    living.close()
    assert fold(book.database, tmp_path) == 2
    assert [row[2] for row in sums(book, "target")] == ["after", "before"]


def test_two_folders_of_one_journal_count_it_once(book, tmp_path):
    import threading

    living = Journal(tmp_path)
    for _ in range(300):
        living.write(use())
    threads = [threading.Thread(target=fold, args=(book.database, tmp_path)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fold(book.database, tmp_path)
    living.close()
    assert sums(book) == [(None, None, None, 300, 300_000)]


@dataclass
class Job:
    """What the queue tells of a job that is over."""

    id: str = "job_1"
    kind: str = "run"
    account: str = "local"
    state: str = "done"
    payload: Any = None
    result: Any = None
    started_at: float | None = NOON - 2
    finished_at: float | None = NOON


def test_a_run_is_counted_once_and_only_when_it_succeeded(book):
    prices = Prices.parse("megapixel=2, second=0.5")
    job = Job(
        payload={"target": "p@1", "key": "k"}, result={"usage": {"pictures": 1, "pixels": 10**6}}
    )
    for one in (job, job, Job(state="dead", payload={}), Job(kind="webhook", payload={})):
        with book.database.write() as writing:
            assert metering.record(writing, one, prices) is False
    assert sums(book, "day", "key", "target") == [("2026-11-26", "k", "p@1", 1, 3000)]


def test_days_and_months_are_spent_apart(book):
    with book.database.write() as writing:
        for day in (1, 25, 26):
            at = datetime(2026, 11, day, 23, 59, tzinfo=UTC).timestamp()
            metering.add(writing, [use(at=at), use(account="other", at=at)])
        metering.add(writing, [use(at=datetime(2026, 10, 31, tzinfo=UTC).timestamp())])
    with book.database.read() as reading:
        spent = metering.spent(reading, NOON, {"local": "account", "key_1": "key", "x": "key"})
    assert spent == {"local": Spent(1000, 3000), "key_1": Spent(2000, 6000), "x": Spent()}


@given(st.floats(0, 4e9))
def test_days_and_months_end(now):
    assert day_of(next_day(now)) > day_of(now)
    assert now < next_day(now) <= now + 86400
    assert day_of(next_month(now))[8:] == "01"
    assert day_of(next_month(now))[:7] > day_of(now)[:7]
    assert next_month(now) >= next_day(now)


counts = st.integers(0, 10**9)


@given(st.tuples(counts, counts, counts), st.tuples(counts, counts, counts))
def test_a_price_is_rounded_up_once(one, other):
    prices = Prices.parse("picture=0.0001, megapixel=1/3, second=0.25; free: picture=0")
    a, b = prices.cost("x", Amounts(*one)), prices.cost("x", Amounts(*other))
    both = prices.cost("x", Amounts(*map(sum, zip(one, other, strict=True))))
    assert a + b - 1 <= both <= a + b
    exact = Fraction(one[0], 10) + Fraction(one[1], 3000) + Fraction(one[2], 4)
    assert 0 <= a - exact < 1
    assert prices.cost("free@3", Amounts(*one)) == 0


@pytest.mark.parametrize(
    "text", ["x=1", "picture", "picture=-1", "picture=1, picture=2", "a: =", "picture=1/0"]
)
def test_what_is_no_price(text):
    with pytest.raises(BadOption):
        Prices.parse(text)


def test_a_line_of_the_journal_is_its_use_in_json():
    line = written(use())
    assert json.loads(line[9:]) == list(astuple(use()))
