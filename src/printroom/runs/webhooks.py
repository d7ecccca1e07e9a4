"""Webhooks: who is told when runs and batches are over, signed as Standard Webhooks has it.

    run that is over -> deliveries -> Requests     in the transaction that ends it: told once
    job "webhook" -> Delivering -> posted          FetchFailed: again, later

https://github.com/standard-webhooks/standard-webhooks: the signature is HMAC-SHA256 of
`id.timestamp.body` with the secret's bytes, in base64 behind `v1,`; a secret is written `whsec_`
and base64. A message that is sent again has the same id. Secrets are sealed in the database.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from printroom.core.errors import BadOption, FetchFailed, NotFound
from printroom.core.outbound import Outbound
from printroom.database.prepared import Prepared
from printroom.jobs.context import Context
from printroom.jobs.model import Job
from printroom.jobs.queue import Queue, ready
from printroom.jobs.submit import Request, Submitted, as_job, enter, new_id
from printroom.runs.model import SECRETS, WEBHOOKS
from printroom.runs.prediction import DIALECT, content_of, prediction_json
from printroom.runs.view import moment, run_json
from printroom.storage.sealing import Seal

_log = logging.getLogger(__name__)
KIND = "webhook"
FINISHED = "batch.finished"
EVENTS = ("run.succeeded", "run.failed", "run.cancelled", FINISHED)
_TYPES = {"done": EVENTS[0], "dead": EVENTS[1], "cancelled": EVENTS[2]}
SECONDS = 15.0
"""For one delivery."""
RETRIES, BACKOFF = 18, 5.0
"""Together two hours."""
_ENABLED = Prepared(
    select(WEBHOOKS).where(WEBHOOKS.c.account == bindparam("whose"), WEBHOOKS.c.enabled)
)
_PLAIN = "whsec_"
"""How a secret begins that is not sealed."""
_MOST = 16
"""Webhooks of an account."""


@dataclass(frozen=True)
class Webhook:
    """An address of an account."""

    id: str
    account: str
    url: str
    secret: str
    """As it was told once, where it was made just now; else as it is kept."""
    events: tuple[str, ...]
    """Which it is told of; empty = all."""
    description: str
    enabled: bool
    created_at: float


class Webhooks:
    """The addresses of all accounts. Safe from many threads."""

    def __init__(self, queue: Queue, outbound: Outbound, seal: Seal) -> None:
        self._queue, self._outbound, self._seal = queue, outbound, seal
        self._database = queue.database

    def add(
        self, account: str, url: str, events: Sequence[str] = (), description: str = ""
    ) -> Webhook:
        """A new address, with a secret of its own. Raises BadOption, AddressRefused."""
        self._outbound.check(url)
        if unknown := set(events) - set(EVENTS):
            raise BadOption(f"there is no event {min(unknown)!r}", f"there is {', '.join(EVENTS)}")
        if len(self.list(account)) >= _MOST:
            raise BadOption(f"there are {_MOST} webhooks already", "delete one")
        now = self._database.clock()
        made = Webhook(
            f"wh_{new_id(now)}", account, url, new_secret(), tuple(events), description, True, now
        )
        row = vars(made) | {"events_json": json.dumps(made.events)}
        row["secret"] = self._seal.seal(made.secret)
        del row["events"]
        self._database.run(lambda connection: connection.execute(insert(WEBHOOKS), row))
        return made

    def list(self, account: str) -> list[Webhook]:
        """All of an account, the oldest first."""
        query = select(WEBHOOKS).where(WEBHOOKS.c.account == account).order_by(WEBHOOKS.c.id)
        rows = self._database.run(lambda c: c.execute(query).all(), write=False)
        return [_webhook(row) for row in rows]

    def get(self, account: str, name: str) -> Webhook:
        """Raises NotFound."""
        for found in self.list(account):
            if found.id == name:
                return found
        raise NotFound(f"there is no webhook {name[:64]!r}", "list them to see their ids")

    def change(self, account: str, name: str, *, enabled: bool) -> Webhook:
        """Tell it, or do not. Raises NotFound."""
        self.get(account, name)
        change = update(WEBHOOKS).where(WEBHOOKS.c.id == name).values(enabled=enabled)
        self._database.run(lambda connection: connection.execute(change))
        return self.get(account, name)

    def delete(self, account: str, name: str) -> None:
        """Tell it no more. Raises NotFound."""
        self.get(account, name)
        gone = delete(WEBHOOKS).where(WEBHOOKS.c.id == name)
        self._database.run(lambda connection: connection.execute(gone))

    def secret(self, account: str) -> str:
        """What an account signs with where a run names its own address; made when first asked."""
        return self._queue.change(lambda c: account_secret(c, account, self._seal))

    def deliveries(
        self, account: str, name: str, before: str | None = None, most: int = 100
    ) -> Sequence[Job]:
        """What it was told, or is to be told, the newest first. Raises NotFound."""
        self.get(account, name)
        return self._queue.jobs(account=_line(name), kind=KIND, before=before, most=most)

    def replay(self, account: str, name: str, delivery: str) -> Job:
        """Tell it again: the same message, under its id. Raises NotFound."""
        self.get(account, name)
        job = self._queue.get(delivery)
        if job.kind != KIND or job.account != _line(name):
            raise NotFound(f"there is no delivery {delivery[:64]!r}", "list them to see their ids")
        if job.state == "dead":
            return self._queue.retry(job.id)
        again = as_job(_request(job.account, job.payload), self._database.clock())

        def entered(connection: Connection) -> list[Submitted]:
            return enter(connection, [again], again.created_at)

        return self._queue.change(entered, ready(KIND))[0].job


def deliveries(connection: Connection, job: Job, url: str | None) -> list[Request]:
    """What is to be told of a run that is over; `url`: the address that it named itself."""
    told = {"run": job.id, "at": job.finished_at}
    occasion = f"{job.id}/{job.attempt}"
    return messages(connection, job.account, _TYPES[job.state], occasion, told, url)


def messages(
    connection: Connection,
    account: str,
    kind: str,
    occasion: str,
    told: dict[str, Any],
    url: str | None,
) -> list[Request]:
    """One for each address that wants events of that `kind`, and for `url`. `told`: what the
    message is made of; the same `occasion` has the same message, however often it is told.
    """
    known = map(_webhook, _ENABLED(connection, {"whose": account}))
    places = [(_line(one.id), {"webhook": one.id}) for one in known if _wants(one, kind)]
    if url is not None:
        places.append((f"hooks:{account}"[:255], {"url": url}))
    return [_told(occasion, kind, line, told, where) for line, where in places]


class Delivering:
    """A handler: tells one address of one run, or of a batch."""

    def __init__(self, queue: Queue, outbound: Outbound, seal: Seal) -> None:
        self._queue, self._outbound, self._seal = queue, outbound, seal

    def __call__(self, job: Job, context: Context) -> Any:
        """Raises FetchFailed, AddressRefused, NotFound: the run or the webhook is gone."""
        context.check()
        payload = job.payload
        account, said = self._said(payload)
        url, secret = self._where(account, payload)
        body = json.dumps(said, separators=(",", ":")).encode()
        at = int(self._queue.database.clock())
        headers = {
            "content-type": "application/json",
            "webhook-id": payload["message"],
            "webhook-timestamp": str(at),
            "webhook-signature": signature(secret, payload["message"], at, body),
        }
        status = self._outbound.post(url, body, headers, seconds=SECONDS).status
        if status == 410:
            self._gone(payload)
            raise NotFound("the webhook answers 410: it wants no more", "make another one")
        if not 200 <= status < 300:
            raise FetchFailed(f"the webhook answers {status}", "it is tried again later")
        return {"status": status}

    def _said(self, payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Whose it is, and the message."""
        if "run" in payload:
            run = self._queue.get(payload["run"])
            return run.account, _said(payload, run)
        return payload["account"], _message(payload, payload["data"])

    def _where(self, account: str, payload: dict[str, Any]) -> tuple[str, str]:
        """Address and secret."""
        if "url" in payload:
            secret = self._queue.change(lambda c: account_secret(c, account, self._seal))
            return payload["url"], secret
        query = select(WEBHOOKS).where(WEBHOOKS.c.id == payload["webhook"])
        row = self._queue.database.run(lambda c: c.execute(query).first(), write=False)
        if row is None:
            raise NotFound("the webhook was deleted")
        found = _webhook(row)
        return found.url, opened(self._seal, found.secret)

    def _gone(self, payload: dict[str, Any]) -> None:
        if "webhook" in payload:
            change = update(WEBHOOKS).where(WEBHOOKS.c.id == payload["webhook"])
            change = change.values(enabled=False)
            self._queue.database.run(lambda connection: connection.execute(change))


