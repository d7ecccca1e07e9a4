"""The door of one server process: who sent a request, may they, and are they within their limits.

    ASGI scope -> enter -> Visit, to be left          AccessError NotAllowed NotFound Overloaded
    Visit, what was made -> record, before it is sent         DiskFull Unwritable

What was looked up is kept for FRESH seconds, so that a request costs microseconds: a key that was
revoked works that much longer in other processes. While the database is away, whoever is known goes
on for STALE seconds. Lookups have threads of their own, few, and a line of bounded length.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from printroom.accounts import lookup, sessions
from printroom.accounts.book import Accounts
from printroom.accounts.counters import Counters
from printroom.accounts.keeping import Keeper
from printroom.accounts.lookup import Found, Held
from printroom.accounts.metering import Spent, Use
from printroom.accounts.prices import Amounts, Prices
from printroom.accounts.principal import LOCAL, Principal, Scope
from printroom.accounts.quotas import Quota
from printroom.api.accounts import bounds
from printroom.api.accounts.bounds import Places
from printroom.api.accounts.sent import SAFE, Sent, origin_of, place_of
from printroom.api.accounts.turned_away import Refused, TurnedAway
from printroom.core.errors import (
    AccessError,
    DatabaseUnavailable,
    ExpiredCredentials,
    MalformedCredentials,
    NoCredentials,
    NotAllowed,
    OtherSite,
    Overloaded,
    PrintroomError,
    UnknownCredentials,
)
from printroom.database.engine import Database
from printroom.workshop import Workshop

FRESH, STALE = 5.0, 30.0
_KNOWN = 10_000
"""Credentials whose owners are remembered."""
_LINE = 200
"""Lookups that wait, at most."""
_SHARE = 0.25
"""Of the rate of a public pipeline that one address may have."""
log = logging.getLogger("printroom.api")


@dataclass(slots=True)
class Visit:
    """A request that was let in; `Door.leave` it whatever happens."""

    principal: Principal
    places: Places = field(default_factory=Places)
    secret: str | None = None
    """Of the session it came with."""
    address: str = ""
    """Where the client is."""


@dataclass(slots=True)
class _Known:
    found: Found
    at: float
    """When it was looked up last, or tried to be."""
    proved: float
    """When the database said so."""
    marks: dict[str, int]
    """What this process had added for each subject by then."""


@dataclass(slots=True)
class _Refused:
    why: AccessError
    at: float


class Door:
    """For the event loop, but for `open` and `close`."""

    def __init__(self, workshop: Workshop, loop: asyncio.AbstractEventLoop) -> None:
        """Raises Unwritable."""
        settings = workshop.settings
        self.url = (settings.url or "").rstrip("/") or None
        """The address at which people reach this server, if somebody said so."""
        self.own = origin_of(self.url)
        """The site that this is, likewise."""
        self.prices = Prices.parse(settings.prices)
        self.counters = Counters(settings.data / "limits")
        self._workshop, self._loop = workshop, loop
        self._login = settings.http_login
        self._known: dict[bytes, _Known | _Refused] = {}
        self._asking: dict[bytes, asyncio.Future[_Known | _Refused]] = {}
        self._origins: tuple[float, frozenset[str]] = (float("-inf"), frozenset())
        self._changes = 0
        self._added: dict[str, int] = {}
        self._pool = ThreadPoolExecutor(2, "printroom-door")
        self._opened = False
        self.turned_away = TurnedAway(lambda: self.accounts, loop)
        """What becomes of those who are not let in."""
        self._keeper = Keeper(settings.data / "usage", self._database)

    @property
    def accounts(self) -> Accounts:
        """The book; opened by the first who asks, which may take a while."""
        return self._workshop.accounts

    def open(self) -> None:
        """Open the book. Raises what `Workshop.accounts` does."""
        self.accounts  # noqa: B018
        self._opened = True

    def close(self) -> None:
        """Keep what was used, and let go of threads and files."""
        self._keeper.close()
        self.turned_away.close()
        self._pool.shutdown(cancel_futures=True)
        self.counters.close()

    async def enter(
        self,
        scope: dict[str, Any],
        need: Scope | None = None,
        *,
        target: str | None = None,
        work: bool = False,
    ) -> Visit:
        """Let a request in, or raise why not.

        `target`: the pipeline, or `enhance`, that it runs; somebody limited may run that alone.
        `work`: whether it takes units.
        """
        address = (scope.get("client") or ("",))[0]
        try:
            sent, known = await self._who(scope, target)
        except AccessError as error:
            if not isinstance(error, NoCredentials | OtherSite):
                self.turned_away.note(Refused.of("key.refused", error, address))
            raise
        found, principal = known.found, known.found.principal
        self._check_origin(scope["method"], sent, found)
        if need is not None:
            principal.need(need)
        if target is not None:
            principal.need_target(target)
        if found.anonymous:
            self._check_address(found, address)
        places = bounds.admit(
            self.counters,
            found.subjects,
            lambda subject: self._added.get(subject, 0) - known.marks.get(subject, 0),
            time.time(),
            work=work,
        )
        return Visit(principal, places, sent.text if found.session else None, address)

    def leave(self, visit: Visit) -> None:
        """The request is over."""
        bounds.leave(self.counters, visit.places)

    def record(self, visit: Visit, target: str, amounts: Amounts) -> None:
        """Keep what a request used; it may be answered when this returns.

        Raises DiskFull, Unwritable.
        """
        who, cost = visit.principal, self.prices.cost(target, amounts)
        self._keeper.keep(
            Use(
                who.account, who.key or "", target, who.end_user, time.time(),
                amounts.pictures, amounts.pixels, amounts.milliseconds, cost,
            )
        )  # fmt: skip
        for subject in (who.account, who.key):
            if subject is not None:
                self._added[subject] = self._added.get(subject, 0) + cost

    def forget(self) -> None:
        """Look everybody up again, also who is being looked up: something was changed here."""
        self._changes += 1
        self._asking.clear()
        self._known.clear()
        self._origins = (float("-inf"), frozenset())

    async def known_origin(self, origin: str) -> bool:
        """Whether pages of that site may use some key, or public pipeline."""
        at, known = self._origins
        if time.monotonic() - at > FRESH:
            known = await self._threaded(lambda: self.accounts.look(lookup.all_origins))
            self._origins = time.monotonic(), known
        return origin in known

    async def _who(self, scope: dict[str, Any], target: str | None) -> tuple[Sent, _Known]:
        sent = Sent.read(scope["headers"])
        try:
            known = await self._found(sent.text, target)
        except (MalformedCredentials, UnknownCredentials, ExpiredCredentials) as error:
            if not (sent.cookie or isinstance(error, MalformedCredentials)):
                raise
            try:
                known = await self._found(None, target)
            except AccessError:
                raise error from None
            if known.found.principal is not LOCAL:
                raise
            # Clients insist on having some key, and browsers send the cookies of other servers of
            # this machine: where nobody has to sign in, neither matters.
            sent.text, sent.cookie = None, False
        if known.found.principal is LOCAL:
            sent.check_at_home()
        return sent, known

    async def _found(self, text: str | None, target: str | None) -> _Known:
        sign = f"+{text}" if text is not None else f"-{target or ''}"
        name = hashlib.sha256(sign.encode("utf-8", "surrogatepass")).digest()
        known = self._known.get(name)
        if known is None or time.monotonic() - known.at > FRESH:
            known = await self._asked(name, text, target, known)
        if isinstance(known, _Refused):
            again = type(known.why)(known.why.reason, known.why.remedy)
            again.account, again.subject = known.why.account, known.why.subject
            raise again
        ends = known.found.expires_at
        if ends is not None and ends <= time.time():
            error = ExpiredCredentials("its time is over", "take a new one, or sign in again")
            who = known.found.principal
            error.account, error.subject = who.account, who.key or who.user or ""
            raise error
        return known

    async def _asked(
        self, name: bytes, text: str | None, target: str | None, old: _Known | _Refused | None
    ) -> _Known | _Refused:
        """Look it up, once for all who want to know."""
        if (asking := self._asking.get(name)) is not None:
            return await asyncio.shield(asking)
        if len(self._asking) >= _LINE:
            raise Overloaded("too many keys are being looked up", "try again", retry_after=1)
        changes = self._changes
        future = self._asking[name] = asyncio.ensure_future(self._fresh(text, target, old))
        try:
            known = await asyncio.shield(future)
        finally:
            if future.done():
                self._asking.pop(name, None)
            else:
                future.add_done_callback(lambda _: self._asking.pop(name, None))
        if len(self._known) >= _KNOWN:
            self._known.clear()
        if self._changes == changes:
            self._known[name] = known
        if isinstance(known, _Known) and known.found.touch is not None:
            self._pool.submit(self._touch, known.found.touch)
        return known

    async def _fresh(
        self, text: str | None, target: str | None, old: _Known | _Refused | None
    ) -> _Known | _Refused:
        marks, now = dict(self._added), time.monotonic()

        def look() -> Found:
            found = self.accounts.look(lookup.find, text, target=target, login=self._login)
            self._opened = True
            return found

        try:
            found = await self._threaded(look)
        except AccessError as refusal:
            return _Refused(refusal, now)
        except DatabaseUnavailable:
            if not isinstance(old, _Known) or now - old.proved > STALE:
                raise
            return replace(old, at=now)
        theirs = {one.id: marks.get(one.id, 0) for one in found.subjects}
        return _Known(found, now, now, theirs)

    async def _threaded(self, work: Callable[[], Any]) -> Any:
        return await self._loop.run_in_executor(self._pool, work)

    def _touch(self, key: str) -> None:
        try:
            self.accounts.do(lookup.touch, key)
        except PrintroomError as error:
            log.warning("the last use of %s is not noted: %s", key, error)

    def _check_origin(self, method: str, sent: Sent, found: Found) -> None:
        """Refuse what a page of another site sent, or may have. Raises OtherSite."""
        stranger = sent.stranger(self.own)
        if stranger is not None and stranger not in found.origins:
            raise OtherSite(
                f"pages of {stranger[:80]} may not use this",
                "name the site among the origins of the key",
            )
        if not sent.cookie or sent.text is None or method in SAFE:
            return
        if not hmac.compare_digest(sent.csrf.encode(), sessions.csrf(sent.text).encode()):
            raise OtherSite(
                "the session's X-CSRF-Token is missing or wrong",
                "GET /v1/sessions/current tells it",
            )

    def _check_address(self, found: Found, address: str) -> None:
        """One address gets but a part of what everybody may have."""
        for one in found.subjects:
            if one.quota.rate is not None and one.id == found.principal.key:
                burst = max(1, round(one.quota.burst * _SHARE))
                part = Quota(one.quota.rate * _SHARE, burst)
                counted = Held(f"{one.id}@{place_of(address)}", part, Spent())
                bounds.admit(self.counters, [counted], lambda _: 0, 0.0, work=False)

    def _database(self) -> Database | None:
        """Where uses are summed; None = nobody has opened it yet."""
        return self.accounts.database if self._opened else None


def limited_only(principal: Principal) -> None:
    """Raise NotAllowed for somebody who may touch only their own."""
    if principal.limited:
        raise NotAllowed("the token is not for this", "ask the server that made it")
