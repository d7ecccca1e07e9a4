"""Stores over HTTP: the same book that `printroom stores` writes in, one for each account.

GET    /v1/storages                  -> all, without secrets
PUT    /v1/storages/{name}           {address, secrets} -> kept       BadOption NotAllowed
GET    /v1/storages/{name}           -> one                           NotFound
DELETE /v1/storages/{name}           -> forgotten                     NotFound BadOption
POST   /v1/storages/{name}/test      -> what it can do                NotFound Overloaded

Secrets go in, and never come out. A test writes to the store and removes what it wrote.
"""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from printroom.api.access import Who
from printroom.api.runs.documents import refusals
from printroom.core.errors import Overloaded
from printroom.storage.book import Listed
from printroom.storage.checking import check
from printroom.workshop import Workshop

PATH = "/v1/storages"
_TESTS = 4
"""Stores that are tested at once."""
_NO_SUCH = refusals(not_found=404)


class Wanted(BaseModel):
    """A store to be kept."""

    model_config = ConfigDict(extra="forbid")

    address: Annotated[
        str, Field(max_length=2000, examples=["s3://bucket/prefix?endpoint=https://minio.example"])
    ]
    """As `s3://bucket/prefix?endpoint=https://host`."""
    secrets: Annotated[dict[str, SecretStr], Field(max_length=10)] = {}
    """What opens it, by name: `access_key_id`. All of it: none is kept from before."""


class Storage(BaseModel):
    """What may be told of a store."""

    name: str
    address: str
    secrets: list[str]
    """Names of those that are set."""
    fixed: bool
    """Whether it comes from the server's environment, and cannot be changed here."""


class Storages(BaseModel):
    """All of an account."""

    storages: list[Storage]


class Found(BaseModel):
    """One thing that was tried."""

    what: str
    good: bool
    needed: bool
    """Whether a store is of no use without it."""
    told: str
    """Why not, or what follows; may be empty."""


class Tested(BaseModel):
    """What a store can do."""

    usable: bool
    findings: list[Found]


def routes(workshop: Workshop) -> APIRouter:
    """The routes, over the books of `workshop`, in threads: they use disk and network."""
    router = APIRouter(tags=["storages"])
    testing = BoundedSemaphore(_TESTS)

    @router.get(PATH, summary="Stores", operation_id="listStorages")
    def listed(who: Who) -> Storages:
        """The account's stores, by name."""
        who.need("files:read")
        return Storages(storages=[_shown(one) for one in workshop.stores(who.account).listed()])

    @router.put(PATH + "/{name}", summary="Keep a store", operation_id="keepStorage")
    def keep(name: str, wanted: Wanted, who: Who) -> Storage:
        """Keep it, in place of one of that name. Nothing is asked of the service yet."""
        who.need("files:write")
        secrets = {key: value.get_secret_value() for key, value in wanted.secrets.items()}
        return _shown(workshop.stores(who.account).add(name, wanted.address, secrets))

    @router.get(PATH + "/{name}", summary="A store", operation_id="getStorage", responses=_NO_SUCH)
    def one(name: str, who: Who) -> Storage:
        """What may be told of it."""
        who.need("files:read")
        return _shown(workshop.stores(who.account).find(name))

    @router.delete(
        PATH + "/{name}",
        summary="Forget a store",
        operation_id="forgetStorage",
        status_code=204,
        responses=_NO_SUCH,
    )
    def forget(name: str, who: Who) -> None:
        """Forget it and its secrets; nothing in it is touched."""
        who.need("files:write")
        workshop.stores(who.account).remove(name)

    @router.post(
        PATH + "/{name}/test",
        summary="Test a store",
        operation_id="testStorage",
        responses=refusals(not_found=404, store_refused=502, store_unavailable=503),
    )
    def test(name: str, who: Who) -> Tested:
        """Write, read, list and delete there, and see what it can do. It may take a minute."""
        who.need("files:write")
        store = workshop.stores(who.account).open(name)
        if not testing.acquire(blocking=False):
            raise Overloaded("enough stores are being tested", "come back soon", retry_after=10)
        try:
            findings = list(check(store))
        finally:
            testing.release()
        return Tested(
            usable=all(one.good or not one.needed for one in findings),
            findings=[Found(**vars(one)) for one in findings],
        )

    return router


def _shown(listed: Listed) -> Storage:
    return Storage(
        name=listed.name,
        address=listed.address,
        secrets=list(listed.secrets),
        fixed=listed.fixed,
    )