def _said(payload: dict[str, Any], run: Job) -> dict[str, Any]:
    """The message; in the words of other services where the run was asked for in them."""
    dialect = run.payload.get("dialect") if "url" in payload else None
    if dialect is not None and dialect["name"] == DIALECT:
        base = dialect["base"]
        return prediction_json(run, base, lambda one: content_of(base, one["file"]))
    return _message(payload, run_json(run))


def _message(payload: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    return {"type": payload["type"], "timestamp": moment(payload["at"]), "data": data}


def signature(secret: str, message: str, at: int, body: bytes) -> str:
    """The header `webhook-signature`."""
    key = base64.b64decode(secret.removeprefix(_PLAIN))
    signed = f"{message}.{at}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def new_secret() -> str:
    """32 random bytes, as they are written."""
    return _PLAIN + base64.b64encode(secrets.token_bytes(32)).decode()


def account_secret(connection: Connection, account: str, seal: Seal) -> str:
    """The secret of an account, made if there is none."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    made = dialect.insert(SECRETS).values(account=account, secret=seal.seal(new_secret()))
    connection.execute(made.on_conflict_do_nothing())
    query = select(SECRETS.c.secret).where(SECRETS.c.account == account)
    return opened(seal, str(connection.execute(query).scalar_one()))


def opened(seal: Seal, kept: str) -> str:
    """A secret as it was told. Raises BadOption for one that was sealed with another key."""
    return kept if kept.startswith(_PLAIN) else seal.unseal(kept, "the secrets of webhooks")


def can_open(connection: Connection, seal: Seal) -> bool:
    """Whether secrets that are kept were sealed with the key that this machine has."""
    for table in (WEBHOOKS, SECRETS):
        for kept in connection.execute(select(table.c.secret).limit(1)).scalars():
            try:
                opened(seal, kept)
            except BadOption as error:
                _log.warning("webhooks are left to other workers: %s", error)
                return False
    return True


def seal_plain(connection: Connection, seal: Seal) -> None:
    """Seal what an earlier printroom kept as it is; done twice, it is done once."""
    for table in (WEBHOOKS, SECRETS):
        plain = table.c.secret.startswith(_PLAIN, autoescape=True)
        for kept in connection.execute(select(table.c.secret).where(plain)).scalars().all():
            change = update(table).where(table.c.secret == kept)
            connection.execute(change.values(secret=seal.seal(kept)))


def _line(webhook: str) -> str:
    """The account of deliveries: not that of the runs, whose limits they do not share."""
    return f"hook:{webhook}"


def _told(
    occasion: str, kind: str, line: str, told: dict[str, Any], where: dict[str, Any]
) -> Request:
    seed = f"{occasion}/{kind}/{where}".encode()
    message = f"msg_{hashlib.sha256(seed).hexdigest()[:32]}"
    return _request(line, {"message": message, "type": kind, **told, **where})


def _request(line: str, payload: dict[str, Any]) -> Request:
    return Request(KIND, payload, account=line, retries=RETRIES, backoff=BACKOFF)


def _wants(webhook: Webhook, kind: str) -> bool:
    return not webhook.events or kind in webhook.events


def _webhook(row: Any) -> Webhook:
    known = dict(zip(WEBHOOKS.c.keys(), row, strict=True))
    known["enabled"] = bool(known["enabled"])
    events = tuple(json.loads(known["events_json"]))
    plain = {name: known[name] for name in Webhook.__dataclass_fields__ if name != "events"}
    return Webhook(events=events, **plain)
