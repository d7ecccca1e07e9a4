"""API keys over HTTP. A secret is in the answer that makes it, and never again.

GET, POST /v1/keys      GET, PATCH, DELETE /v1/keys/{id}      POST /v1/keys/{id}/rotate
PUT /v1/keys/{id}/quota                                       NotFound NotAllowed BadOption
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field

from printroom.accounts import keys, quotas
from printroom.accounts.credentials import mint
from printroom.accounts.keys import Draft, origins_named, scopes_named
from printroom.api.access import Who
from printroom.api.accounts import schemas
from printroom.api.accounts.limits import Limits
from printroom.api.accounts.told import Before, Most, Taken, actor, page
from printroom.api.runs.documents import refusals
from printroom.api.service import Service

Origins = Annotated[list[str], Field(max_length=20, examples=[["https://app.example.com"]])]


class NewKey(Taken):
    """A key to be made."""

    name: Annotated[str, Field(min_length=1, max_length=80, examples=["web shop"])]
    scopes: Annotated[list[str], Field(min_length=1, examples=[["images", "runs:write"]])]
    origins: Origins = Field(default_factory=list)
    """Sites whose pages may use it from a browser."""
    expires_in: Annotated[int | None, Field(ge=60, le=316_224_000)] = None
    """Seconds; null = until it is revoked."""
    quota: Limits | None = None


class ChangedKey(Taken):
    """What may be changed of a key."""

    name: Annotated[str | None, Field(min_length=1, max_length=80)] = None
    origins: Origins | None = None


class Rotation(Taken):
    """How a key gets a new secret."""

    overlap: Annotated[int, Field(ge=0, le=7_776_000)] = 86_400
    """Seconds for which the old secret still works."""


def routes(service: Service) -> APIRouter:
    """The routes, over the book of `service`; plain functions, since they wait for the database."""
    door = service.door
    router = APIRouter(prefix="/v1/keys", tags=["keys"], responses=refusals(not_found=404))

    @router.get("", summary="Keys", operation_id="listKeys", response_model=schemas.Keys)
    def listed(who: Who, before: Before = None, most: Most = 100) -> dict[str, Any]:
        """Your account's keys, the newest first, without their secrets."""
        who.need("keys")
        found = door.accounts.look(keys.listed, who.account, before, most)
        return page([key.to_json() for key in found], most)

    @router.post(
        "",
        summary="Make a key",
        status_code=201,
        operation_id="createKey",
        response_model=schemas.KeyMade,
    )
    def create(wanted: NewKey, who: Who, request: Request) -> dict[str, Any]:
        """A new key with its `secret`, which is told this once. It may no more than you may."""
        who.need("keys")
        draft = Draft(
            wanted.name,
            scopes_named(wanted.scopes),
            origins_named(wanted.origins),
            wanted.expires_in,
        )
        secret, me = mint("live"), actor(who, request)
        quota = wanted.quota.quota() if wanted.quota else quotas.NONE
        key = door.accounts.do(keys.created, me, draft, secret, who.scopes)
        if quota != quotas.NONE:
            door.accounts.do(quotas.put, me, key.id, quota)
        door.forget()
        return key.to_json() | {"secret": secret}

    @router.get("/{key}", summary="A key", operation_id="getKey", response_model=schemas.KeyLimited)
    def get(key: str, who: Who) -> dict[str, Any]:
        """A key, without its secret, and its limits."""
        who.need("keys")
        found = door.accounts.look(keys.get, who.account, key)
        limits = door.accounts.look(quotas.fetched, [found.id])
        return found.to_json() | {"quota": vars(limits.get(found.id, quotas.NONE))}

    @router.patch(
        "/{key}", summary="Change a key", operation_id="changeKey", response_model=schemas.Key
    )
    def change(key: str, wanted: ChangedKey, who: Who, request: Request) -> dict[str, Any]:
        """Another name, or other origins. What a key may do never changes: make a new one."""
        who.need("keys")
        origins = None if wanted.origins is None else origins_named(wanted.origins)
        found = door.accounts.do(
            keys.changed, actor(who, request), key, title=wanted.name, origins=origins
        )
        door.forget()
        return found.to_json()

    @router.put(
        "/{key}/quota", summary="Limit a key", operation_id="limitKey", response_model=schemas.Quota
    )
    def limit(key: str, wanted: Limits, who: Who, request: Request) -> dict[str, Any]:
        """Limits of its own, within those of the account. Everything null takes them away."""
        who.need("keys")
        found = door.accounts.look(keys.get, who.account, key)
        door.accounts.do(quotas.put, actor(who, request), found.id, wanted.quota())
        door.forget()
        return vars(wanted.quota())

    @router.post(
        "/{key}/rotate",
        summary="Change a key's secret",
        status_code=201,
        operation_id="rotateKey",
        response_model=schemas.KeyMade,
    )
    def rotate(
        key: str, who: Who, request: Request, wanted: Rotation | None = None
    ) -> dict[str, Any]:
        """A new `secret`; the old one goes on for `overlap` seconds. Id, limits and usage stay."""
        who.need("keys")
        secret, overlap = mint("live"), (wanted or Rotation()).overlap
        found = door.accounts.do(keys.rotated, actor(who, request), key, secret, float(overlap))
        door.forget()
        return found.to_json() | {"secret": secret}

    @router.delete(
        "/{key}", summary="Revoke a key", operation_id="revokeKey", response_model=schemas.Key
    )
    def revoke(key: str, who: Who, request: Request) -> dict[str, Any]:
        """For good; it stops working at once here, and within five seconds everywhere."""
        who.need("keys")
        found = door.accounts.do(keys.revoked, actor(who, request), key)
        door.forget()
        return found.to_json()

    return router
