"""What a store is called, and what is needed to open it.

    "s3://bucket/prefix?endpoint=https://minio.example" -> Address: BadOption, naming what is wrong

Everything that a person may write is in the table `SERVICES`; anything else is refused, so that who
may add a store cannot make us read files of this machine or use its own credentials. Secrets are
never a part of the address.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from printroom.core.errors import BadKey, BadOption
from printroom.storage.keys import Prefix, shown

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_REGION = re.compile(r"[a-z0-9-]{1,40}")  # it becomes a part of a host's name
_SWITCHES = {"on": True, "off": False}
_CLOUD = ("access_token", "refresh_token", "client_id", "client_secret")


@dataclass(frozen=True)
class Service:
    """A kind of store."""

    bucket: str = ""
    """What the part behind `://` is called by OpenDAL; empty = it has none."""
    options: tuple[str, ...] = ()
    """What may stand behind `?`, beside `conditions`, `ambient` and `patience`."""
    secrets: tuple[str, ...] = ()
    """What it may need to let us in."""
    own: tuple[str, ...] = ()
    """Options that OpenDAL does not see."""
    alone: Mapping[str, str] = field(default_factory=dict)
    """What keeps it from this machine's own credentials, unless `ambient=on`."""
    dialect: str = ""
    """The service whose language it speaks, where that is another's."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Secret -> what it is called in that language."""
    conditions: bool = True
    """Whether it heeds conditions, unless an address says otherwise."""


_S3_ALONE = {"disable_config_load": "true", "disable_ec2_metadata": "true"}


SERVICES: Mapping[str, Service] = {
    "s3": Service(
        "bucket",
        ("endpoint", "region", "enable_virtual_host_style", "checksum_algorithm"),
        ("access_key_id", "secret_access_key", "session_token"),
        own=("sts", "role"),
        alone=_S3_ALONE,
    ),
    "gcs": Service(
        "bucket",
        ("endpoint",),
        ("credential", "token"),
        alone={"disable_config_load": "true", "disable_vm_metadata": "true"},
    ),
    "azblob": Service("container", ("endpoint", "account_name"), ("account_key", "sas_token")),
    # By its S3: with the other API OpenDAL takes `ab` for `a`, and misnames large files.
    "b2": Service(
        "bucket",
        ("region", "endpoint"),
        ("application_key_id", "application_key"),
        alone=_S3_ALONE,
        dialect="s3",
        names={
            "application_key_id": "access_key_id",
            "application_key": "secret_access_key",
        },
        conditions=False,
    ),
    "dropbox": Service(secrets=_CLOUD),
    "onedrive": Service(secrets=_CLOUD),
    "gdrive": Service(secrets=_CLOUD),
    "webdav": Service("", ("endpoint",), ("username", "password", "token")),
    "fs": Service(),
    "memory": Service(),
}
"""Name in front of `://` -> what it takes."""


