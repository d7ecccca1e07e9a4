"""Models as they come and go, for the OpenAPI document and for checking what comes.

Answers are made by `told` and only described here; a test holds the two together.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from printroom.api.runs.documents import Plain
from printroom.catalogue.card import Runtime, Task

ONE = "/v1/models/{owner}/{name}"
Owner = Annotated[str, Path(max_length=64, pattern=r"^[a-z0-9][a-z0-9._-]*$", examples=["acme"])]
Name = Annotated[
    str,
    Path(
        max_length=80,
        pattern=r"^[a-z0-9][a-z0-9._-]*(@[1-9][0-9]{0,8})?$",
        description="`name`, or `name@version`.",
        examples=["ink@2"],
    ),
]
State = Literal["verifying", "ready", "refused", "suspended"]
Source = Literal["printroom", "server", "account"]
Title = Annotated[Plain, Field(max_length=200, examples=["Inks line drawings"])]
Description = Annotated[Plain, Field(max_length=10_000)]


class Licence(BaseModel):
    """Under which the weights may be used."""

    spdx: str = Field(description="SPDX expression; empty = it was not said.", examples=["MIT"])
    url: str | None = Field(description="Its text; null where SPDX has none of that name.")


class Geometry(BaseModel):
    """What tiling knows of it."""

    scale: str = Field(
        description="Output pixels per input pixel along a side, as a fraction.", examples=["2"]
    )
    halo: int = Field(description="Input pixels around a tile that its result depends on.")
    align: int = Field(description="Sides of what it is given are multiples of this.")
    exact: bool = Field(description="Whether tiles give what the whole picture gives.")
    fixed: list[int] | None = Field(description="Height and width, where it takes no other.")
    why: str = Field(description="Why it is not exact; empty where it is.")


class Cost(BaseModel):
    """What it takes."""

    seconds_per_megapixel: float | None = Field(
        description="Of input, as seen on this server, or when it was examined; null = unknown."
    )
    tile_bytes: dict[str, int] = Field(
        description="Side of a tile in pixels -> bytes that one worker takes for it."
    )


class Score(BaseModel):
    """How good it was on a known set of pictures."""

    metric: str = Field(examples=["psnr", "angular error"])
    unit: str = Field(examples=["dB"])
    set: str = Field(examples=["set5"])
    value: float = Field(examples=[37.42])


class Example(BaseModel):
    """A picture to try it on."""

    input: str = Field(description="Address on this server.", examples=["/sample.jpg"])
    output: str | None = Field(description="null = `POST /v1/images/enhance?model=` makes it.")


class Finding(BaseModel):
    """One thing that was looked at when it was examined."""

    stage: str = Field(examples=["graph"])
    code: str = Field(examples=["graph.operators"])
    verdict: Literal["passed", "refused", "review", "unchecked"]
    reason: str
    evidence: dict[str, JsonValue]
    seconds: float


class Examination(BaseModel):
    """How far it is, and what was found."""

    run: str = Field(description="The job that does it.")
    stage: str | None = Field(description="What it is at; null = it waits, or is over.")
    done: int
    of: int
    verdict: Literal["passed", "refused", "review"] | None = Field(
        description="`review`: a person has yet to look, before others may use it."
    )
    findings: list[Finding] = Field(description="As far as it is.")
    error: str | None = Field(description="Why it could not be examined to the end.")
    made_at: str | None
    expires_at: str | None = Field(description="When it has to be examined again.")


class Model(BaseModel):
    """One version of a model."""

    id: str = Field(examples=["acme/ink@2"])
    name: str = Field(examples=["acme/ink"])
    version: int
    owner: str = Field(description="Handle of whose it is.", examples=["acme"])
    source: Source = Field(
        description="`printroom`: it comes with it; `server`: whoever runs the server put it "
        "there; `account`: it was given by an account, and runs behind walls."
    )
    mine: bool = Field(description="Whether it is your account's own.")
    state: State
    title: str
    description: str
    task: Task
    licence: Licence
    runtime: Runtime
    digest: str = Field(description="SHA-256 of the weights, hexadecimal.")
    bytes: int | None = Field(description="Of the weights; null = not known before they are read.")
    parameters: int | None
    geometry: Geometry | None
    reading: dict[str, Any] | None = Field(
        description="How inputs and outputs are read: layout, channels, range, constants, latents, "
        "classes; as the card has it."
    )
    read_as: str = Field(description="The same in words.", examples=["rgb 0..1"])
    draws: bool = Field(description="Whether it makes pictures of nothing but random numbers.")
    cost: Cost | None
    scores: list[Score]
    data: dict[str, str] = Field(description="Training set -> its licence.")
    examples: list[Example]
    examination: Examination | None = Field(
        description="null: of the server's own, of others', and in lists of what has passed."
    )
    created_at: str | None
    urls: dict[str, str]


class Models(BaseModel):
    """A page of models, by name; of each its newest version."""

    data: list[Model]
    next: str | None = Field(description="`after` of the next page; null = this is the last.")


class Versions(BaseModel):
    """A page of versions, the newest first."""

    data: list[Model]
    next: str | None


class Report(BaseModel):
    """What was found, with all that it takes to check it."""

    verdict: Literal["passed", "refused", "review"]
    findings: list[Finding]
    declared: dict[str, JsonValue] = Field(description="What was said of it.")
    card: dict[str, JsonValue] | None = Field(description="What the catalogue takes.")
    digests: dict[str, str] = Field(description="File -> SHA-256, hexadecimal.")
    rules: str = Field(description="Revision of the rules it was made by.")
    made_at: float = Field(description="Seconds since 1970.")
    expires_at: float
    fingerprint: str
    machine: dict[str, str]
    excluded: str = Field(description="What no examination can say.")
    signature: str = Field(description="Ed25519 over all else as JSON, base64.")
    signer: str = Field(description="The public key that checks it, base64.")


class Alone(BaseModel):
    """A pipeline of one step, which `POST /v1/pipelines` takes as it is."""

    yaml: str
    pipeline: dict[str, JsonValue]


class PublicKey(BaseModel):
    """What checks the signature of a report."""

    algorithm: Literal["Ed25519"]
    public_key: str = Field(description="Base64; a report says it as `signer`.")


class Decision(BaseModel):
    """What a person says of a model that machines could not decide on."""

    model_config = ConfigDict(extra="forbid")
    passed: bool = Field(description="Whether others may use it; else it is suspended.")
    reason: Annotated[Plain, Field(min_length=1, max_length=2000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


Architecture = Literal["printroom-upscaler", "printroom-restorer", "printroom-unet"]
"""Those of `runtimes.onnx.ours`."""


class ModelCreate(_Strict):
    """A model that an account gives."""

    file: str = Field(
        max_length=80,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Its weights, uploaded before: an ONNX graph, or safetensors of a network of "
        "which `architecture` says what it is.",
        examples=["file_0193f5c2a1b04f7c9d2e6b8a1c3d5e7f"],
    )
    name: str = Field(
        min_length=1,
        max_length=60,
        pattern=r"^[a-z0-9]+([-.][a-z0-9]+)*$",
        description="Behind your handle and a slash.",
        examples=["ink"],
    )
    title: Title = ""
    description: Description = ""
    licence: Plain = Field(
        "", max_length=300, description="SPDX expression of the weights.", examples=["MIT"]
    )
    architecture: Architecture | None = Field(
        None,
        description="Of safetensors: the network that the weights are of; they are made into a "
        "graph when they are examined.",
    )
    task: Task | None = Field(None, description="null = what it seems to do when it is tried.")
    reading: dict[str, JsonValue] | None = Field(
        None, description="As a model has it; null = it is found out."
    )
    parts: dict[
        Annotated[Plain, Field(max_length=200)], Annotated[Plain, Field(max_length=300)]
    ] = Field(
        {},
        max_length=50,
        description="What it was made from, such as the model that its training began with -> "
        "licence.",
    )


class ModelChange(_Strict):
    """What may be changed of a version: words for people."""

    title: Title | None = None
    description: Description | None = None
