"""What the routes of the market take and answer, for the OpenAPI document.

Credits are whole numbers, times seconds of the epoch; accounts are named by their handles.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field

from printroom.api.accounts.told import Taken
from printroom.api.runs.documents import Plain, plain
from printroom.marketplace.prices import LARGEST

Credits = Annotated[int, Field(ge=0, le=LARGEST, examples=[5])]
Some = Annotated[int, Field(ge=1, le=LARGEST, examples=[500])]
ListingId = Annotated[str, Field(max_length=80, examples=["lst_19abc1d2e3f4a5b6c7d8e9f"])]
Time = Annotated[float, Field(examples=[1_764_151_200.0])]
Handle = Annotated[str, Field(max_length=60, examples=["acme"])]
Visibility = Literal["private", "unlisted", "public", "shared"]
Reason = Literal["copy", "unsafe", "likeness", "broken", "fraud", "other"]


def _lines(text: str) -> str:
    plain(text.replace("\n", " ").replace("\r", " ").replace("\t", " "))
    return text


Text = Annotated[str, AfterValidator(_lines)]
"""A text of several lines."""


class Example(Taken):
    """Pictures to look at: files of the seller's."""

    title: Annotated[Plain, Field(max_length=200)] = ""
    input: Annotated[str, Field(pattern=r"^file_\w{1,80}$", examples=["file_0123"])]
    output: Annotated[str, Field(pattern=r"^file_\w{1,80}$", examples=["file_4567"])]


class Words(Taken):
    """What a listing says of itself."""

    title: Annotated[Plain, Field(min_length=1, max_length=120, examples=["Ink drawings"])]
    text: Annotated[Text, Field(max_length=20_000)] = ""
    tags: Annotated[list[str], Field(max_length=12, examples=[["art"]])] = Field(
        default_factory=list
    )
    examples: Annotated[list[Example], Field(max_length=8)] = Field(default_factory=list)


class NewListing(Words):
    """A draft of something that your account has."""

    kind: Literal["model", "pipeline"]
    name: Annotated[str, Field(min_length=1, max_length=200, examples=["ink"])]
    """Without its owner and version."""


class Prices(Taken):
    """What it costs; everything left out = it is free."""

    run: Credits = 0
    megapixel: Annotated[float, Field(ge=0, le=LARGEST / 1000, examples=[0.25])] = 0
    """Credits for each million pixels of results; thousandths count."""
    month: Some | None = None
    quota: Some | None = None
    """Runs in a month; null = as many as one likes."""
    download: Credits | None = None
    """A copy of a model to keep; null = none are sold."""


class NewOffer(Taken):
    """Other terms from now on."""

    price: Prices = Field(default_factory=Prices)
    share: Annotated[float, Field(ge=0, le=0.5)] = 0
    """Of a model: part of what is earned by others' pipelines that use it."""
    version: Annotated[int | None, Field(ge=1, lt=10**9)] = None
    """The one version that is offered; null = the newest."""


class Publishing(Taken):
    """Who may see it."""

    visibility: Visibility = "public"
    shared_with: Annotated[list[Handle], Field(max_length=100)] = Field(default_factory=list)


class NewOrder(Taken):
    """What is to be bought."""

    listing: ListingId
    kind: Literal["month", "download"] = "month"
    offer: Annotated[int, Field(ge=1)]
    """The number of the offer that you saw; another one is not charged."""
    coupon: Annotated[str | None, Field(max_length=40)] = None


class NewTopup(Taken):
    """Credits to be bought."""

    credits: Some


class NewPayout(Taken):
    """Money to be paid out."""

    credits: Some | None = None
    """Null = all that may be."""


class Refunding(Taken):
    """What goes back."""

    credits: Some | None = None
    """Null = all that is left."""


class Cancelling(Taken):
    """When a subscription ends."""

    at_once: bool = False
    """Now, with what is left of it back, rather than at the end of its month."""


class NewCoupon(Taken):
    """A code that is worth something."""

    code: Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{3,39}$", examples=["SPRING"])]
    off: Annotated[float, Field(ge=0, le=1, examples=[0.2])] = 0
    """Part of a price that it takes off; a seller's."""
    credits: Credits = 0
    """That it puts into a wallet; of whoever owns the installation."""
    listing: ListingId | None = None
    most: Some = 1
    """How often it may be used; once by each account."""
    until: Annotated[float | None, Field(ge=0, le=1e11)] = None


class Code(Taken):
    """A code that somebody has."""

    code: Annotated[str, Field(max_length=40, examples=["GIFT-50"])]


class NewReview(Taken):
    """What you say of what you ran."""

    stars: Annotated[int, Field(ge=1, le=5)]
    text: Annotated[Text, Field(max_length=4000)] = ""


class NewReport(Taken):
    """What is wrong with a listing."""

    listing: ListingId
    reason: Reason
    text: Annotated[Text, Field(min_length=1, max_length=4000)]


class Decision(Taken):
    """What a moderator decides."""

    take_down: bool
    why: Annotated[Text, Field(min_length=1, max_length=4000)]


class Appeal(Taken):
    """What a seller says to that."""

    text: Annotated[Text, Field(min_length=1, max_length=4000)]


class Offer(BaseModel):
    """The terms of a listing."""

    number: int
    price: dict[str, float | None]
    share: float
    version: int | None
    made_at: Time


class Standing(BaseModel):
    """How a listing does."""

    uses: int = Field(description="Runs that went well.")
    seconds: float | None = Field(description="That one took, on average.")
    ratings: int
    stars: float | None = Field(description="1 to 5, on average.")


class Badge(BaseModel):
    """Something that was measured or examined, never typed."""

    kind: Literal["verified", "score", "popular"]
    detail: dict[str, Any]


class Listing(BaseModel):
    """What is offered."""

    id: ListingId
    owner: Handle
    kind: Literal["model", "pipeline"]
    name: str
    target: str = Field(examples=["acme/ink"], description="As runs and pipelines name it.")
    state: Literal["draft", "listed", "suspended"]
    visibility: Visibility
    title: str
    text: str
    tags: list[str]
    examples: list[dict[str, Any]] = Field(description="Each with `title`, and URLs of pictures.")
    offer: Offer | None
    standing: Standing
    badges: list[Badge]
    own: bool
    access: dict[str, Any] | None = Field(description="Your right to run it; null = none yet.")
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
    offer: int
    kind: Literal["month", "download"]
    state: Literal["active", "grace", "ended", "revoked"]
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


class Topup(BaseModel):
    """Credits that are, or were, bought."""

    id: str
    credits: int
    provider: str
    state: Literal["open", "paid", "failed"]
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
    state: Literal["requested", "paid", "failed"]
    reference: str | None
    error: str | None
    at: Time


class Payouts(BaseModel):
    """A page of payouts, the newest first."""

    data: list[Payout]
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
    state: Literal["open", "dismissed", "upheld", "appealed", "restored", "final"]
    decision: str
    appeal: str
    at: Time
    decided_at: float | None


class Reports(BaseModel):
    """A page of reports, the oldest first."""

    data: list[Report]
    next: str | None
