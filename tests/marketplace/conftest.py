"""The books on each kind of database, with a clock that tests move."""

import secrets
import shutil
import threading
from contextlib import closing, contextmanager

import numpy as np
import pytest
from sqlalchemy import create_engine, make_url

from printroom.accounts import people
from printroom.accounts.audit import CONSOLE, Actor
from printroom.accounts.model import SCRIPTS as ACCOUNTS
from printroom.assets.assets import New
from printroom.assets.model import SCRIPTS as ASSETS
from printroom.catalogue.model import SCRIPTS as CATALOGUE
from printroom.core.settings import Settings
from printroom.database.engine import Database
from printroom.database.migrate import migrate
from printroom.engine.plan import resident
from printroom.imaging.vips import pyvips
from printroom.jobs.model import SCRIPTS as JOBS
from printroom.marketplace import topups
from printroom.marketplace.ledger import reading
from printroom.marketplace.ledger.model import SCRIPTS, earned, outside, wallet
from printroom.marketplace.ledger.posting import Line, Posting, post
from printroom.marketplace.offering import Card, Terms
from printroom.marketplace.prices import Price
from printroom.pipelines.spec import PipelineSpec
from printroom.runs.runs import Asked, Runs
from printroom.runs.work import Labour
from printroom.workshop import Workshop

OWNERS = (ACCOUNTS, ASSETS, CATALOGUE, JOBS, SCRIPTS)


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory):
    """An SQLite database with all tables and nothing in them."""
    file = tmp_path_factory.mktemp("empty") / "empty.db"
    with closing(Database.open(f"sqlite:///{file}")) as database:
        migrate(database, OWNERS)
    return file


@pytest.fixture(scope="session")
def copies(postgres):
    """Makes copies of a PostgreSQL database with all tables: quicker than to migrate each."""
    address = make_url(postgres.create())
    with closing(Database.open(address.render_as_string(hide_password=False))) as database:
        migrate(database, OWNERS)
    engine = create_engine(
        address.set(database="postgres"), isolation_level="AUTOCOMMIT", pool_pre_ping=True
    )

    def copy():
        name = f"copy_{secrets.token_hex(6)}"
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {address.database}")
        return address.set(database=name).render_as_string(hide_password=False)

    yield copy
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path):
    """The URL of a database with all tables and nothing in them."""
    if request.param == "sqlite":
        file = shutil.copy(request.getfixturevalue("empty_file"), tmp_path / "test.db")
        return f"sqlite:///{file}"
    return request.getfixturevalue("copies")()


class Ticker:
    """Time that passes when told to."""

    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


class Books:
    """The ledger's functions, each in a transaction of its own."""

    def __init__(self, database):
        self.database = database
        self.clock = database.clock = Ticker()

    def do(self, work, *args, **more):
        with self.database.write() as connection:
            return work(connection, self.clock.now, *args, **more)

    def look(self, work, *args, **more):
        with self.database.read() as connection:
            return work(connection, *args, **more)

    def balance(self, account):
        return self.look(reading.balance, account)

    def top_up(self, account, amount, key):
        lines = (Line(outside("test"), wallet(account), amount),)
        return self.do(post, Posting(f"topup:{key}", "topup", lines))


@pytest.fixture
def database(address):
    opened = Database.open(address)
    yield opened
    opened.close()


@pytest.fixture
def books(database):
    return Books(database)


DOUBLE = """
name: double
inputs:
  image: picture
steps:
  up:
    use: upscale
    with: {image: $image, net: test/double@1, scale: 2}
"""


@pytest.fixture
def shop_settings(tmp_path, models, address):
    return Settings(
        data=tmp_path / "data",
        models=(models,),
        workers=1,
        memory=resident() + (1 << 30),
        database_url=address,
        jobs_lease=2,
    )


class Shop:
    """A workshop with a seller, whose pipeline `double` is offered, and a buyer with credits."""

    def __init__(self, workshop):
        self.workshop, self.market, self.runs = workshop, workshop.market, Runs(workshop)
        self.seller, self.buyer = self.account("Sam"), self.account("Ann")
        self.double = self.pipeline(self.seller)
        self.rows = 0

    def account(self, name):
        return self.workshop.accounts.do(people.create_account, CONSOLE, name).id

    def pipeline(self, account, text=DOUBLE):
        """What others call it."""
        return self.workshop.shelf.accept(PipelineSpec.from_yaml(text), account).id

    def listing(self, owner=None, name="double", kind="pipeline", visibility="public", **terms):
        """The id of a listing with those prices."""
        actor = Actor(owner or self.seller)
        extra = {key: terms.pop(key) for key in ("share", "version") if key in terms}
        made = self.market.create(actor, kind, name, Card(name.title(), tags=("zoom",)))
        self.market.offer(actor, made.id, Terms(Price(**terms), **extra))
        self.market.publish(actor, made.id, visibility)
        return made.id

    def top_up(self, account, amount):
        self.rows += 1
        found = self.market.do(topups.asked, account, amount, "test", None)
        return self.market.do(topups.paid, found.id)

    def wallet(self, account=None):
        look = lambda connection, _now: reading.balance(connection, wallet(account or self.buyer))  # noqa: E731
        return self.market.look(look)

    def earned(self, account=None):
        look = lambda connection, _now: reading.balance(connection, earned(account or self.seller))  # noqa: E731
        return self.market.look(look).balance

    def balanced(self):
        return self.market.look(lambda connection, _now: reading.audit(connection)) == []

    def file(self, account=None, width=24, height=16):
        """The id of a picture of the account's."""
        return self.runs.assets.add(New(account or self.buyer, png(width, height), "upload")).id

    def asked(self, account=None, target=None, **fields):
        account = account or self.buyer
        inputs = {"image": self.file(account)}
        return Asked(account, target or self.double, inputs, **fields)


def png(width, height):
    samples = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return pyvips.Image.new_from_array(samples).copy(interpretation="srgb").write_to_buffer(".png")


@pytest.fixture
def shop(shop_settings):
    with Workshop(shop_settings) as made:
        yield Shop(made)


@pytest.fixture(scope="session")
def working():
    """A worker in threads of this process, for as long as the `with` lasts."""

    @contextmanager
    def at_work(shop):
        stop, ready = threading.Event(), threading.Event()
        thread = threading.Thread(target=Labour(shop.workshop).run, args=(stop, ready.set))
        thread.start()
        assert ready.wait(20)
        try:
            yield
        finally:
            stop.set()
            thread.join(60)

    return at_work
