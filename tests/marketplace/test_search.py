"""What is offered is found, reviewed by those who ran it, and stopped when it is reported."""

import pytest

from printroom.accounts.audit import CONSOLE, Actor
from printroom.core.errors import AlreadyThere, BadOption, NoAccess, NotFound, WrongState
from printroom.marketplace import admission, listings, reports, reviews, search
from printroom.marketplace.deals import Thing
from printroom.marketplace.offering import Card, Terms
from printroom.marketplace.prices import Price
from printroom.marketplace.rules import Rules
from printroom.marketplace.search import Wanted

SAM, ANN = Actor("sam"), Actor("ann")
RULES = Rules()


@pytest.fixture
def stalls(books):
    """Names of four listings by their titles; the last one is not for everybody."""

    def listing(title, text, tags, price, visibility="public"):
        card = Card(title, text, tags)
        made = books.do(listings.create, SAM, "pipeline", title.lower(), card).id
        books.do(listings.offer, SAM, made, Terms(price), {"sam": 10_000})
        books.do(listings.publish, SAM, made, visibility)
        return made

    return {
        "Ink": listing("Ink", "Drawings in black, très fin", ("art", "line"), Price(run=5)),
        "Zoom": listing("Zoom", "Makes photographs of ink larger", ("photo",), Price()),
        "Dust": listing("Dust", "Takes dust off", ("photo", "line"), Price(month=90)),
        "Secret": listing("Secret", "Ink for friends", ("art",), Price(), "unlisted"),
    }


def titles(books, words="", **fields):
    found = books.do(search.found, Wanted(words, **fields))
    return [one.listing.title for one in found]


def use(books, listing, run, account="ann", seconds=1.0):
    """A run that went well."""
    now = books.clock.now
    thing = Thing("pipeline", "sam", books.look(listings.get, listing).name, 1)
    terms = books.look(admission.agreed, now, RULES, account, [thing], lambda _: (0, True))
    books.do(admission.begun, account, terms, run, f"{run}:1")
    books.do(admission.settled, RULES, account, terms, run, 0, seconds)


@pytest.mark.usefixtures("stalls")
def test_words_are_found_in_titles_first(books):
    assert titles(books, "ink") == ["Ink", "Zoom"]
    assert titles(books, "INK draw") == ["Ink"]
    assert titles(books, "phot") == ["Zoom", "Dust"] or titles(books, "phot") == ["Dust", "Zoom"]
    assert titles(books, "nothing") == []
    assert sorted(titles(books)) == ["Dust", "Ink", "Zoom"]


@pytest.mark.usefixtures("stalls")
def test_words_are_no_commands(books):
    odd = ['"', "ink OR dust", "a:*", "NEAR(", "'); DROP", "*", "ink & !dust", "-ink", "\\", "%"]
    for words in odd:
        assert set(titles(books, words)) <= {"Ink", "Zoom", "Dust"}


def test_what_is_changed_is_found_by_what_it_says_now(books, stalls):
    books.do(listings.edit, SAM, stalls["Dust"], Card("Scratch", "Takes scratches off"))
    assert titles(books, "dust") == []
    assert titles(books, "scratch") == ["Scratch"]
    books.do(listings.withdraw, SAM, stalls["Dust"])
    assert titles(books, "scratch") == []


@pytest.mark.usefixtures("stalls")
def test_filters_and_pages(books):
    assert sorted(titles(books, tags=("line",))) == ["Dust", "Ink"]
    assert titles(books, tags=("line", "photo")) == ["Dust"]
    assert titles(books, free=True) == ["Zoom"]
    assert titles(books, kind="model") == []
    assert titles(books, owner="tom") == []
    assert titles(books, order="price") == ["Zoom", "Ink", "Dust"]
    pages = [titles(books, order="price", skip=skip, most=2) for skip in (0, 2, 4)]
    assert pages == [["Zoom", "Ink"], ["Dust"], []]


def test_orders_by_how_a_listing_does(books, stalls):
    books.top_up("ann", 100, "1")
    for number in range(3):
        use(books, stalls["Zoom"], f"z{number}", seconds=4)
    use(books, stalls["Ink"], "i", seconds=2)
    assert books.do(search.count) == 4
    assert books.do(search.count) == 0
    assert titles(books, order="use")[:2] == ["Zoom", "Ink"]
    assert titles(books, order="speed")[:2] == ["Ink", "Zoom"]
    found = books.look(search.standing, stalls["Zoom"])
    assert (found.uses, found.seconds, found.stars) == (3, 4.0, None)