@dataclass(frozen=True)
class Address:
    """A store by name, without what opens it."""

    scheme: str
    bucket: str
    prefix: Prefix
    """Where in the bucket the store's keys begin; a path of this machine for `fs`."""
    options: tuple[tuple[str, str], ...] = ()
    """In the order of their names."""
    conditions: bool = True
    """Whether the service heeds conditions; some that speak S3 ignore them."""
    ambient: bool = False
    """Whether credentials of this machine may be used: of its environment, or its cloud."""
    patience: int = 30
    """Seconds to wait for an answer, or for the next part of one; 1 to 600."""

    @classmethod
    def parse(cls, text: str) -> Address:
        """Raises BadOption."""
        try:
            url = urlsplit(text)
            pairs = parse_qsl(url.query, keep_blank_values=True, strict_parsing=bool(url.query))
            prefix = Prefix(url.path.strip("/") if url.scheme != "memory" else "")
        except (ValueError, BadKey) as error:
            raise BadOption(f"{shown(text)} is no address of a store", str(error)) from None
        service = SERVICES.get(url.scheme)
        if service is None or "://" not in text:
            raise BadOption(
                f"{shown(text)} is no address of a store", f"begin with {'://, '.join(SERVICES)}://"
            )
        if bool(url.netloc) != bool(service.bucket) or "@" in url.netloc or url.fragment:
            form = f"{url.scheme}://{service.bucket.upper()}/PREFIX"
            raise BadOption(
                f"{shown(text)} is no address of a store", f"write it as {form}?OPTIONS"
            )
        if url.netloc and not _BUCKET.fullmatch(url.netloc):
            raise BadOption(f"{shown(url.netloc)} is no bucket", "take letters, digits, . _ and -")
        options = _options(url.scheme, service, pairs)
        if not _REGION.fullmatch(options.get("region", "auto")):
            raise BadOption(f"region {shown(options['region'])} is none", "write it as eu-west-1")
        conditions = options.pop("conditions", None)
        heeds = service.conditions if conditions is None else _switch("conditions", conditions)
        ambient = _switch("ambient", options.pop("ambient", "off"))
        patience = _seconds(options.pop("patience", "30"))
        if url.scheme == "b2" and not {"region", "endpoint"} & set(options):
            raise BadOption(
                "a store of Backblaze needs its region",
                f"write b2://{url.netloc}/?region=us-west-004, as the bucket's endpoint has it",
            )
        ordered = tuple(sorted(options.items()))
        return cls(url.scheme, url.netloc, prefix, ordered, heeds, ambient, patience)

    @property
    def dialect(self) -> str:
        """OpenDAL's name for the language that the service speaks."""
        return SERVICES[self.scheme].dialect or self.scheme

    @property
    def name(self) -> str:
        """For messages."""
        endpoint = dict(self.options).get("endpoint", "")
        host = f"?endpoint={endpoint}" if endpoint else ""
        return f"{self.scheme}://{self.bucket}/{self.prefix}{host}"

    def identity(self, secrets: Mapping[str, str]) -> str:
        """The same for the same objects: where no bucket says whose they are, who asks does."""
        if SERVICES[self.scheme].bucket:
            return self.name
        who = secrets.get("username") or json.dumps(sorted(secrets.items()))
        return f"{self.name}#{hashlib.sha256(who.encode()).hexdigest()[:32]}"

    def settings(self, secrets: Mapping[str, str]) -> dict[str, str]:
        """What OpenDAL is told. Raises BadOption for secrets that this service has no use for."""
        service = SERVICES[self.scheme]
        if unknown := set(secrets) - set(service.secrets):
            raise BadOption(
                f"{self.scheme} takes no {', '.join(sorted(unknown))}",
                f"it takes {', '.join(service.secrets) or 'none'}",
            )
        found = {} if self.ambient else dict(service.alone)
        if service.bucket:
            found[service.bucket] = self.bucket
        options = {name: value for name, value in self.options if name not in service.own}
        named = {service.names.get(name, name): secret for name, secret in secrets.items()}
        found |= {"root": f"/{self.prefix}"} | options | named
        if self.scheme == "b2" and "endpoint" not in found:
            found["endpoint"] = f"https://s3.{found['region']}.backblazeb2.com"
        if self.dialect == "s3":
            found.setdefault("region", "us-east-1")
            _anonymous(found, self.ambient, "access_key_id", "allow_anonymous")
        if self.scheme == "gcs":
            _anonymous(found, self.ambient, "credential", "allow_anonymous")
        return found


def _anonymous(found: dict[str, str], ambient: bool, secret: str, option: str) -> None:
    """A public bucket is read without a signature, if there is nothing to sign with."""
    if not ambient and secret not in found and "token" not in found:
        found[option] = "true"


def _options(scheme: str, service: Service, pairs: list[tuple[str, str]]) -> dict[str, str]:
    known = (*service.options, *service.own, "conditions", "ambient", "patience")
    for name, _ in pairs:
        if name in service.secrets:
            raise BadOption(f"{name} does not belong into an address", "give it as a secret")
        if name not in known:
            raise BadOption(f"{scheme} has no option {shown(name)}", f"it has {', '.join(known)}")
    options = dict(pairs)
    for name in ("endpoint", "sts"):
        if name in options and urlsplit(options[name]).scheme not in ("http", "https"):
            raise BadOption(f"{name} {shown(options[name])} is no URL", "write it as https://host")
    return options


def _switch(name: str, text: str) -> bool:
    if text not in _SWITCHES:
        raise BadOption(f"{name}={shown(text)} is neither on nor off", "write on or off")
    return _SWITCHES[text]


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 600):
        raise BadOption(f"patience={shown(text)} is no number of seconds", "write 1 to 600")
    return int(text)
