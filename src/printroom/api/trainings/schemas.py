"""Trainings as they come and go, for the OpenAPI document and for checking what comes.

Answers are made by `runs.training.trainings` and only described here; a test holds the two
together.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from printroom.api.runs.documents import Plain
from printroom.api.runs.schemas import RunError, Status

Option = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
Value = int | float | Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9_.@:+-]*$")]


class TrainingCreate(BaseModel):
    """A recipe to be carried out."""

    model_config = ConfigDict(extra="forbid")
    recipe: str = Field(
        max_length=40,
        pattern=r"^[a-z][a-z0-9_]*$",
        description="`GET /v1/trainings/recipes` has them.",
        examples=["upscale"],
    )
    data: Plain = Field(
        "",
        max_length=1200,
        description="A folder of the server's training sets, empty = all of them; or "
        "`store://NAME/PREFIX`, where your own pictures are.",
        examples=["store://photos/2026"],
    )
    options: dict[Option, Value] = Field(
        {}, max_length=50, description="Of the recipe.", examples=[{"steps": 500}]
    )
    grid: dict[Option, Annotated[list[Value], Field(min_length=1, max_length=32)]] = Field(
        {},
        max_length=8,
        description="Values to try, each with each, at most 32 in all; the best is kept.",
        examples=[{"rate": [0.001, 0.002]}],
    )
    model: str | None = Field(
        None,
        min_length=1,
        max_length=60,
        pattern=r"^[a-z0-9]+([-.][a-z0-9]+)*$",
        description="Name behind your handle of which the result is to be the next version; it is "
        "examined as any other. null = its files alone.",
        examples=["sharper"],
    )
    title: Plain = Field("", max_length=200)
    licence: Plain = Field(
        "", max_length=300, description="SPDX expression; empty = as the recipe says."
    )
    deadline: float | None = Field(
        None, gt=0, le=30 * 86400, description="Seconds until it must be over."
    )


class Result(BaseModel):
    """A file that a training made."""

    file: str
    name: str = Field(examples=["upscale-x2.onnx"])
    bytes: int
    digest: str


class Trials(BaseModel):
    """What came of a search."""

    trials: dict[str, dict[str, float]] = Field(description="Choice of options -> its scores.")
    best: str


class Training(BaseModel):
    """A training as it is now."""

    id: str
    status: Status
    recipe: str
    data: str
    options: dict[str, str]
    grid: dict[str, list[str]]
    model: str | None
    scores: dict[str, float] | None = Field(description="Of what it made; null = not there yet.")
    trials: Trials | None
    files: list[Result] | None = Field(description="Yours, and kept as long as the training is.")
    error: RunError | None
    attempt: int
    created_at: str
    started_at: str | None
    finished_at: str | None
    expires_at: str | None
    urls: dict[str, str]


class TrainingsPage(BaseModel):
    """A page of trainings, the newest first."""

    data: list[Training]
    next: str | None


class Recipes(BaseModel):
    """What can be trained."""

    data: list[str]
