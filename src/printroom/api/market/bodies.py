"""What the routes of the market take, for the OpenAPI document; `schemas` has what they answer.

Credits are whole numbers, times seconds of the epoch; accounts are named by their handles.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from printroom.api.accounts.told import Taken
from printroom.api.runs.documents import Plain, plain
from printroom.api.runs.schemas import Input, OutputOptions
from printroom.marketplace.offering import MOST_TRIES, TRIES, Kind, Visibility
from printroom.marketplace.orders import Kind as Bought
from printroom.marketplace.prices import LARGEST
from printroom.marketplace.reports import Reason

Credits = Annotated[int, Field(ge=0, le=LARGEST, examples=[5])]
Some = Annotated[int, Field(ge=1, le=LARGEST, examples=[500])]
ListingId = Annotated[str, Field(max_length=80, examples=["lst_19abc1d2e3f4a5b6c7d8e9f"])]
Handle = Annotated[str, Field(max_length=60, examples=["acme"])]


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

    kind: Kind
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
    tries: Annotated[int, Field(ge=0, le=MOST_TRIES)] = TRIES
    """Free runs that each account has, before it pays."""


class Publishing(Taken):
    """Who may see it."""

    visibility: Visibility = "public"
    shared_with: Annotated[list[Handle], Field(max_length=100)] = Field(default_factory=list)


class Try(Taken):
    """A picture to try it on, as a run has it."""

    input: Input
    output: OutputOptions = Field(default_factory=lambda: OutputOptions.model_validate({}))


class NewOrder(Taken):
    """What is to be bought."""

    listing: ListingId
    kind: Bought = "month"
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
