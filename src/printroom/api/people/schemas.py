"""People as they come and go, for the OpenAPI document and for checking what comes.

Answers are made by `told` and only described here; a test holds the two together.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from printroom.api.runs.documents import Plain
from printroom.api.runs.schemas import Run, Url
from printroom.people.asking import MOST_STYLES
from printroom.people.consent import TEXT
from printroom.people.people import MOST_NEEDED
from printroom.people.portraits import LARGEST_SEED
from printroom.people.portraits import MOST as MOST_PORTRAITS
from printroom.people.words import LONGEST

PERSON = "ps_0193f5c2a1b04f7c9d2e6b8a1c3d5e7f"
FILE = "file_0193f5c2a1b04f7c9d2e6b8a1c3d5e7f"
Person = Annotated[str, Path(max_length=80, pattern=r"^ps_[0-9a-f]+$", examples=[PERSON])]
PictureId = Annotated[str, Path(max_length=80, pattern=r"^file_[0-9a-f]+$", examples=[FILE])]
StyleName = Annotated[
    str, Path(max_length=40, pattern=r"^[a-z0-9][a-z0-9-]*$", examples=["stained-glass"])
]
State = Literal["collecting", "training", "ready", "failed"]
Verdict = Literal["passed", "refused", "noted", "unchecked"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ConsentGiven(_Strict):
    """That the person agrees."""

    who: Plain = Field(
        min_length=1, max_length=200, description="Who agrees.", examples=["Ann Smith"]
    )
    text: Plain | None = Field(
        None,
        min_length=1,
        max_length=20_000,
        description=f"To which text; without it, to this one: {TEXT}",
    )


class PersonCreate(_Strict):
    """Somebody of whom portraits are to be drawn."""

    name: Plain = Field(
        min_length=1, max_length=200, description="Never goes into a picture.", examples=["Ann"]
    )
    consent: ConsentGiven | None = Field(
        None, description="Without it nobody is entered.", examples=[{"who": "Ann Smith"}]
    )
    pictures_needed: int | None = Field(
        None,
        ge=1,
        le=MOST_NEEDED,
        description="Accepted pictures at which training begins; null = as the server is set.",
    )


class Consent(BaseModel):
    """That the person agreed."""

    id: str
    who: str
    digest: str = Field(description="SHA-256 of the text.")
    text: str
    given_at: str


class Version(BaseModel):
    """What was learnt of a person, once."""

    version: int
    state: Literal["training", "ready", "failed"]
    pictures: int = Field(description="How many it is learnt from.")
    run: str = Field(description="The job that trains it.")
    base: str | None = Field(description="Digest of the generator that it belongs to.")
    digest: str | None = Field(description="SHA-256 of its file.")
    bytes: int | None
    error: str | None = Field(description="Why it came to nothing.")
    created_at: str
    ready_at: str | None


class PersonUrls(BaseModel):
    """Where more is to be had."""

    get: str
    pictures: str
    portraits: str
    events: str


class PersonShown(BaseModel):
    """Somebody of whom portraits are drawn."""

    id: str = Field(examples=[PERSON])
    name: str = Field(examples=["Ann"])
    state: State
    pictures: int = Field(description="Accepted so far.")
    pictures_needed: int = Field(description="Accepted pictures at which training begins.")
    odd: list[str] = Field(
        description="Pictures that seem to show somebody else: while there are any, training does "
        "not begin by itself."
    )
    version: int | None = Field(description="That portraits are drawn with; null = none yet.")
    versions: list[Version] = Field(description="The newest first.")
    consent: Consent
    created_at: str
    urls: PersonUrls


class People(BaseModel):
    """A page of people, the newest first."""

    data: list[PersonShown]
    next: str | None


class PictureFinding(BaseModel):
    """One thing that was looked at."""

    code: Literal["picture", "size", "sharpness", "face", "familiar", "twin"]
    verdict: Verdict = Field(description="`noted` keeps no picture out; `unchecked` = nobody can.")
    reason: str


class Picture(BaseModel):
    """A picture that a person is learnt from."""

    id: str = Field(examples=[FILE])
    name: str
    digest: str
    findings: list[PictureFinding]
    created_at: str


class Pictures(BaseModel):
    """All of a person, the oldest first."""

    data: list[Picture]


class Taken(BaseModel):
    """What became of a picture that came."""

    name: str
    id: str | None = Field(description="null = it was refused: replace it.", examples=[FILE])
    findings: list[PictureFinding]


class PicturesAdded(BaseModel):
    """What became of pictures that came, in their order."""

    data: list[Taken]
    accepted: int
    refused: int
    person: PersonShown


class PicturesFrom(_Strict):
    """Pictures that are here already, or small ones."""

    pictures: list[Annotated[str, Field(min_length=6, max_length=12_000_000)]] = Field(
        min_length=1,
        max_length=30,
        description="Ids of files, or `data:` URIs.",
        examples=[[FILE]],
    )


class Train(_Strict):
    """How to learn a person."""

    anyway: bool = Field(False, description="Though some pictures seem to show somebody else.")


class PortraitsCreate(_Strict):
    """Portraits that are wanted."""

    prompt: str = Field(
        "",
        max_length=200_000,
        description=f"What else is in the picture; {LONGEST:,} characters at most.",
        examples=["a person with glasses"],
    )
    style: str | None = Field(
        None,
        max_length=40,
        description="`photo`, `3d`, `comic`, `watercolour`, `pencil`, or one of your own.",
        examples=["watercolour"],
    )
    count: int = Field(
        1, ge=1, le=MOST_PORTRAITS, description="Pictures, where no seeds are given."
    )
    seeds: list[Annotated[int, Field(ge=0, le=LARGEST_SEED)]] = Field(
        [],
        max_length=MOST_PORTRAITS,
        description="One for each picture: the same seed gives the same picture again.",
    )
    format: Literal["png", "jpeg", "webp"] = "png"
    version: int | None = Field(None, ge=1, le=10**6, description="null = the newest.")
    webhook: Url | None = Field(None, description="Told once, when the run is over.")
    deadline: float | None = Field(
        None, gt=0, le=31_536_000, description="Seconds until it must be over."
    )


class PortraitLink(BaseModel):
    """Where a portrait is to be had without a key, for an hour."""

    digest: str
    url: str


class Portraits(Run):
    """A run that draws a person."""

    links: list[PortraitLink] = Field(description="Signed addresses; empty until it is over.")


class PortraitRuns(BaseModel):
    """A page of runs that draw a person, the newest first."""

    data: list[Portraits]
    next: str | None


class Forgotten(BaseModel):
    """What went. Of the consent it is kept that it was given, and withdrawn, and when."""

    id: str = Field(examples=[PERSON])
    consent: str
    given_at: str
    withdrawn_at: str
    pictures: int
    versions: int
    portraits: int = Field(description="Runs that had drawn them.")


class StylePut(_Strict):
    """A style of your own."""

    prompt: str = Field(
        min_length=1, max_length=200_000, examples=["a person in stained glass, lead lines"]
    )


class Style(BaseModel):
    """A manner in which portraits are drawn."""

    name: str = Field(examples=["watercolour"])
    prompt: str | None = Field(description="null = it comes with the generator.")
    own: bool


class Styles(BaseModel):
    """Those of the generator, then your own."""

    data: list[Style] = Field(max_length=MOST_STYLES + 10)
