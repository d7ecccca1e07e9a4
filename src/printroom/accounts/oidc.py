"""OpenID Connect: who somebody is, from a provider that the operator trusts.

    Settings -> Provider         BadOption
    Provider.address -> where to send a browser      Provider.redeem -> Identity   ProviderFailed
    Identity -> user_of -> a user                    NotAllowed

Authorization code flow with PKCE (RFC 7636), state and nonce. The ID token's signature is checked
against the provider's keys, and its issuer, audience, times and nonce against what was asked.
People are let in by an address that the provider has verified and that a member has; from then on
by their `sub`, so a change of address at the provider gives nobody another's account.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from sqlalchemy import Connection, insert, select

from printroom.accounts.audit import Actor, note
from printroom.accounts.emails import normalised
from printroom.accounts.model import IDENTITIES, MEMBERSHIPS, USERS
from printroom.core.errors import BadOption, NotAllowed, ProviderFailed
from printroom.core.settings import Settings

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

ALGORITHMS = ("RS256", "ES256", "PS256", "EdDSA")
"""Signatures that are taken; never none, nor one with a shared secret."""
_KEPT = 3600.0
"""Seconds for which the provider's description and keys are kept."""
_PATIENCE = 10.0
_LONGEST = 2**20
"""Bytes of an answer."""
_LEEWAY = 60
"""Seconds by which clocks may differ."""


@dataclass(frozen=True)
class Identity:
    """Who somebody is."""

    issuer: str
    subject: str
    email: str | None
    """Which the provider has verified."""


