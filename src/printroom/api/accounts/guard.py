"""What stands before all routes that are not bare applications: nobody unknown gets through.

    request -> Visit in the scope -> route           any refusal -> problem+json

Guarantee: a route that forgets to ask who it is serves nobody unknown all the same. OPEN is what
must work before somebody has signed in, and holds nothing of anybody's.
"""

from __future__ import annotations

import logging
from typing import Any

from printroom.accounts.principal import Scope
from printroom.api.accounts.door import Visit, limited_only
from printroom.api.body import HELD, Held, Receive
from printroom.api.endpoint import Call
from printroom.api.problems import problem_of
from printroom.api.replies import Send, lingering, send_problem
from printroom.api.service import Service
from printroom.core.errors import Overloaded, PrintroomError

VISIT = "printroom.visit"
"""Where the scope of a request has its visit."""
OPEN = frozenset(
    (
        "/docs",
        "/sample.jpg",
        "/healthz",
        "/readyz",
        "/v2/health/live",
        "/v2/health/ready",
        "/v1/sessions",
        "/v1/sessions/oidc",
        "/v1/sessions/oidc/callback",
        "/v1/payments/notices",
    )
)
_NEEDS: tuple[tuple[str, Scope], ...] = (
    ("/metrics", "metrics"),
    ("/v1/models", "models:read"),
    ("/v1/pipelines", "pipelines:read"),
    ("/v2/", "models:read"),
    ("/compat/openai/v1/models", "pipelines:read"),
)
"""What routes need that do not say so themselves."""
_WORK = ("/v1/runs", "/v1/batches", "/v1/people", "/compat/")
"""Where a POST takes units."""
_LIMITED = ("/v1/runs", "/v1/files", "/v1/pipelines/", "/compat/replicate/")
"""Where somebody who may touch only their own is let in, to be asked again by the route."""
_PIPELINE = "/v1/pipelines/"
log = logging.getLogger("printroom.api")


class Guard:
    """An ASGI application before another one."""

    def __init__(self, service: Service, behind: Any) -> None:
        self._service, self._behind = service, behind
        self._metrics_open = service.workshop.settings.http_metrics_open

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Let one request through, or answer why not."""
        bodied = any(
            name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
            for name, value in scope["headers"]
        )
        held = scope[HELD] = Held(self._service.gate, receive, bodied=bodied)
        send = lingering(send, receive, lambda: held.unread)
        try:
            await self._guarded(scope, held, send)
        finally:
            held.release()

    async def _guarded(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path in OPEN or (path == "/metrics" and self._metrics_open):
            await self._behind(scope, receive, send)
            return
        door = self._service.door
        try:
            visit = scope[VISIT] = await self._entered(scope, path)
        except Exception as error:
            await self._refuse(scope, error, send)
            return
        try:
            await self._behind(scope, receive, send)
        finally:
            door.leave(visit)

    async def _entered(self, scope: dict[str, Any], path: str) -> Visit:
        need = next((need for start, need in _NEEDS if path.startswith(start)), None)
        target = path[len(_PIPELINE) :] if path.startswith(_PIPELINE) else None
        work = scope["method"] == "POST" and path.startswith(_WORK)
        visit = await self._service.door.enter(scope, need, target=target, work=work)
        if not path.startswith(_LIMITED):
            try:
                limited_only(visit.principal)
            except PrintroomError:
                self._service.door.leave(visit)
                raise
        return visit

    async def _refuse(self, scope: dict[str, Any], error: Exception, send: Send) -> None:
        call = Call.of(scope["headers"])
        name = call.id.decode()
        if not isinstance(error, PrintroomError):
            log.error("request %s: %r", name, error, exc_info=error)
        elif error.status >= 500 and not isinstance(error, Overloaded):
            log.error("request %s: %r", name, error)
        answer = problem_of(error, name, self._service.scratch.hide, {})
        await send_problem(send, answer, [(b"x-request-id", call.id)])
