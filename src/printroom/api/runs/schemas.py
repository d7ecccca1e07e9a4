"""What comes and goes, for the OpenAPI document and for checking what comes.

Answers are made by `printroom.runs.view` and only described here; a test holds the two together.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from printroom.api.runs.documents import Plain
from printroom.runs.options import Output

Url = Annotated[str, Field(min_length=8, max_length=2048, examples=["https://example.com/hook"])]
Target = Annotated[
    str,
    Field(
        min_length=1,
        max_length=300,
        description="A published pipeline: `name`, `name@version`, `owner/name@version`.",
        examples=["enhance", "portraits@3"],
    ),
]
Input = Annotated[
    dict[str, JsonValue],
    Field(
        description=(
            "A value for each input of the pipeline. A picture is the id of a file, an `https:` "
            "URL, or a `data:` URI of up to 8 MiB."
        ),
        examples=[{"image": "file_0193f5c2a1b04f7c9d2e6b8a1c3d5e7f", "scale": 2}],
    ),
]
Draft = Annotated[
    dict[str, JsonValue],
    Field(
        description=(
            "A pipeline that is not published, in place of `target`, as JSON: what `POST "
            "/v1/pipelines/check` answers as `pipeline`. Takes the scope `pipelines:read`, too."
        ),
        examples=[
            {
                "name": "twice",
                "inputs": {"image": "picture"},
                "steps": {"up": {"use": "upscale", "with": {"image": "$image", "scale": 2}}},
            }
        ],
    ),
]
Format = Literal["jpeg", "png", "webp", "tiff", "avif"]
Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OutputOptions(_Strict):
    """How results are written."""

    format: Format | None = Field(None, description="Of pictures; null = that of the input.")
    quality: int | None = Field(
        None, ge=1, le=100, description="For lossy formats; null = the format's own default."
    )
    metadata: Literal["keep", "strip", "copyright"] = Field(
        "keep",
        description=(
            "Whether EXIF and XMP go with pictures: all, none, or who made it and whose it is. The "
            "colour profile always does."
        ),
    )
    previews: bool = Field(
        False, description="Whether each step that has a picture shows it, small, in an event."
    )

    @property
    def wanted(self) -> Output:
        """The same, for a run."""
        return Output(self.format, self.quality, self.metadata, self.previews)


_PLAIN = OutputOptions.model_validate({})


class RunCreate(_Strict):
    """A run that is wanted. Give `target`, or `pipeline`."""

    target: Target | None = None
    pipeline: Draft | None = None
    input: Input = {}
    output: OutputOptions = _PLAIN
    webhook: Url | None = Field(None, description="Told once, when the run is over.")
    deadline: float | None = Field(
        None, gt=0, le=31_536_000, description="Seconds until it must be over."
    )
    most: int | None = Field(
        None,
        ge=0,
        le=10**12,
        description="Credits that it may cost, as a quote told; else refused.",
    )


class RunFile(BaseModel):
    """A file among the inputs of a run, for whoever shows the run."""

    name: str = Field(description="What it was called where it came from; may be empty.")
    media_type: str
    width: int | None
    height: int | None


class RunError(BaseModel):
    """Why it failed, or why its latest attempt did."""

    code: str
    message: str


class RunUsage(BaseModel):
    """What was made."""

    pictures: int
    pixels: int


class RunUrls(BaseModel):
    """Where more is to be had."""

    get: str
    cancel: str
    events: str


class RunPart(BaseModel):
    """The terms of one thing that a run uses."""

    listing: str
    offer: int
    quote: int = Field(description="Credits, at most; charged when it went well.")
    entitlement: str | None = Field(description="The right that pays for it; null = credits do.")


class RunTerms(RunPart):
    """By what a run is charged that uses what other accounts offer: in all, and part by part."""

    parts: list[RunPart] = Field(description="A pipeline, and models that are sold by the run.")


class Run(BaseModel):
    """A run as it is now."""

    id: str
    status: Status
    target: str
    input: dict[str, JsonValue]
    files: dict[str, RunFile] = Field(description="Files among the inputs, by their ids.")
    output: dict[str, JsonValue] | None = Field(
        description=(
            "By name; pictures as `{file, name, media_type, bytes, width, height, digest}`."
        )
    )
    usage: RunUsage | None
    terms: RunTerms | None
    error: RunError | None
    attempt: int
    position: int | None = Field(description="How many go before it, while it is queued.")
    created_at: str
    started_at: str | None
    finished_at: str | None
    expires_at: str | None
    urls: RunUrls


class Runs(BaseModel):
    """A page of runs, the newest first."""

    data: list[Run]
    next: str | None = Field(description="`after` of the next page; null = this is the last.")


class WebhookCreate(_Strict):
    """An address that is to be told."""

    url: Url
    events: list[Literal["run.succeeded", "run.failed", "run.cancelled", "batch.finished"]] = Field(
        [], max_length=4, description="Of which it is told; none = of all."
    )
    description: Plain = Field("", max_length=200)


class WebhookChange(_Strict):
    """What may be changed of one."""

    enabled: bool


class Webhook(BaseModel):
    """An address that is told when runs are over."""

    id: str
    url: str
    events: list[str]
    description: str
    enabled: bool
    created_at: str


class WebhookMade(Webhook):
    """The same, with its secret, which is shown this once."""

    secret: str


class Webhooks(BaseModel):
    """All of an account."""

    data: list[Webhook]


class Delivery(BaseModel):
    """One message to one webhook."""

    id: str
    message: str = Field(description="As in the header `webhook-id`.")
    type: str
    run: str | None = Field(description="What it tells of; null = of a batch.")
    batch: str | None
    status: Literal["waiting", "delivered", "failed", "cancelled"]
    attempts: int
    error: RunError | None
    created_at: str
    finished_at: str | None


class Deliveries(BaseModel):
    """A page of deliveries, the newest first."""

    data: list[Delivery]
    next: str | None


class WebhookSecret(BaseModel):
    """What messages to addresses that runs name themselves are signed with."""

    secret: str


class BatchCreate(_Strict):
    """The same for many pictures. Give `source`, or `files`."""

    target: Target
    source: Plain = Field("", max_length=1200, examples=["store://photos/2026/trip"])
    files: list[Annotated[Plain, Field(max_length=2048)]] = Field([], max_length=1000)
    destination: Plain = Field("", max_length=1200, examples=["store://results/trip"])
    recursive: bool = True
    pattern: Plain = Field("", max_length=200, examples=["*.jpg"])
    input: Input = {}
    output: OutputOptions = _PLAIN
    webhook: Url | None = Field(None, description="Told once, when all of it is over.")


class Batch(BaseModel):
    """A batch as it is now."""

    id: str
    status: Literal["listing", "running", "finished", "cancelled", "failed"]
    target: str
    source: str
    destination: str
    counts: dict[str, int] = Field(description="Items by the status of their runs.")
    total: int = Field(description="Items that were found so far.")
    error: RunError | None
    created_at: str


class Batches(BaseModel):
    """A page of batches, the newest first."""

    data: list[Batch]
    next: str | None


class BatchItem(BaseModel):
    """One picture of a batch."""

    name: str
    version: str
    run: str
    status: str
    error: RunError | None


class BatchItems(BaseModel):
    """A page of items, by name."""

    data: list[BatchItem]
    next: str | None


class QuoteCreate(_Strict):
    """What a run would take. Give `target`, or `pipeline`."""

    target: Target | None = None
    pipeline: Draft | None = None
    input: Input = {}


class Quote(BaseModel):
    """Price and time of a run, before it is run."""

    target: str
    seconds: float | None = Field(description="Expected, once it is started; null = unknown.")
    exact: bool = Field(description="Whether pictures are known, so that the price is, too.")
    pictures: int
    pixels: int
    cost: float = Field(description="Units, as usage counts them.")
    terms: RunTerms | None
    plan: dict[str, Any] = Field(description="Empty for what is another account's.")
