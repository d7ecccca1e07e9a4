"""The steps `http`, `http-number` and `http-picture`: a call of another server, whole.

    url, method, headers, body with places, values -> ask -> JSON, checked -> what `take` points at
        AddressRefused: a host that nobody allowed     FetchFailed: no answer, or not as expected
        BadOption: a place without a value             PictureError: what came is no picture

There is one step for each kind of result, so that what comes out has a kind of its own. What is
said in headers may be a secret: it is in no message.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode
from dataclasses import field
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from printroom.core.data_uri import data_uri
from printroom.core.errors import FetchFailed
from printroom.pipelines.named import Address, Formed
from printroom.pipelines.ports import Picture, Range
from printroom.pipelines.step import Planes, Step, StepContext
from printroom.pipelines.telling import without_secrets
from printroom.steps.outside import filling
from printroom.steps.outside.answers import fault, number, schema_of

if TYPE_CHECKING:  # brings what asks
    from printroom.core.calls import Reply

_NONE = object()
_EXPECTED = "see what it answers, and mend the schema or take"


class _Call(Step):
    """What all of them have in common."""

    url: Annotated[str, Address()]
    """Of https, at a host that whoever runs the server allows; behind the host, places such as
    {text1} are filled with what is bound."""
    method: Literal["GET", "POST"] = "POST"
    """Only GET is tried again when the other server failed."""
    body: Annotated[str, Formed(filling.body_of)] = ""
    """JSON that is sent, in which "{text1}", "{number1}", "{image}" (a data URI) and
    "{image-base64}" stand for what is bound; empty = nothing is sent."""
    headers: list[Annotated[str, Formed(filling.header_of)]] = field(default_factory=list)
    """Names of headers."""
    values: list[str] = field(default_factory=list)
    """What they are, in the same order; each may be a secret."""
    schema: Annotated[str, Formed(schema_of)] = ""
    """JSON Schema that the answer must fit; empty = any answer."""
    take: str = ""
    """Where in the answer the result is: a JSON pointer such as /data/0/url; empty = all of it."""
    seconds: Annotated[float, Range(0.1, 300)] = 30.0
    """That it may take in all."""

    def asked(
        self,
        context: StepContext,
        texts: list[str],
        numbers: list[float],
        image: Planes | None,
    ) -> Reply:
        """What the other server answers. Raises AddressRefused, FetchFailed, BadOption."""
        from printroom.core.calls import Question

        picture = None
        if image is not None:
            from printroom.steps.outside.pictures import png  # brings libvips

            picture = png(image)
        values = filling.values_of(texts, numbers, picture)
        body = filling.filled(filling.body_of(self.body), values)
        sent = None if body is None else json.dumps(body, allow_nan=False).encode()
        url, headers = filling.addressed(self.url, values), self._headers()
        question = Question(self.method, url, headers, sent, seconds=self.seconds)
        return context.ask(question)

    def taken(self, reply: Reply) -> Any:
        """What `take` points at in the answer, which fits the schema. Raises FetchFailed."""
        try:
            answer = json.loads(reply.body)
        except (ValueError, RecursionError):
            raise self.unexpected("answers what is no JSON") from None
        if reason := fault(schema_of(self.schema), answer):
            raise self.unexpected(f"answers what is not expected: {reason}")
        found = pointed(answer, self.take)
        if found is _NONE:
            raise self.unexpected(f"answers without {self.take[:200]!r}")
        return found

    def unexpected(self, reason: str) -> FetchFailed:
        """An answer that is not as it should be."""
        return FetchFailed(f"{urlsplit(self.url).hostname} {reason}", _EXPECTED)

    def _headers(self) -> dict[str, str]:
        return filling.headers_of(self.headers, self.values)


class Http(_Call):
    """Calls another server, and takes a text from its answer."""

    name = "http"

    def run(
        self,
        context: StepContext,
        texts: list[str] = [],  # noqa: B006  it is read alone
        numbers: list[float] = [],  # noqa: B006
        image: Picture | None = None,
    ) -> str:
        """Without `take` and `schema`, the answer as it came; what is no text is given as JSON."""
        reply = self.asked(context, texts, numbers, image)
        if not self.take and not self.schema:
            try:
                return without_secrets(reply.body.decode())
            except UnicodeDecodeError:
                raise self.unexpected("answers what is no text") from None
        found = self.taken(reply)
        return without_secrets(found if isinstance(found, str) else json.dumps(found))


class HttpNumber(_Call):
    """Calls another server, and takes a number from its answer."""

    name = "http-number"

    def run(
        self,
        context: StepContext,
        texts: list[str] = [],  # noqa: B006
        numbers: list[float] = [],  # noqa: B006
        image: Picture | None = None,
    ) -> float:
        """What `take` points at must be a number."""
        found = self.taken(self.asked(context, texts, numbers, image))
        try:
            if number(found):
                return float(found)
        except OverflowError:
            pass
        raise self.unexpected("answers with no number there")


class HttpPicture(_Call):
    """Calls another server, and takes a picture from its answer."""

    name = "http-picture"

    def run(
        self,
        context: StepContext,
        texts: list[str] = [],  # noqa: B006
        numbers: list[float] = [],  # noqa: B006
        image: Picture | None = None,
    ) -> Picture:
        """The answer is a picture; or what `take` points at is one, in base64 or as a data URI."""
        from printroom.steps.outside.pictures import planes_of

        reply = self.asked(context, texts, numbers, image)
        if not self.take and not self.schema:
            return planes_of(reply.body)
        found = self.taken(reply)
        try:
            text = found if isinstance(found, str) else ""
            data = data_uri(text) if text.startswith("data:") else b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise self.unexpected("answers with no picture there") from None
        return planes_of(data)


def pointed(raw: Any, pointer: str) -> Any:
    """What a JSON pointer (RFC 6901) means in `raw`; `_NONE` where there is nothing.

    >>> pointed({"a": [1, {"b/c": 2}]}, "/a/1/b~1c")
    2
    """
    if not pointer:
        return raw
    if not pointer.startswith("/"):
        return _NONE
    for part in pointer[1:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(raw, dict) and name in raw:
            raw = raw[name]
        elif isinstance(raw, list) and name.isascii() and name.isdigit() and int(name) < len(raw):
            raw = raw[int(name)]
        else:
            return _NONE
    return raw
