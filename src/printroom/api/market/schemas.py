"""What the routes of the market answer, for the OpenAPI document; `bodies` has what they take.

Credits are whole numbers, times seconds of the epoch; accounts are named by their handles.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from printroom.api.market.bodies import Handle, ListingId
from printroom.marketplace.entitlements import State as Right
from printroom.marketplace.offering import Kind, Visibility
from printroom.marketplace.orders import Kind as Bought
from printroom.marketplace.payouts import State as PayoutState
from printroom.marketplace.reports import Reason
from printroom.marketplace.reports import State as Case
from printroom.marketplace.topups import State as TopupState

Time = Annotated[float, Field(examples=[1_764_151_200.0])]


class Offer(BaseModel):
    """The terms of a listing."""

    number: int
    price: dict[str, float | None]
    share: float
    version: int | None
    tries: int = Field(description="Free runs that each account has, before it pays.")
    made_at: Time


class Quality(BaseModel):
    """What was measured when it was examined."""

    metric: str = Field(examples=["psnr gained"])
    unit: str = Field(examples=["dB"])
    value: float


class Standing(BaseModel):
    """How a listing does."""

    uses: int = Field(description="Runs that went well.")
    seconds: float | None = Field(description="That one took, on average.")
    ratings: int
    stars: float | None = Field(description="1 to 5, on average.")
    quality: Quality | None = Field(description="Of a model whose task can be measured.")


class Badge(BaseModel):
    """Something that was measured or examined, never typed."""

    kind: Literal["verified", "score", "popular"]
    detail: dict[str, Any]


class Listing(BaseModel):
    """What is offered."""

    id: ListingId
    owner: Handle
    kind: Kind
    name: str
    target: str = Field(examples=["acme/ink"], description="As runs and pipelines name it.")
    state: Literal["draft", "listed", "suspended"]
    visibility: Visibility
    title: str
    text: str
    tags: list[str]
    examples: list[dict[str, Any]] = Field(
        description="Each with `title`, and URLs of pictures; of yours, with `files`, too."
    )
    offer: Offer | None
    standing: Standing
    badges: list[Badge]
    own: bool
    access: dict[str, Any] | None = Field(description="Your right to run it; null = none yet.")
    tries: int = Field(description="Free runs that are left to you.")
    copy_: bool = Field(alias="copy", description="Whether you may take a copy with you.")
    shared_with: list[Handle] | None = Field(
        description="Accounts that see it, where it is shared; null = it is not yours."
    )
    created_at: Time
    changed_at: Time


class Listings(BaseModel):
    """A page of listings."""

    data: list[Listing]
    next: str | None


class Order(BaseModel):
    """What was bought."""

    id: str
    listing: ListingId
    title: str = Field(description="Of the listing, as it is called now.")
    offer: int
    kind: str
    price: int
    discount: int
    coupon: str | None
    refunded: int
    at: Time


class Orders(BaseModel):
    """A page of orders, the newest first."""

    data: list[Order]
    next: str | None


class Sale(BaseModel):
    """A run, or a month, that somebody bought."""

    kind: Literal["run", "month", "download"]
    id: str
    at: Time
    credits: int
    refunded: int


class Sales(BaseModel):
    """A page of sales, the newest first."""

    data: list[Sale]
    next: str | None


class Subscription(BaseModel):
    """A right to run what is listed."""

    id: str
    listing: ListingId
    title: str = Field(description="Of the listing, as it is called now.")
    offer: int
    kind: Bought
    state: Right
    quota: int | None
    used: int
    since: Time
    until: float | None
    renews: bool
    order: str


class Subscriptions(BaseModel):
    """A page of subscriptions, the newest first."""

    data: list[Subscription]
    next: str | None


class Wallet(BaseModel):
    """What an account has, in credits."""

    balance: int
    held: int = Field(description="Of it, set aside for runs that are not over.")
    earned: int = Field(description="Sold, and not yet to be paid out.")
    payable: int = Field(description="May be paid out; below zero = owed, after refunds.")
    currency: str = Field(description="A credit is a hundredth of it.")
    fee: float = Field(description="Part of each sale that the installation keeps.")


class Move(BaseModel):
    """What one transaction did to a part of what an account has."""

    txn: str
    at: Time
    kind: str
    subject: str = Field(description="Id of the run, order, top-up or payout.")
    account: Literal["wallet", "earned", "payable"]
    amount: int


class Statement(BaseModel):
    """A month."""

    month: str
    opening: dict[str, int]
    closing: dict[str, int]
    moves: list[Move]


class Earned(BaseModel):
    """What one listing brought, in one way."""

    listing: ListingId
    title: str
    kind: Bought | Literal["run"]
    count: int = Field(description="Sales.")
    earned: int = Field(description="Your part of them, behind the fee.")
    refunded: int = Field(description="Went back in this month, of whatever month it was.")
    net: int


class EarnedInAll(BaseModel):
    """What all of them brought."""

    count: int
    earned: int
    refunded: int
    net: int


class Earnings(BaseModel):
    """What you sold in a month."""

    month: str
    data: list[Earned]
    total: EarnedInAll


class Topup(BaseModel):
    """Credits that are, or were, bought."""

    id: str
    credits: int
    provider: str
    state: TopupState
    url: str | None = Field(description="Where it is paid.")
    returned: int
    at: Time


class Topups(BaseModel):
    """A page of top-ups, the newest first."""

    data: list[Topup]
    next: str | None


class Payout(BaseModel):
    """Money that goes, or went, to a seller."""

    id: str
    credits: int
    provider: str
    state: PayoutState
    reference: str | None
    error: str | None
    at: Time


class Payouts(BaseModel):
    """A page of payouts, the newest first."""

    data: list[Payout]
    next: str | None


class Payment(BaseModel):
    """Something that a person has to pay, or to see paid."""

    id: str
    kind: Literal["topup", "payout"]
    account: Handle = Field(description="Who pays, or is paid.")
    credits: int
    at: Time


class Payments(BaseModel):
    """A page of payments, the oldest first."""

    data: list[Payment]
    next: str | None


class Enrolled(BaseModel):
    """A seller whom the provider may pay."""

    url: str | None = Field(description="Where to tell the provider about oneself.")


class Coupon(BaseModel):
    """A code that is worth something."""

    code: str
    off: float
    credits: int
    listing: str | None
    most: int
    used: int
    until: float | None


class Coupons(BaseModel):
    """All codes of a seller, or of the installation."""

    data: list[Coupon]


class Redeemed(BaseModel):
    """What a code put into the wallet."""

    credits: int


class Refunded(BaseModel):
    """What went back of a run, in all."""

    run: str
    refunded: int


class Review(BaseModel):
    """What an account says of a listing."""

    author: Handle
    stars: int
    text: str
    at: Time


class Reviews(BaseModel):
    """A page of reviews, the newest first."""

    data: list[Review]
    next: str | None


class Report(BaseModel):
    """What somebody says is wrong with a listing."""

    id: str
    listing: ListingId
    reason: Reason
    text: str
    state: Case
    decision: str
    appeal: str
    at: Time
    decided_at: float | None


class Reports(BaseModel):
    """A page of reports, the oldest first."""

    data: list[Report]
    next: str | None


class Block(BaseModel):
    """Something that stands in the way."""

    what: str
    remedy: str


class Closing(BaseModel):
    """How an account would be closed."""

    blocks: list[Block]
    forfeits: int = Field(description="Credits that would be given up.")