class Provider:
    """One provider; safe for many threads."""

    def __init__(self, issuer: str, client: str, secret: str | None) -> None:
        """Raises BadOption for an address that is not https, unless it is on this machine."""
        parts = urlsplit(issuer)
        home = parts.hostname in ("127.0.0.1", "::1", "localhost")
        if parts.scheme != "https" and not (parts.scheme == "http" and home):
            raise BadOption("PRINTROOM_OIDC_ISSUER is no https address", "write it with https://")
        self.issuer, self.client, self._secret = issuer, client, secret
        self._lock = threading.Lock()
        self._described: tuple[float, dict[str, Any]] = (float("-inf"), {})
        self._keys: tuple[float, KeySet | None] = (float("-inf"), None)

    @classmethod
    def of(cls, settings: Settings) -> Provider | None:
        """The provider of an installation; None = it has none. Raises BadOption."""
        if settings.oidc_issuer is None:
            return None
        if settings.oidc_client is None:
            raise BadOption("PRINTROOM_OIDC_ISSUER is set alone", "set PRINTROOM_OIDC_CLIENT")
        return cls(settings.oidc_issuer.rstrip("/"), settings.oidc_client, settings.oidc_secret)

    def address(self, back: str, state: str, nonce: str, verifier: str) -> str:
        """Where to send a browser; it comes to `back`. Raises ProviderFailed."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        query = {
            "response_type": "code",
            "client_id": self.client,
            "redirect_uri": back,
            "scope": "openid email",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        place = self._description()["authorization_endpoint"]
        return f"{place}{'&' if '?' in place else '?'}{urlencode(query)}"

    def redeem(self, code: str, verifier: str, nonce: str, back: str) -> Identity:
        """Who came back with `code`. Raises ProviderFailed."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "client_id": self.client,
            "code_verifier": verifier,
        }
        if self._secret is not None:
            form["client_secret"] = self._secret
        answer = self._asked(self._description()["token_endpoint"], form)
        claims = self._claims(str(answer.get("id_token", "")), nonce)
        good = claims.get("email_verified") is True and isinstance(claims.get("email"), str)
        return Identity(self.issuer, str(claims["sub"]), claims["email"] if good else None)

    def _claims(self, text: str, nonce: str) -> dict[str, Any]:
        from joserfc import jwt
        from joserfc.errors import JoseError

        must = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self.client},
            "sub": {"essential": True},
            "exp": {"essential": True},
            "iat": {"essential": True},
            "nonce": {"essential": True, "value": nonce},
        }
        try:
            claims = self._verified(text)
            jwt.JWTClaimsRegistry(leeway=_LEEWAY, **must).validate(claims)  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise ProviderFailed(
                f"the provider's token does not hold: {error}", "try again"
            ) from error
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (several or "azp" in claims) and claims.get("azp") != self.client:
            raise ProviderFailed("the provider's token is for somebody else", "try again")
        return claims

    def _verified(self, text: str) -> dict[str, Any]:
        """Claims whose signature holds; keys are fetched again once, for one that is not known."""
        from joserfc import jwt
        from joserfc.errors import BadSignatureError, InvalidKeyIdError

        for again in (False, True):
            try:
                return dict(jwt.decode(text, self._keyset(again), list(ALGORITHMS)).claims)
            except (BadSignatureError, InvalidKeyIdError, ValueError):
                if again:
                    raise
        raise AssertionError("not reached")

    def _keyset(self, again: bool) -> KeySet:
        from joserfc.jwk import KeySet

        with self._lock:
            at, known = self._keys
        if known is None or again or time.monotonic() - at > _KEPT:
            known = KeySet.import_key_set(self._asked(self._description()["jwks_uri"]))  # type: ignore[arg-type]
            with self._lock:
                self._keys = time.monotonic(), known
        return known

    def _description(self) -> dict[str, Any]:
        with self._lock:
            at, known = self._described
        if time.monotonic() - at < _KEPT:
            return known
        found = self._asked(f"{self.issuer}/.well-known/openid-configuration")
        needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if found.get("issuer") != self.issuer or not all(
            isinstance(found.get(n), str) for n in needed
        ):
            raise ProviderFailed(
                f"{self.issuer} describes another provider", "see PRINTROOM_OIDC_ISSUER"
            )
        with self._lock:
            self._described = time.monotonic(), found
        return found

    def _asked(self, url: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        import httpx

        method = "GET" if form is None else "POST"
        try:
            with (
                httpx.Client(timeout=_PATIENCE, follow_redirects=False) as client,
                client.stream(method, url, data=form) as answer,
            ):
                data = b""
                for piece in answer.iter_bytes():
                    data += piece
                    if len(data) > _LONGEST:
                        raise ValueError("the answer is too long")
                answer.raise_for_status()
            found = json.loads(data)
        except (httpx.HTTPError, ValueError, RecursionError) as error:
            raise ProviderFailed(f"{self.issuer} does not answer: {error}", "try later") from error
        if not isinstance(found, dict):
            raise ProviderFailed(f"{self.issuer} gives no object", "see PRINTROOM_OIDC_ISSUER")
        return found


def user_of(connection: Connection, now: float, identity: Identity) -> str:
    """The user that `identity` is; the first time, by their address. Raises NotAllowed."""
    mine = (IDENTITIES.c.issuer == identity.issuer) & (IDENTITIES.c.subject == identity.subject)
    user = connection.execute(select(IDENTITIES.c.user).where(mine)).scalar()
    if user is not None:
        return str(user)
    if identity.email is None:
        raise NotAllowed("the provider has not verified your e-mail address", "verify it there")
    try:
        email = normalised(identity.email)
    except BadOption as error:
        raise NotAllowed(error.reason, "change it at the provider") from error
    query = select(USERS.c.id, MEMBERSHIPS.c.account).join(MEMBERSHIPS)
    row = connection.execute(query.where(USERS.c.email == email)).first()
    if row is None:
        raise NotAllowed(f"nobody let {email} in yet", "ask an owner to make you a member")
    values = {"issuer": identity.issuer, "subject": identity.subject, "user": row.id}
    connection.execute(insert(IDENTITIES).values(values))
    note(connection, now, Actor(row.account, row.id), "identity.bound", row.id, email=email)
    return str(row.id)
