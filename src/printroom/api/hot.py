"""The hot path: `POST /v1/images/enhance`.

picture bytes, query, Accept -> picture bytes
"""

from __future__ import annotations

from typing import Any

from printroom.accounts.prices import Amounts
from printroom.api.body import Body, Receive, check_length
from printroom.api.endpoint import Call, Endpoint, principal, watched
from printroom.api.enhancing import EnhanceJob
from printroom.api.parameters import parse_query
from printroom.api.problems import Headers
from printroom.api.replies import Send, Stall
from printroom.api.sold import sold
from printroom.engine.enhancement import Enhanced


class EnhanceEndpoint(Endpoint):
    """The ASGI application for one path and method."""

    async def _answer(
        self, call: Call, body: Body, scope: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        service = self._service
        options = parse_query(scope["query_string"], service.limits.pixels)
        service.gate.check()
        check_length(call.length, service.limits.body)
        source = await body.read(receive)
        job = EnhanceJob(service, source, options, call.accept, principal(call).viewer)
        try:
            enhanced = await watched(job, scope)
            body.release()
            call.model, call.target = enhanced.model, "enhance"
            pixels = enhanced.width * enhanced.height
            call.made = Amounts(1, pixels, round(enhanced.seconds * 1000))
            stall = Stall(scope["transport"], service.limits.idle)
            headers = [*_headers(enhanced), *sold(job.sale)]
            await self._send(call, enhanced.path or enhanced.data or b"", headers, stall, send)
        finally:
            job.release()

    def _target(self, _scope: dict[str, Any]) -> str:
        return "enhance"


def _headers(enhanced: Enhanced) -> Headers:
    headers = [
        (b"content-type", enhanced.media_type.encode()),
        (b"x-printroom-model", enhanced.model.encode()),
    ]
    if enhanced.report:
        done = ",".join(step.step for step in enhanced.steps)
        headers.append((b"x-printroom-steps", done.encode()))
    return headers