def test_reviews_are_of_those_who_ran_it(books, stalls):
    zoom = stalls["Zoom"]
    with pytest.raises(NoAccess):
        books.do(reviews.write, "ann", zoom, 5, "so I heard")
    use(books, zoom, "r1")
    use(books, zoom, "r2", "bob")
    use(books, zoom, "r3", "sam")
    with pytest.raises(NoAccess):
        books.do(reviews.write, "sam", zoom, 5, "mine")
    for stars in (0, 6):
        with pytest.raises(BadOption):
            books.do(reviews.write, "ann", zoom, stars, "")
    books.do(reviews.write, "ann", zoom, 1, "no")
    books.do(reviews.write, "ann", zoom, 4, "after all")
    books.do(reviews.write, "bob", zoom, 5, "")
    found = books.look(search.standing, zoom)
    assert (found.ratings, found.stars) == (2, 4.5)
    assert titles(books, order="rating")[0] == "Zoom"
    listed = books.do(reviews.listed, zoom, None, 10)
    assert sorted((one.account, one.stars) for one in listed) == [("ann", 4), ("bob", 5)]
    books.do(reviews.remove, "ann", zoom)
    with pytest.raises(NotFound):
        books.do(reviews.remove, "ann", zoom)
    assert books.look(search.standing, zoom).stars == 5.0


def test_a_report_that_is_upheld_stops_the_listing_until_an_appeal_is_granted(books, stalls):
    ink = stalls["Ink"]
    case = books.do(reports.report, ANN, ink, "copy", "it is mine").id
    with pytest.raises(AlreadyThere):
        books.do(reports.report, ANN, ink, "copy", "again")
    assert [one.id for one in books.do(reports.queue, None, 10)] == [case]
    with pytest.raises(WrongState):
        books.do(reports.appeal, SAM, case, "but")
    upheld = books.do(reports.decide, CONSOLE, case, take_down=True, why="it is")
    assert (upheld.state, books.look(listings.get, ink).state) == ("upheld", "suspended")
    assert "Ink" not in titles(books)
    with pytest.raises(NoAccess):
        use(books, ink, "r1")
    with pytest.raises(WrongState):
        books.do(listings.publish, SAM, ink, "public")
    with pytest.raises(WrongState):
        books.do(listings.remove, SAM, ink)  # to list the same anew
    with pytest.raises(NotFound):
        books.do(reports.appeal, ANN, case, "not my listing")
    books.do(reports.appeal, SAM, case, "here is my contract")
    assert [one.state for one in books.do(reports.queue, None, 10)] == ["appealed"]
    granted = books.do(reports.decide, CONSOLE, case, take_down=False, why="so it is")
    assert (granted.state, books.look(listings.get, ink).state) == ("restored", "listed")
    with pytest.raises(WrongState):
        books.do(reports.appeal, SAM, case, "more")
    with pytest.raises(WrongState):
        books.do(reports.decide, CONSOLE, case, take_down=True, why="no")
    assert books.do(reports.queue, None, 10) == []


@pytest.mark.parametrize("take_down", [True, False])
def test_a_report_of_what_was_removed_is_closed(books, stalls, take_down):
    case = books.do(reports.report, ANN, stalls["Ink"], "copy", "it is mine").id
    books.do(listings.remove, SAM, stalls["Ink"])
    closed = books.do(reports.decide, CONSOLE, case, take_down=take_down, why="gone")
    assert closed.state == ("upheld" if take_down else "dismissed")
    assert books.do(reports.queue, None, 10) == []


def test_an_appeal_that_is_not_granted_is_the_end(books, stalls):
    ink = stalls["Ink"]
    first = books.do(reports.report, ANN, ink, "fraud", "x").id
    books.do(reports.decide, CONSOLE, first, take_down=False, why="no")
    assert books.look(listings.get, ink).state == "listed"
    case = books.do(reports.report, ANN, ink, "fraud", "y").id
    books.do(reports.decide, CONSOLE, case, take_down=True, why="yes")
    books.do(reports.appeal, SAM, case, "no")
    kept = books.do(reports.decide, CONSOLE, case, take_down=True, why="still")
    assert (kept.state, books.look(listings.get, ink).state) == ("final", "suspended")
    with pytest.raises(WrongState):
        books.do(reports.appeal, SAM, case, "again")
