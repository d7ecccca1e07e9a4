"""What the routes about accounts answer, for the OpenAPI document; each answer is held to it.

Times are seconds of the epoch, units are those of the server's prices.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from printroom.accounts.roles import Role

KeyId = Annotated[str, Field(examples=["key_01936f5c2a1b04f7"])]
AccountId = Annotated[str, Field(examples=["acc_01936f5c2a1b04f7"])]
Time = Annotated[float, Field(examples=[1_764_151_200.0])]
Email = Annotated[str, Field(examples=["ann@example.com"])]
Scopes = Annotated[list[str], Field(examples=[["images", "runs:write"]])]
Sites = Annotated[list[str], Field(examples=[["https://app.example.com"]])]


class Quota(BaseModel):
    """Limits; null = none of that kind."""

    rate: float | None = Field(examples=[10], description="Requests a second in the long run.")
    burst: int = Field(examples=[20], description="Requests at once after a quiet time.")
    running: int | None = Field(examples=[4], description="Requests, or runs, in progress at once.")
    daily: float | None = Field(examples=[500], description="Units a day (UTC).")
    monthly: float | None = Field(examples=[10_000], description="Units a calendar month (UTC).")


class QuotaSpent(Quota):
    """The same, with the units that were spent."""

    spent_today: float = Field(examples=[12.5])
    spent_this_month: float = Field(examples=[230.0])


class Key(BaseModel):
    """A key, without its secret."""

    id: KeyId
    account: AccountId
    user: str | None = Field(description="Who made it; null = nobody who signed in.")
    name: str = Field(examples=["web shop"])
    scopes: Scopes
    origins: Sites
    created_at: Time
    expires_at: float | None = Field(description="null = when it is revoked.")
    revoked_at: float | None
    last_used_at: float | None = Field(description="To within ten minutes.")
    hint: str = Field(examples=["pr_live_AbCd…wXyZ"])


class KeyMade(Key):
    """The same, with its secret, which is shown this once."""

    secret: str


class KeyLimited(Key):
    """The same, with its limits."""

    quota: Quota


class Keys(BaseModel):
    """A page of keys, the newest first."""

    data: list[Key]
    next: str | None = Field(description="`before` of the next page; null = this is the last.")


class Account(BaseModel):
    """An account."""

    id: AccountId
    name: str = Field(examples=["Acme"])
    created_at: Time
    handle: str = Field(examples=["acme"], description="The owner in names of what it publishes.")


class Accounts(BaseModel):
    """All of an installation, the oldest first."""

    data: list[Account]


class Member(BaseModel):
    """Somebody in an account."""

    user: str
    email: Email
    role: Role
    since: Time


class Members(BaseModel):
    """All of an account, the longest there first."""

    data: list[Member]


class Entry(BaseModel):
    """Something that was done."""

    id: str = Field(examples=["aud_01936f5c2a1b04f7"])
    at: Time
    account: AccountId
    user: str | None
    key: str | None
    address: str = Field(description="Where it came from; empty = the command line.")
    action: str = Field(examples=["key.created"])
    subject: str = Field(examples=["key_01936f5c2a1b04f7"])
    details: dict[str, Any]


class Entries(BaseModel):
    """A page of the audit log, the newest first."""

    data: list[Entry]
    next: str | None


class Ways(BaseModel):
    """How people sign in."""

    needed: bool = Field(description="Whether anybody has to.")
    password: bool
    oidc: bool = Field(description="Whether an identity provider is set.")


class SessionBegun(BaseModel):
    """A session; its secret is in the cookie."""

    user: str
    account: AccountId
    csrf: str = Field(description="Goes in `X-CSRF-Token` with whatever changes something.")


class Person(BaseModel):
    """Somebody who is signed in."""

    id: str
    email: Email
    accounts: list[AccountId]


class Current(BaseModel):
    """Who sent a request."""

    user: Person | None = Field(description="null = a key, or nobody has to sign in.")
    key: str | None
    account: Account
    scopes: Scopes
    csrf: str | None = Field(description="null = no session.")


class Moved(BaseModel):
    """The account that a session is in now."""

    account: AccountId


class Token(BaseModel):
    """A token, which is kept nowhere."""

    token: str
    expires_at: Time


class Used(BaseModel):
    """Sums of what succeeded; what was not asked to be kept apart is left out."""

    day: str | None = None
    key: str | None = None
    target: str | None = Field(None, examples=["enhance"])
    end_user: str | None = Field(None, examples=["customer-7"])
    runs: int
    pictures: int
    megapixels: float
    seconds: float
    units: float


class Usage(BaseModel):
    """What was used from one day to another, both included."""

    first: str = Field(alias="from", examples=["2026-11-01"])
    to: str = Field(examples=["2026-11-30"])
    data: list[Used]


class Public(BaseModel):
    """A pipeline that anybody may run."""

    name: str = Field(examples=["enhance"])
    account: AccountId = Field(description="Who pays.")
    origins: Sites
    created_at: Time


class PublicLimited(Public, Quota):
    """The same, with its limits."""


class Publics(BaseModel):
    """All of an account."""

    data: list[Public]
