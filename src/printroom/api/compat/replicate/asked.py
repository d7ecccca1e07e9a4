"""What replicate's clients ask for, in our words.

    body, model -> Asked                 BadOption BadParameter
    request -> Base: where addresses begin, and whether they are https

A file that was uploaded comes back among the inputs as its address: that means the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from pydantic import BaseModel, Field, JsonValue

from printroom.accounts.principal import Principal
from printroom.api.problems import BadParameter
from printroom.api.proxied import base_of
from printroom.core.settings import Settings
from printroom.runs.prediction import DIALECT
from printroom.runs.runs import Asked
from printroom.runs.target import said

PREFIX = "/compat/replicate"
_FILE = re.compile(rf"https?://[^\s?#]+{PREFIX}/v1/files/(file_\w{{1,64}})(?:/content)?", re.ASCII)


class PredictionCreate(BaseModel):
    """A prediction that is wanted; what clients say beside it is passed over."""

    version: str | None = Field(None, max_length=300)
    input: dict[str, JsonValue] = {}
    webhook: str | None = Field(None, max_length=2048)
    webhook_completed: str | None = Field(None, max_length=2048)
    webhook_events_filter: list[str] | None = Field(None, max_length=10)


@dataclass(frozen=True)
class Base:
    """Where the addresses begin that an answer holds."""

    address: str
    """Of replicate's API here."""
    origin: str
    """Of the server."""

    @property
    def secure(self) -> bool:
        """Whether clients take an address for a file: they do so of https alone."""
        return self.origin.startswith("https:")

    @classmethod
    def of(cls, request: Request, settings: Settings) -> Base:
        """As the settings say, else as the client wrote it."""
        origin = base_of(request.scope, settings.url)
        return cls(origin + PREFIX, origin)


def asked_for(
    who: Principal, body: PredictionCreate, model: str | None, base: Base, key: str | None
) -> Asked:
    """`model`: `owner/name` of the address; None = the version names it. Raises NotFound."""
    version = body.version
    if version is not None and ":" in version:  # owner/name:version
        version = version.rpartition(":")[2]
    target = model or version
    if target is None:
        raise BadParameter(
            "there is no version", "name one, as GET models tells", params=["version"]
        )
    who.need_target(said(target, who.account))
    events = body.webhook_events_filter
    wanted = events is None or "completed" in events
    return Asked(
        who.account,
        target,
        {name: _given(value) for name, value in body.input.items()},
        webhook=(body.webhook or body.webhook_completed) if wanted else None,
        key=key,
        by=who.key,
        end_user=who.end_user,
        dialect={"name": DIALECT, "base": base.address},
    )


def _given(value: Any) -> Any:
    if isinstance(value, list):
        return [_given(one) for one in value]
    if isinstance(value, Mapping):
        return {name: _given(one) for name, one in value.items()}
    if isinstance(value, str) and (found := _FILE.fullmatch(value)):
        return found[1]
    return value
