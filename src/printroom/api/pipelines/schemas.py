"""What the routes of pipelines take and answer.

A port is an object with its `type` and the words of that kind, as pipelines write it; times are
texts of RFC 3339.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from printroom.api.limits import MIB
from printroom.pipelines.forming import MOST_STEPS
from printroom.pipelines.names import LATEST

Ports = Annotated[
    dict[str, dict[str, JsonValue]],
    Field(examples=[{"image": {"type": "picture"}, "scale": {"type": "choice", "of": [1, 2, 4]}}]),
]


def _movable(alias: str) -> str:
    if alias == LATEST:
        raise ValueError("latest always means the newest version")
    return alias


Spec = Annotated[
    dict[str, JsonValue],
    Field(
        description="As `pipeline.schema.json` says.",
        examples=[
            {
                "name": "large",
                "inputs": {"image": "picture"},
                "steps": {"large": {"use": "upscale", "with": {"image": "$image"}}},
            }
        ],
    ),
]
Yaml = Annotated[
    str,
    Field(
        max_length=MIB,
        examples=["name: large\ninputs: {image: picture}\n"
                  "steps: {large: {use: upscale, with: {image: $image}}}\n"],
    ),
]  # fmt: skip
Alias = Annotated[
    str,
    Field(max_length=64, pattern="^[a-z][a-z0-9-]*$", examples=["live"]),
    AfterValidator(_movable),
]


class Written(BaseModel):
    """A pipeline, as a text or as JSON."""

    model_config = ConfigDict(extra="forbid")

    yaml: Yaml | None = None
    pipeline: Spec | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.yaml is None) == (self.pipeline is None):
            raise ValueError("give either yaml or pipeline")
        return self


class Publication(Written):
    """A pipeline to be published."""

    alias: Alias | None = Field(None, description="That will mean this version.")


class AliasTarget(BaseModel):
    """What an alias is to mean."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, le=999_999_999, examples=[3])


class AliasNow(BaseModel):
    """What an alias means."""

    alias: str = Field(examples=["live"])
    version: int = Field(examples=[3])


class PipelineLine(BaseModel):
    """A pipeline in its newest version."""

    id: str = Field(examples=["acme/ink@3"], description="What everybody may call it.")
    name: str = Field(examples=["ink"])
    owner: str = Field(examples=["acme"], description="`printroom` = it comes with printroom.")
    version: int | None = Field(examples=[3], description="Null = it comes with printroom.")
    title: str
    description: str
    aliases: dict[str, int] = Field(examples=[{"live": 2}])
    url: str = Field(examples=["/v1/pipelines/acme/ink@3"], description="Where it is run.")
    created_at: str | None
    inputs: Ports
    outputs: Ports | None = Field(description="Null = it cannot be run, see `fault`.")
    fault: str | None = Field(description="Why it cannot be run any more.")


class PipelinePage(BaseModel):
    """A page of pipelines: what comes with printroom first, then your own by name."""

    pipelines: list[PipelineLine]
    next: str | None = Field(description="`after` of the next page; null = this is the last.")


class ValueSchemas(BaseModel):
    """JSON Schemas of what goes in and comes out."""

    input: dict[str, JsonValue]
    output: dict[str, JsonValue]


class Pipeline(PipelineLine):
    """A version of a pipeline."""

    by: str | None = Field(description="Id of the person, or key, that published it.")
    yaml: str | None = Field(description="As it is written; null = it is another's.")
    pipeline: Spec | None = Field(description="The same as JSON.")
    value_schema: ValueSchemas | None = Field(alias="schema")


class PipelineVersion(BaseModel):
    """A version, without what is in it."""

    version: int
    created_at: str
    by: str | None
    aliases: list[str]
    digest: str


class PipelineVersions(BaseModel):
    """All versions, the newest first."""

    versions: list[PipelineVersion]


class Fault(BaseModel):
    """One thing that is wrong, and where."""

    place: str = Field(examples=["steps.clean.with.image"], description="Keys that lead to it.")
    line: int | None = Field(description="Of the text, from 1; null = there is none.")
    column: int | None
    step: str | None = Field(examples=["clean"])
    port: str | None = Field(examples=["image"])
    reason: str = Field(examples=["there is no input $imag"])
    remedy: str = Field(examples=["did you mean 'image'?"])
    form: bool = Field(
        description="Whether what stands there has not the form of a pipeline, and is left out of "
        "`yaml` and `pipeline`."
    )


class GraphPort(BaseModel):
    """A port of a node: its name, then the words of its kind."""

    model_config = ConfigDict(extra="allow")

    name: str
    type: str


class GraphNode(BaseModel):
    """A step in a pipeline."""

    name: str = Field(examples=["clean"])
    step: str = Field(examples=["denoise"], description="What it uses.")
    known: bool = Field(description="Whether there is such a step; else its ports are not known.")
    streams: bool
    inputs: list[GraphPort]
    outputs: list[GraphPort]


class GraphWire(BaseModel):
    """What a port is bound to."""

    model_config = ConfigDict(populate_by_name=True)

    from_: str = Field(alias="from", examples=["faults.noise", "$image"],
                       description="`step.port`, or `$input` of the pipeline.")  # fmt: skip
    to: str = Field(examples=["clean.image", "clean.when"],
                    description="`step.port`, `step.when`, `step.each`.")  # fmt: skip


class GraphOutput(BaseModel):
    """An output of the pipeline."""

    name: str
    from_: str = Field(alias="from", examples=["large.image"])


class GraphView(BaseModel):
    """Steps and wires, as far as they could be made out."""

    nodes: list[GraphNode] = Field(max_length=MOST_STEPS)
    wires: list[GraphWire]
    stages: list[list[str]] = Field(
        description="Nodes that run as one chain, strip by strip; empty while there are faults."
    )
    inputs: list[GraphPort]
    outputs: list[GraphOutput]


class Checked(BaseModel):
    """What is wrong with a pipeline, and what is known of it."""

    valid: bool
    faults: list[Fault]
    yaml: str | None = Field(description="The same, as it is usually written; null = unreadable.")
    pipeline: Spec | None
    graph: GraphView | None


class PaletteStep(BaseModel):
    """A step that pipelines may use."""

    name: str = Field(examples=["denoise"])
    version: str | None = Field(description="Digest of a step that was added; null = built in.")
    title: str
    description: str
    group: str = Field(examples=["enhance"], description="Where it stands in a menu.")
    shape: Literal["run", "look", "tile", "model"]
    streams: bool = Field(description="Whether pictures of any size pass strip by strip.")
    inputs: Ports = Field(description="All that may be bound, in order.")
    parameters: list[str] = Field(description="Those of `inputs` that set it, and have a default.")
    outputs: Ports
    about: dict[str, str] = Field(
        examples=[{"scale": "Output pixels per input pixel along each side; 1 = it passes by."}],
        description="Parameter or output -> what it means, and its unit, where that is written.",
    )


class KindOfPort(BaseModel):
    """A kind of values."""

    title: str
    accepts: list[str] = Field(description="Kinds of which some value may go in.")
    words: list[str] = Field(description="What narrows it.")


class Palette(BaseModel):
    """What there is to build with."""

    steps: list[PaletteStep]
    kinds: dict[str, KindOfPort]
