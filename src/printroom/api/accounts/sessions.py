"""Signing in at the studio, and short-lived tokens, over HTTP.

GET, POST /v1/sessions                          ways to sign in; e-mail and password -> a cookie
GET, PATCH, DELETE /v1/sessions/current         who am I; another account; sign out
POST /v1/tokens                                 WrongPassword RateLimited NotAllowed BadOption
"""

from __future__ import annotations

import math
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from printroom.accounts import people, sessions, tokens
from printroom.accounts.book import SignedIn
from printroom.accounts.credentials import digest
from printroom.accounts.keys import scopes_named
from printroom.accounts.tokens import Wish
from printroom.api.access import Who, visit
from printroom.api.accounts import schemas
from printroom.api.accounts.door import Door, Visit
from printroom.api.accounts.people import Email
from printroom.api.accounts.sent import COOKIE, Sent, place_of
from printroom.api.accounts.told import Taken
from printroom.api.accounts.turned_away import Refused
from printroom.api.proxied import ROOT
from printroom.api.runs.documents import refusals
from printroom.api.service import Service
from printroom.core.errors import AccessError, NotAllowed, OtherSite, RateLimited

TRIES = {"pair": (1 / 60, 10), "address": (1 / 10, 60), "email": (1 / 20, 50)}
"""Tries a second and at once: of an address for an e-mail, of an address, for an e-mail."""
At = Annotated[Visit, Depends(visit)]


class SignIn(Taken):
    """Who somebody says they are."""

    email: Email
    password: Annotated[str, Field(min_length=1, max_length=1024)]
    account: Annotated[str | None, Field(max_length=64)] = None
    """The account to work in; null = the first they are in."""


class Move(Taken):
    """Another account."""

    account: Annotated[str, Field(max_length=64)]


class NewToken(Taken):
    """A token to be made."""

    end_user: Annotated[str, Field(min_length=1, max_length=200, examples=["customer-7"])]
    target: Annotated[str, Field(min_length=1, max_length=200, examples=["enhance"])]
    """The one pipeline, or `enhance`, that it may run."""
    scopes: Annotated[list[str], Field(min_length=1)] = Field(default_factory=lambda: ["images"])
    prefix: Annotated[str, Field(max_length=200)] = ""
    """Where the names of files that it uploads begin."""
    minutes: Annotated[int, Field(ge=1, le=tokens.LONGEST)] = 15


def routes(service: Service) -> APIRouter:
    """The routes, over the book of `service`."""
    router = APIRouter(tags=["sessions"])
    _beginning(router, service)
    _current(router, service)
    _tokens(router, service)
    return router


def _beginning(router: APIRouter, service: Service) -> None:
    door, settings = service.door, service.workshop.settings

    @router.get(
        "/v1/sessions",
        summary="Ways to sign in",
        operation_id="listWaysToSignIn",
        response_model=schemas.Ways,
    )
    def ways() -> dict[str, Any]:
        """Whether anybody has to, and how they may."""
        login = settings.http_login or door.accounts.look(people.peopled)
        return {"needed": login, "password": True, "oidc": settings.oidc_issuer is not None}

    @router.post(
        "/v1/sessions",
        summary="Sign in",
        status_code=201,
        operation_id="signIn",
        response_model=schemas.SessionBegun,
        responses=refusals(wrong_password=401, cross_site=403, rate_limited=429),
    )
    async def begin(wanted: SignIn, request: Request, response: Response) -> dict[str, Any]:
        """A session: its cookie, and the `csrf` that goes in `X-CSRF-Token` to change anything.

        Whether nobody has the address or the password is wrong is not told. Tries are limited for
        each address, for each e-mail, and for both together.
        """
        own_page(door, request)
        address = request.client.host if request.client else ""
        try:
            _try(door, address, wanted.email)
            signed = await run_in_threadpool(
                door.accounts.sign_in, wanted.email, wanted.password, address, wanted.account
            )
        except (AccessError, NotAllowed) as error:
            door.turned_away.note(Refused.of("session.refused", error, address))
            raise
        set_cookie(request, response, signed)
        return {"user": signed.user, "account": signed.account, "csrf": signed.csrf}


