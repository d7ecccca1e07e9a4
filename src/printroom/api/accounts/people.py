"""Accounts, their members and their audit log, over HTTP.

GET, PATCH /v1/account        GET, POST /v1/members    PATCH, DELETE /v1/members/{user}
GET /v1/audit                 GET, POST /v1/accounts, for who owns the installation
                              NotFound NotAllowed AlreadyThere BadOption
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from printroom.accounts import audit, people
from printroom.accounts.handles import HANDLE
from printroom.accounts.passwords import hashed
from printroom.api.access import Who
from printroom.api.accounts import schemas
from printroom.api.accounts.told import Before, Most, Taken, actor, page
from printroom.api.runs.documents import refusals
from printroom.api.service import Service

Role = Literal["owner", "admin", "member", "viewer"]
Email = Annotated[str, Field(min_length=3, max_length=254, examples=["ann@example.com"])]
Password = Annotated[str | None, Field(min_length=10, max_length=1024)]


Named = Annotated[str, Field(min_length=1, max_length=80)]


class AccountChanges(Taken):
    """What is to be another; null = as it is."""

    name: Named | None = None
    handle: Annotated[
        str | None,
        Field(
            pattern=f"^{HANDLE.pattern}$",
            description="The owner in names of what you publish; stays once there is some.",
            examples=["acme"],
        ),
    ] = None


class NewAccount(Taken):
    """An account to be made, with its first owner."""

    name: Named
    email: Email
    password: Password = None
    """Null = they sign in through the identity provider."""


class NewMember(Taken):
    """Somebody to be let in."""

    email: Email
    role: Role = "member"
    password: Password = None
    """For who is new here; null = they sign in through the identity provider."""


class NewRole(Taken):
    """Another role."""

    role: Role


def routes(service: Service) -> APIRouter:
    """The routes, over the book of `service`."""
    router = APIRouter(tags=["account"])
    _account(router, service)
    _members(router, service)
    _installation(router, service)
    return router


def _account(router: APIRouter, service: Service) -> None:
    door = service.door

    @router.get(
        "/v1/account",
        summary="Your account",
        operation_id="getAccount",
        response_model=schemas.Account,
    )
    def mine(who: Who) -> dict[str, Any]:
        """The account whose key, or session, this is."""
        return vars(door.accounts.look(people.account, who.account))

    @router.patch(
        "/v1/account",
        summary="Rename your account",
        responses=refusals(already_exists=409),
        operation_id="changeAccount",
        response_model=schemas.Account,
    )
    def rename(wanted: AccountChanges, who: Who, request: Request) -> dict[str, Any]:
        """Its id stays; so does its handle, once something is published under it."""
        who.need("account")
        me = actor(who, request)
        if wanted.handle is not None:
            door.accounts.take_handle(me, wanted.handle)
        if wanted.name is not None:
            door.accounts.do(people.rename, me, wanted.name)
        return vars(door.accounts.look(people.account, who.account))

    @router.get(
        "/v1/audit", summary="Audit log", operation_id="listAudit", response_model=schemas.Entries
    )
    def log(who: Who, before: Before = None, most: Most = 100) -> dict[str, Any]:
        """Who did what in your account, the newest first. Nothing is ever taken out."""
        who.need("account")
        found = door.accounts.look(audit.listed, who.account, before, most)
        return page([vars(entry) for entry in found], most)


def _members(router: APIRouter, service: Service) -> None:
    door = service.door

    @router.get(
        "/v1/members", summary="Members", operation_id="listMembers", response_model=schemas.Members
    )
    def listed(who: Who) -> dict[str, Any]:
        """Who is in your account."""
        who.need("account")
        return {"data": [vars(one) for one in door.accounts.look(people.members, who.account)]}

    @router.post(
        "/v1/members",
        summary="Let somebody in",
        status_code=201,
        responses=refusals(already_exists=409),
        operation_id="addMember",
        response_model=schemas.Member,
    )
    def join(wanted: NewMember, who: Who, request: Request) -> dict[str, Any]:
        """By their e-mail address. Who is known here already keeps their password."""
        who.need("account")
        password = hashed(wanted.password) if wanted.password else None
        me = actor(who, request)
        joined = door.accounts.do(people.join, me, who.account, wanted.email, wanted.role, password)
        door.forget()
        return vars(joined)

    @router.patch(
        "/v1/members/{user}",
        summary="Change a role",
        responses=refusals(not_found=404),
        operation_id="changeMember",
        response_model=schemas.Member,
    )
    def change(user: str, wanted: NewRole, who: Who, request: Request) -> dict[str, Any]:
        """Only owners make owners; there is always one."""
        who.need("account")
        me = actor(who, request)
        changed = door.accounts.do(people.change_role, me, who.account, user, wanted.role)
        door.forget()
        return vars(changed)

    @router.delete(
        "/v1/members/{user}",
        summary="Take out",
        status_code=204,
        responses=refusals(not_found=404),
        operation_id="removeMember",
    )
    def leave(user: str, who: Who, request: Request) -> None:
        """Their sessions here end. Keys they made go on: revoke those as well."""
        who.need("account")
        door.accounts.do(people.leave, actor(who, request), who.account, user)
        door.forget()


def _installation(router: APIRouter, service: Service) -> None:
    door = service.door

    @router.get(
        "/v1/accounts",
        summary="All accounts",
        operation_id="listAccounts",
        response_model=schemas.Accounts,
    )
    def listed(who: Who) -> dict[str, Any]:
        """For who owns the installation."""
        who.need("admin")
        return {"data": [vars(one) for one in door.accounts.look(people.accounts)]}

    @router.post(
        "/v1/accounts",
        summary="Make an account",
        status_code=201,
        responses=refusals(already_exists=409),
        operation_id="createAccount",
        response_model=schemas.Account,
    )
    def create(wanted: NewAccount, who: Who, request: Request) -> dict[str, Any]:
        """With its first owner; for who owns the installation."""
        who.need("admin")
        password = hashed(wanted.password) if wanted.password else None
        me = actor(who, request)
        made = door.accounts.do(people.create_account_with, me, wanted.name, wanted.email, password)
        door.forget()
        return vars(made)
