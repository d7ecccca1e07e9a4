"""Collections as they come and go, for the OpenAPI document and for checking what comes."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from printroom.api.runs.documents import Plain
from printroom.collections.items import LONGEST

PATTERN = r"^[a-z0-9][a-z0-9._-]{0,62}$"
Name = Annotated[str, Path(max_length=63, pattern=PATTERN, examples=["looks"])]
ItemId = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9_]+$")]
MOST_ITEMS = 100
"""In one request."""
_Number = Annotated[float, Field(allow_inf_nan=False)]


class Collection(BaseModel):
    """Pictures or vectors, each with a payload."""

    name: str = Field(examples=["looks"])
    length: int = Field(description="Numbers in each vector.")
    pictures: bool = Field(description="Whether it is of the looks of pictures.")
    size: int = Field(description="Items in it.")
    created_at: str
    changed_at: str
    urls: dict[str, str]


class Collections(BaseModel):
    """A page of collections, by name."""

    data: list[Collection]
    next: str | None


class CollectionCreate(BaseModel):
    """A collection to be made."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=63, pattern=PATTERN, examples=["looks"])
    length: int | None = Field(
        None, ge=1, le=LONGEST, description="Of vectors of your own; null = it takes pictures."
    )


class Sought(BaseModel):
    """A picture or a vector: whichever the collection takes."""

    model_config = ConfigDict(extra="forbid")
    picture: Annotated[Plain, Field(min_length=1, max_length=12 * 2**20)] | None = Field(
        None,
        description="`file_…`, or a `data:` URI of up to 8 MiB.",
        examples=["file_0193f5c2a1b04f7c9d2e6b8a1c3d5e7f"],
    )
    vector: Annotated[list[_Number], Field(min_length=1, max_length=LONGEST)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.picture is None) == (self.vector is None):
            raise ValueError("give either a picture or a vector")
        return self


class NewItem(Sought):
    """What is added, and what it stands for."""

    payload: JsonValue = Field(
        description="JSON of up to 4096 characters, given back when it is found.",
        examples=["ink"],
    )


class Items(BaseModel):
    """What is added, all or nothing."""

    model_config = ConfigDict(extra="forbid")
    items: Annotated[list[NewItem], Field(min_length=1, max_length=MOST_ITEMS)]


class Item(BaseModel):
    """One that is there."""

    id: str = Field(examples=["itm_5f0c"])
    payload: JsonValue
    created_at: str


class ItemPage(BaseModel):
    """A page of items, the oldest first."""

    data: list[Item]
    next: str | None


class Query(Sought):
    """What is looked for."""

    most: int = Field(5, ge=1, le=100)


class FoundItem(BaseModel):
    """An item that is near."""

    id: str
    payload: JsonValue
    distance: float = Field(description="0 = the same, 1 = nothing in common, 2 = the opposite.")


class FoundItems(BaseModel):
    """The nearest first."""

    data: list[FoundItem]
