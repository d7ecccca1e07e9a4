"""Everything that is delivered, behind one question.

    Request -> Answer                    NotFound BadLink LinkExpired StoreUnavailable ...
            -> Future of an Answer       a picture that has to be made first

An artifact is given to whoever has a signed address that is still good; a public one to everybody.
What cannot be had, and what one may not have, look the same without a signature: NotFound.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass

from printroom.core.errors import BadOption, NotFound
from printroom.delivery.answering import (
    FOREVER,
    NOTHING,
    Answer,
    Facts,
    Request,
    answer,
    disposition,
)
from printroom.delivery.artifact import (
    Artifact,
    Artifacts,
    Content,
    Held,
    Stored,
    is_digest,
    spoilt,
)
from printroom.delivery.links import (
    ARTIFACTS,
    PICTURES,
    Link,
    VariantLink,
    expiry,
    read_link,
    read_variant,
    saved_as,
)
from printroom.delivery.memory import Memory
from printroom.delivery.negotiation import class_of
from printroom.delivery.options import Options, parse_options
from printroom.delivery.signing import SigningKeys
from printroom.delivery.variants import Variants
from printroom.imaging.formats import sniff
from printroom.storage.cache import BlockCache

FRESH = 5.0
"""Seconds for which it is taken on trust that an artifact is still there, and still public."""
PRIVATE = 300
"""Seconds that a browser may keep what is private, at most."""
_KNOWN = 10_000
_MEDIA = re.compile(r"[\w.+-]+/[\w.+-]+(?:; ?charset=[\w-]+)?", re.A)


@dataclass(frozen=True)
class _Found:
    """What an address leads to."""

    artifact: Artifact
    expires: int | None
    name: str | None = None

    @property
    def cache(self) -> str:
        """`Cache-Control`."""
        if self.artifact.public:
            return FOREVER
        left = min(PRIVATE, (self.expires or 0) - int(time.time()))
        return f"private, max-age={left}" if left > 0 else NOTHING


class Delivery:
    """Answers requests. Safe from many threads."""

    def __init__(
        self,
        artifacts: Artifacts,
        keys: SigningKeys,
        cache: BlockCache,
        variants: Variants,
        presets: Mapping[str, Options] | None = None,
    ) -> None:
        self._artifacts, self._keys, self._cache = artifacts, keys, cache
        self._variants, self._presets = variants, presets or {}
        self._memory = Memory()
        self._known: OrderedDict[str, tuple[float, Artifact]] = OrderedDict()

    def answer(self, request: Request, *, at_once: bool = False) -> Answer | Future[Content] | None:
        """The answer; or a picture that is being made: ask again when it is there.

        `at_once`: only if nothing need be waited for, else None.
        """
        if request.path.startswith(PICTURES):
            return self._picture(request, at_once)
        link, only = read_link(request.path, request.query, self._keys)
        if only is not None:
            return _elsewhere(only)
        artifact = self._artifact(link.digest, link.expires, at_once)
        if artifact is None:
            return None
        found = _Found(artifact, link.expires, link.name)
        content: Content | None = self._memory.get(artifact.digest)
        if content is None:
            if at_once:
                return None
            content = self._content(artifact)
        media = artifact.media_type if _MEDIA.fullmatch(artifact.media_type) else _UNKNOWN
        shown = disposition(found.name, media)
        facts = Facts(f'"{artifact.digest}"', media, found.cache, shown)
        return answer(request, facts, content)

    def whole(self, request: Request) -> Answer:
        """The answer, however long it takes."""
        found = self.answer(request)
        while not isinstance(found, Answer):
            if found is not None:
                found.result()
            found = self.answer(request)
        return found

    def link(
        self,
        digest: str,
        account: str,
        seconds: int,
        name: str | None = None,
        options: str | None = None,
    ) -> tuple[str, int | None]:
        """(address, when it ends) of an artifact of `account`, to be saved as `name`, or of the
        picture that `options` make of it. Raises NotFound, BadOption.
        """
        if not is_digest(digest):
            raise NotFound(f"there is no artifact {digest[:80]!a}", "an artifact has 64 digits")
        public = self._artifacts.artifact(digest, account).public
        expires = None if public else expiry(seconds)
        if options is None:
            link = Link(digest, None if name is None else saved_as(name), expires)
            return link.address(self._keys), expires
        if name is not None:
            raise BadOption("a picture made on the fly is shown", "leave out name, or options")
        parts = [part for part in options.split("/") if part]
        wanted = parse_options(parts, self._presets)
        return VariantLink(digest, wanted, expires).address(self._keys), expires

    def close(self) -> None:
        """Wait for the pictures that are being made, and let go of the cache."""
        self._variants.close()
        self._cache.close()

    def forget(self) -> None:
        """Keep nothing of what was given out: something of it had to be deleted everywhere."""
        self._known.clear()
        self._memory.clear()
        self._variants.clear()
        self._cache.room.clear()

    def publish(self, account: str, digest: str, public: bool) -> None:
        """Let everybody have an artifact of `account`, or not any more. Raises NotFound."""
        self._artifacts.publish(account, digest, public)
        self._known.pop(digest, None)

    def _picture(self, request: Request, at_once: bool) -> Answer | Future[Content] | None:
        link, only = read_variant(request.path, request.query, self._keys, self._presets)
        if only is not None:
            return _elsewhere(only)
        artifact = self._artifact(link.digest, link.expires, at_once)
        if artifact is None or (at_once and link.options.through is not None):
            return None  # which pipeline that is may have to be looked up
        wanted = class_of(link.options, request.headers.get("accept"))
        name = self._variants.name(link.digest, link.options, wanted)
        content: Content | None = self._memory.get(name)
        if content is None:
            if at_once:
                return None
            content = self._variants.kept(name)
        if content is None:
            return self._variants.make(name, artifact, link.options, wanted)
        if not isinstance(content, Held):
            content = self._memory.keep(name, content)
        return answer(request, _facts(name, link, _Found(artifact, link.expires), content), content)

    def _artifact(self, digest: str, expires: int | None, at_once: bool) -> Artifact | None:
        """Raises NotFound unless it is public, or the address is a signed one that ends."""
        until, artifact = self._known.get(digest, (0.0, None))
        if artifact is None or time.monotonic() > until:
            if at_once:
                return None
            artifact = self._artifacts.artifact(digest)
            self._known[digest] = time.monotonic() + FRESH, artifact
            while len(self._known) > _KNOWN:
                with contextlib.suppress(KeyError):  # another thread was first
                    self._known.popitem(last=False)
        if not artifact.public and expires is None:
            raise NotFound(f"there is no artifact {digest}", "ask for a signed address")
        return artifact

    def _content(self, artifact: Artifact) -> Content:
        """Small ones are checked against their digest and held; large ones are read as asked."""
        stored = Stored(artifact, self._cache)
        held = self._memory.keep(artifact.digest, stored)
        if isinstance(held, Held) and hashlib.sha256(held.data).hexdigest() != artifact.digest:
            self._memory.drop(artifact.digest)
            raise spoilt(artifact)
        return held


_UNKNOWN = "application/octet-stream"


def _facts(name: str, link: VariantLink, found: _Found, content: Content) -> Facts:
    container = sniff(content.read(0, min(256, content.size)))
    media = container.media_type if container else _UNKNOWN
    vary = link.options.format == "auto"
    return Facts(f'"{name}"', media, found.cache, "", vary)


def _elsewhere(only: str) -> Answer:
    """The one address of what was asked for in another spelling."""
    plain = only.startswith(ARTIFACTS) and "?" not in only
    cache = "public, max-age=86400" if plain else NOTHING
    headers = [
        (b"location", only.encode()),
        (b"cache-control", cache.encode()),
        (b"content-length", b"0"),
    ]
    return Answer(308, headers)