def _current(router: APIRouter, service: Service) -> None:
    door = service.door

    @router.get(
        "/v1/sessions/current",
        summary="Who am I?",
        operation_id="getSession",
        response_model=schemas.Current,
    )
    def current(who: Who, at: At) -> dict[str, Any]:
        """Who sent this, in which account, and what they may do."""
        account = door.accounts.look(people.account, who.account)
        user = None
        if who.user is not None and who.key is None:
            user = {
                "id": who.user,
                "email": door.accounts.look(sessions.email_of, who.user),
                "accounts": door.accounts.look(sessions.accounts_of, who.user),
            }
        return {
            "user": user,
            "key": who.key,
            "account": vars(account),
            "scopes": sorted(who.scopes),
            "csrf": None if at.secret is None else sessions.csrf(at.secret),
        }

    @router.patch(
        "/v1/sessions/current",
        summary="Work in another account",
        operation_id="moveSession",
        response_model=schemas.Moved,
    )
    def move(wanted: Move, who: Who, at: At) -> dict[str, Any]:
        """One that you are a member of; the cookie stays the same."""
        if at.secret is None or who.user is None:
            raise NotAllowed("a key belongs to one account", "sign in")
        moved = door.accounts.do(sessions.moved, who.user, at.secret, wanted.account, at.address)
        door.forget()
        return {"account": moved}

    @router.delete(
        "/v1/sessions/current", summary="Sign out", status_code=204, operation_id="signOut"
    )
    def end(at: At, request: Request, response: Response) -> None:
        """End this session."""
        if at.secret is not None:
            door.accounts.do(sessions.ended, at.secret, at.address)
            door.forget()
        response.delete_cookie(COOKIE, path=home(request))


def _tokens(router: APIRouter, service: Service) -> None:
    door = service.door

    @router.post(
        "/v1/tokens",
        summary="Make a token",
        status_code=201,
        operation_id="createToken",
        response_model=schemas.Token,
    )
    def mint(wanted: NewToken, who: Who) -> dict[str, Any]:
        """For an app of one customer of yours: it may run one pipeline for some minutes.

        It may no more than you may, and ends with the key that made it. Nothing is kept of it.
        """
        wish = Wish(
            wanted.end_user,
            wanted.target,
            wanted.prefix,
            scopes_named(wanted.scopes),
            wanted.minutes,
        )
        token, expires = door.accounts.do(tokens.minted, who, wish)
        return {"token": token, "expires_at": expires}


def own_page(door: Door, request: Request) -> None:
    """Refuse a page of another site, which could sign somebody in as somebody else."""
    if Sent.read(request.scope["headers"]).stranger(door.own) is not None:
        raise OtherSite("pages of other sites sign nobody in", "sign in here")


def set_cookie(request: Request, response: Response, signed: SignedIn) -> None:
    """Give a browser its session, for this server alone."""
    response.set_cookie(
        COOKIE,
        signed.secret,
        max_age=int(sessions.LIFETIME),
        path=home(request),
        httponly=True,
        samesite="lax",
        secure=secure(request),
    )


def home(request: Request) -> str:
    """The path of the server as browsers see it."""
    return f"{request.scope[ROOT]}/"


def secure(request: Request) -> bool:
    """Whether browsers come over https."""
    return bool(request.scope["scheme"] == "https")


def _try(door: Door, address: str, email: str) -> None:
    """Count a try to sign in. Raises RateLimited."""
    name = digest(email.strip().lower())[:32]
    place = place_of(address)
    subjects = {"pair": f"{place} {name}", "address": place, "email": name}
    for kind, subject in subjects.items():
        rate, burst = TRIES[kind]
        arrival = door.counters.arrive(f"signin {kind} {subject}", rate, burst)
        if not arrival.admitted:
            seconds = max(1, math.ceil(arrival.wait))
            raise RateLimited(
                "too many tries to sign in", f"try again in {seconds} s", retry_after=seconds
            )
