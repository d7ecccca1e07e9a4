"""Signing in through an identity provider: there and back again.

GET /v1/sessions/oidc            -> 302 to the provider, with state, nonce and PKCE challenge
GET /v1/sessions/oidc/callback   -> 302 to /, with a session      ProviderFailed NotAllowed

What must be known when they come back travels in a cookie that only we can make, for ten minutes.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse

from printroom.accounts import oidc, signing
from printroom.accounts.oidc import Identity, Provider
from printroom.api.accounts.sessions import secure, set_cookie
from printroom.api.accounts.turned_away import Refused
from printroom.api.proxied import ROOT, base_of
from printroom.api.runs.documents import refusals
from printroom.api.service import Service
from printroom.core.errors import NotAllowed, NotFound, ProviderFailed

_COOKIE = "printroom_login"
_PATH = "/v1/sessions/oidc"
_LIFETIME = 600
"""Seconds in which somebody must be back."""
_USE = "login"


def routes(service: Service) -> APIRouter:
    """The routes, over the book and the provider of `service`."""
    door, settings = service.door, service.workshop.settings
    router = APIRouter(
        tags=["sessions"], responses=refusals(not_allowed=403, not_found=404, provider_failed=502)
    )
    provider = Provider.of(settings)

    @router.get(
        _PATH,
        summary="Sign in elsewhere",
        status_code=302,
        operation_id="signInElsewhere",
        response_class=RedirectResponse,
    )
    def leave(request: Request) -> RedirectResponse:
        """Send the browser to the identity provider."""
        known = _there(provider)
        login = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
        back = _back(door.url, request)
        url = known.address(back, login["state"], login["nonce"], login["verifier"])
        answer = RedirectResponse(url, 302)
        expires = door.accounts.database.clock() + _LIFETIME
        text = door.accounts.do(signing.signed, _USE, login | {"x": expires})
        answer.set_cookie(
            _COOKIE, text, max_age=_LIFETIME, path=_place(request), httponly=True, samesite="lax",
            secure=secure(request),
        )  # fmt: skip
        return answer

    @router.get(
        f"{_PATH}/callback",
        summary="Back from there",
        status_code=302,
        operation_id="signInBack",
        response_class=RedirectResponse,
    )
    def come(
        request: Request,
        state: Annotated[str, Query(max_length=200)] = "",
        code: Annotated[str, Query(max_length=4096)] = "",
        error: Annotated[str, Query(max_length=200)] = "",
    ) -> RedirectResponse:
        """Begin the session of whoever the provider says it is."""
        known = _there(provider)
        try:
            login = _login(service, request.cookies.get(_COOKIE, ""), state)
            if error or not code:
                why = f"the provider let nobody in ({error or 'no code'})"
                raise ProviderFailed(why, "try again")
            back = _back(door.url, request)
            identity = known.redeem(code, login["verifier"], login["nonce"], back)
            return _begun(service, identity, request)
        except (ProviderFailed, NotAllowed) as refusal:
            address = request.client.host if request.client else ""
            door.turned_away.note(Refused.of("session.refused", refusal, address))
            raise

    return router


def _begun(service: Service, identity: Identity, request: Request) -> RedirectResponse:
    door = service.door
    user = door.accounts.do(oidc.user_of, identity)
    signed = door.accounts.begin(user, request.client.host if request.client else "")
    answer = RedirectResponse("/", 302)
    set_cookie(request, answer, signed)
    answer.delete_cookie(_COOKIE, path=_place(request))
    return answer


def _login(service: Service, text: str, state: str) -> dict[str, Any]:
    """What the cookie says of the login that `state` belongs to. Raises ProviderFailed."""
    accounts = service.door.accounts
    failed = ProviderFailed("this login was not begun here, or long ago", "sign in again")
    try:
        login = accounts.look(signing.opened, _USE, text)
    except Exception as error:
        raise failed from error
    if login["x"] < accounts.database.clock():
        raise failed
    if not hmac.compare_digest(str(login["state"]).encode(), state.encode()):
        raise failed
    return login


def _back(own: str | None, request: Request) -> str:
    """Where the provider sends people: this server, as they know it."""
    return f"{base_of(request.scope, own)}{_PATH}/callback"


def _place(request: Request) -> str:
    """Where browsers send the cookie that remembers a login."""
    return f"{request.scope[ROOT]}{_PATH}"


def _there(provider: Provider | None) -> Provider:
    if provider is None:
        raise NotFound("no identity provider is set", "set PRINTROOM_OIDC_ISSUER")
    return provider
