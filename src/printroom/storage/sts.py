"""Credentials for a part of a bucket, from the service's own token service (STS).

    RemoteStore with `sts=` in its address, prefixes -> Scoped, with keys that can do no more
                                                        NotOffered StoreRefused StoreUnavailable

What `Scoped` refuses here, the service refuses, too: so the handle can be given to a process that
runs the code of others. AWS wants `role=`, a role that may use the bucket; MinIO needs none. The
request is AssumeRole with a session policy, signed by hand (AWS Signature Version 4), since OpenDAL
cannot.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from printroom.core.errors import NotOffered, StoreRefused, StoreUnavailable
from printroom.storage.address import Address
from printroom.storage.keys import Prefix
from printroom.storage.opendal_store import RemoteStore
from printroom.storage.scoped import Scoped

_PATIENCE = 30.0
_MOST = 2**16
"""Bytes of an answer."""
_FIELDS = {
    "access_key_id": "AccessKeyId",
    "secret_access_key": "SecretAccessKey",
    "session_token": "SessionToken",
}


def limited(
    store: RemoteStore, read: Iterable[str] = (), write: Iterable[str] = (), seconds: int = 3600
) -> Scoped:
    """A handle as `Scoped` makes it, with credentials of its own, good for `seconds` (900 or more).

    Raises NotOffered for a store without `sts=`, StoreRefused, StoreUnavailable.
    """
    address = store.address
    options = dict(address.options)
    if address.scheme != "s3" or "sts" not in options:
        raise NotOffered(f"{store.name} gives no limited credentials", "add ?sts= to its address")
    seen, written = tuple(map(Prefix, read)), tuple(map(Prefix, write))
    form = {
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "DurationSeconds": str(seconds),
        "RoleSessionName": "printroom",
        "RoleArn": options.get("role", "arn:aws:iam::000000000000:role/any"),
        "Policy": json.dumps(policy(address, seen, written), separators=(",", ":")),
    }
    body = urlencode(form).encode()
    region = options.get("region", "us-east-1")
    headers = signed(options["sts"], body, region, store.credentials(), datetime.now(UTC))
    answer = _asked(store, Request(options["sts"], body, headers))
    found = {name: _field(store, answer, tag) for name, tag in _FIELDS.items()}
    return Scoped(RemoteStore(address, found), seen, written)


def policy(address: Address, read: Iterable[str], write: Iterable[str]) -> dict[str, Any]:
    """What the session may do: read and list below `read` and `write`, change below `write`."""
    bucket = f"arn:aws:s3:::{address.bucket}"
    changed = [f"{bucket}/{_literal(address.prefix + prefix)}*" for prefix in write]
    seen = [f"{address.prefix}{prefix}" for prefix in (*read, *write)]
    listed = {"StringLike": {"s3:prefix": [f"{_literal(prefix)}*" for prefix in seen]}}
    statements: list[dict[str, Any]] = [
        _allow(["s3:GetObject"], [f"{bucket}/{_literal(prefix)}*" for prefix in seen]),
        _allow(["s3:ListBucket"], [bucket]) | {"Condition": listed},
    ]
    if changed:
        verbs = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
        statements.append(_allow(verbs, changed))
    return {"Version": "2012-10-17", "Statement": statements}


def signed(
    url: str, body: bytes, region: str, secrets: Mapping[str, str], now: datetime
) -> dict[str, str]:
    """Headers of a POST to a token service, as AWS Signature Version 4 has them."""
    parts, moment = urlsplit(url), now.strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "host": parts.netloc,
        "x-amz-date": moment,
    }
    if token := secrets.get("session_token"):
        headers["x-amz-security-token"] = token
    names = ";".join(sorted(headers))
    lines = [f"{name}:{headers[name]}" for name in sorted(headers)]
    digest = hashlib.sha256(body).hexdigest()
    request = "\n".join(["POST", parts.path or "/", "", *lines, "", names, digest])
    scope = f"{moment[:8]}/{region}/sts/aws4_request"
    text = "\n".join(
        ["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(request.encode()).hexdigest()]
    )
    key = f"AWS4{secrets['secret_access_key']}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    who = f"{secrets['access_key_id']}/{scope}"
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={who}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


class _Straight(HTTPRedirectHandler):
    """Signed requests go where they were signed for."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _asked(store: RemoteStore, request: Request) -> str:
    try:
        with build_opener(_Straight).open(request, timeout=_PATIENCE) as answer:
            return str(answer.read(_MOST).decode("utf-8", "replace"))
    except HTTPError as error:
        text = error.read(_MOST).decode("utf-8", "replace")
        error.close()
        code = re.search(r"<Code>(\w+)</Code>", text)
        why = code[1] if code else f"status {error.code}"
        reason = f"{store.name}: limited credentials are refused, {why}"
        raise StoreRefused(reason, "check the role and its trust") from None
    except (URLError, OSError) as error:
        reason = f"{store.name}: the token service does not answer, {error}"
        raise StoreUnavailable(reason, "check sts= in its address") from None


def _field(store: RemoteStore, answer: str, tag: str) -> str:
    found = re.search(rf"<{tag}>([^<]+)</{tag}>", answer)
    if found is None:
        reason = f"{store.name}: the token service gave no {tag}"
        raise StoreUnavailable(reason, "check sts= in its address")
    return found[1].strip()


def _allow(verbs: list[str], resources: list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": verbs, "Resource": resources}


def _literal(text: str) -> str:
    """`text` without meaning for a policy: `*`, `?` and `$` stand for themselves."""
    return re.sub(r"[*?$]", lambda match: f"${{{match[0]}}}", text)
