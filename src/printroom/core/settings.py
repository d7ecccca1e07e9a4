"""What an installation may set, read once from the environment.

    {"PRINTROOM_MEMORY": "2GB", ...} -> Settings: BadOption, naming the variable

Each field is the variable `PRINTROOM_` + its name in capitals; an empty variable counts as unset.
Options of the command line are laid over it with `dataclasses.replace`.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from printroom.core.errors import BadOption
from printroom.core.sizes import parse_size

EMBEDDED = "printroom.db"
"""The file of the database in the data folder, where no other is named."""


def _home() -> Path:
    share = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(share).expanduser() / "printroom"


@dataclass(frozen=True)
class Settings:
    """How this installation of printroom behaves."""

    data: Path = field(default_factory=_home)
    """Folder for what printroom keeps: cards of imported models, scratch files."""
    memory: int | None = None
    """Bytes for the whole process; None = a quarter of free memory, at most 2 GiB."""
    workers: int | None = None
    """Tiles computed at once, 1 or more; None = as many as the device has use for."""
    processes: int = 1
    """Processes of a server; they share out workers, memory and requests."""
    device: str = "cpu"
    """Where nets run: `cpu`, `cuda:0`, or the id of a MIG slice."""
    gpu_share: float = 0.9
    """Part of the graphics card that models of this process may take, above 0 to 1; steps, and
    other processes, get what is left."""
    image: str | None = None
    """The container image in which this process runs; images that hold the environments of steps
    set it. None = none of those."""
    models: tuple[Path, ...] = ()
    """Folders with models that come before the bundled ones, separated like PATH."""
    model_stores: tuple[str, ...] = ()
    """Stores with models that come after all others, separated by commas: the name of each, or name
    and prefix."""
    preload: tuple[str, ...] = ()
    """Models that a server loads before it says it is ready, separated by commas; none = the best
    that doubles."""
    model_memory: int | None = None
    """Bytes that loaded models may take in each process, within `memory`; None = all that runs do
    not need."""
    model_ttl: int = 300
    """Seconds that a model stays loaded when nobody uses it, 0 = for as long as its bytes are not
    needed; and that a process of a step rests that says nothing of that, 0 = for ever."""
    pixels: int = 10**9
    """Largest picture taken from the command line and from Python, in pixels."""
    http_pixels: int = 5 * 10**8
    """Largest picture taken over HTTP, in pixels."""
    http_body: int = 2**30
    """Largest request body, in bytes."""
    http_running: int = 16
    """Requests worked on at once."""
    http_waiting: int = 64
    """Requests that may wait for their turn; beyond it the server answers 503."""
    http_log: bool = False
    """Whether each picture leaves one line of JSON on standard error; 1 or 0."""
    http_login: bool = False
    """Whether everybody says who they are, also on loopback before there are accounts; 1 or 0."""
    http_proxies: tuple[str, ...] = ()
    """Addresses and networks of proxies whose word on a client's address, scheme and path counts,
    separated by commas: `127.0.0.1, 10.0.0.0/8`; none = of no proxy."""
    http_metrics_open: bool = False
    """Whether anybody may read `/metrics`; 1 or 0."""
    url: str | None = None
    """The address at which people reach the server, such as `https://pictures.example.com`."""
    owner_email: str | None = None
    """Address of an owner that a server makes when it starts, unless there is one already."""
    owner_password: str | None = field(default=None, repr=False)
    """The password of that owner."""
    owner_key: str | None = field(default=None, repr=False)
    """A key with all scopes that a server lets in, as `printroom keys generate` prints one."""
    prices: str = ""
    """What work costs in units: `megapixel=1; acme/portrait: picture=5, second=0.2`."""
    oidc_issuer: str | None = None
    """The identity provider at which people sign in, such as `https://login.example.com`."""
    oidc_client: str | None = None
    """What the identity provider calls this server."""
    oidc_secret: str | None = field(default=None, repr=False)
    """The secret that goes with it; None = a client without one."""
    log_format: str = "text"
    """How servers and workers log on standard error: `text` for people, `json` for machines."""
    traces: str | None = None
    """Where spans of work go: the address of a collector that speaks OTLP over HTTP, or an absolute
    path of a file; None = nowhere. Needs the extra `otel`."""
    database_url: str | None = field(default=None, repr=False)
    """Where runs and accounts are kept: `postgresql+psycopg://...` for several servers; None = a
    file `printroom.db` in the data folder."""
    endpoints: tuple[str, ...] = ()
    """Hosts that accounts may name as the endpoint of a store, beside those of known services,
    separated by commas: `minio.example:9000`, `*.example`."""
    screens: Path | None = None
    """A file (TOML) that says which classifiers look at what strangers' models make, while these
    are verified; None = nobody looks."""
    presets: str = ""
    """Names for what may be done to a picture on its way out, with semicolons between:
    `thumb=w:320/h:320/fit:cover; large=w:1920`."""
    variants: int = 2**30
    """Bytes of pictures made on the fly that are kept, in the folder `variants` of the data folder,
    and as many again of tiles of large originals; the least recently used go first."""
    jobs_lease: int = 15
    """Seconds without a sign of life after which a worker's jobs go to others, 1 or more."""
    jobs_keep: int = 7 * 24 * 3600
    """Seconds for which finished runs and their files are kept."""
    jobs_slots: int = 2
    """Runs that a worker has in progress at once, 1 or more."""
    jobs_labels: tuple[str, ...] = ()
    """Labels of a worker, separated by commas: runs with a step that asks for one go to a worker
    that has it."""
    training_data: Path | None = None
    """Folder with training sets that trainings over HTTP may name; None = those have none but what
    accounts keep in stores."""
    training_slots: int = 1
    """Trainings that a worker has in progress at once, where PyTorch is installed; 0 = none."""
    http_worker: bool = True
    """Whether a server has a worker of its own, in a process beside it; 1 or 0."""
    assets: str | None = None
    """Where files and results are kept: the name of a store, or name and prefix; None = the folder
    `assets` in the data folder."""
    files_largest: int = 2**34
    """Largest file that is uploaded in parts, or fetched from a URL, in bytes."""
    files_keep: int = 7 * 24 * 3600
    """Seconds for which uploaded files are kept, 1 or more."""
    steps_hosts: tuple[str, ...] = ()
    """Hosts that steps of pipelines, whoever wrote them, may ask over HTTP, separated by commas:
    `api.example.com`, `api.example.com:8443`, `*.example.com`; none = no other server."""
    outbound_allow: tuple[str, ...] = ()
    """Hosts and networks, separated by commas, that URLs of files and webhooks may lead to though
    they are not public, also without https; none = only what is public."""

    people: str | None = None
    """Where what was learnt of people is kept: the name of a store, or name and prefix; None = the
    folder `people` in the data folder."""
    people_base: str = "mini"
    """What draws people and learns them: `mini`, or `mini-32`, which is smaller and made for
    tests."""
    people_pictures: int = 15
    """Accepted pictures of a person at which training begins by itself, 1 or more."""
    people_batch: int = 16
    """Runs of portraits that a worker has in progress at once: as many share one pass."""
    people_ttl: int = 600
    """Seconds that what was learnt of a person stays at a worker when nobody uses it, in memory and
    in its cache on disk, 1 or more."""
    people_memory: int = 64 * 2**20
    """Bytes that it may take in the memory of a worker, for all people together."""
    people_forbidden: Path | None = None
    """A file of words that prompts may not have, one or a phrase a line; None = printroom's own
    list."""
    people_faces: Path | None = None
    """A file (TOML) that names a classifier which tells whether a picture has a face in it; None =
    nobody looks."""

    market_fee: float = 0.2
    """Part of each sale that the installation keeps, 0 to 1."""
    market_maturing: int = 14 * 24 * 3600
    """Seconds from a sale until it may be paid out to the seller: refunds come first."""
    market_currency: str = "eur"
    """What credits are bought and paid out in; a credit is a hundredth of it."""
    stripe_key: str | None = field(default=None, repr=False)
    """Key of Stripe's API, which then takes payments and pays sellers; None = by hand. Needs the
    extra `stripe`."""
    stripe_secret: str | None = field(default=None, repr=False)
    """What Stripe signs its notices with."""
    stripe_url: str | None = None
    """Where Stripe's API is reached; None = at Stripe."""

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """The settings of `environment` (default: the process's). Raises BadOption."""
        found = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        for name, parse in _PARSERS.items():
            variable = f"PRINTROOM_{name.upper()}"
            if text := found.get(variable, "").strip():
                try:
                    values[name] = parse(text)
                except BadOption as error:
                    raise BadOption(f"{variable}: {error.reason}", error.remedy) from None
        return cls(**values)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise BadOption(f"{text!r} is not a whole number above zero", "write it as 4")
    return int(text)


def _part(text: str) -> float:
    try:
        part = float(text)
    except ValueError:
        part = 0.0
    if not 0 < part <= 1:
        raise BadOption(f"{text!r} is no part of a card", "write it as 0.5, above 0 and up to 1")
    return part


def _fraction(text: str) -> float:
    try:
        part = float(text)
    except ValueError:
        part = -1.0
    if not 0 <= part <= 1:
        raise BadOption(f"{text!r} is no part of a sale", "write it as 0.2, from 0 to 1")
    return part


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise BadOption(f"{text!r} is not a whole number of seconds", "write it as 300")
    return int(text)


def _some(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise BadOption(f"{text!r} is not a whole number", "write it as 2, or 0 for none")
    return int(text)


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise BadOption(f"{text!r} is neither 0 nor 1", "write 1 for yes")
    return text == "1"


def _form(text: str) -> str:
    if text not in ("text", "json"):
        raise BadOption(f"{text!r} is neither text nor json", "write json for machines")
    return text


def _folders(text: str) -> tuple[Path, ...]:
    return tuple(Path(part).expanduser() for part in text.split(os.pathsep) if part)


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _networks(text: str) -> tuple[str, ...]:
    for name in _names(text):
        try:
            ipaddress.ip_network(name, strict=False)
        except ValueError:
            raise BadOption(
                f"{name!r} is no address and no network", "write it as 127.0.0.1 or 10.0.0.0/8"
            ) from None
    return _names(text)


_PARSERS: dict[str, Callable[[str], Any]] = {
    "data": lambda text: Path(text).expanduser(),
    "memory": parse_size,
    "workers": _count,
    "processes": _count,
    "device": str,
    "gpu_share": _part,
    "image": str,
    "models": _folders,
    "model_stores": _names,
    "preload": _names,
    "model_memory": parse_size,
    "model_ttl": _seconds,
    "pixels": _count,
    "http_pixels": _count,
    "http_body": parse_size,
    "http_running": _count,
    "http_waiting": _count,
    "http_log": _flag,
    "http_login": _flag,
    "http_proxies": _networks,
    "http_metrics_open": _flag,
    "url": str,
    "owner_email": str,
    "owner_password": str,
    "owner_key": str,
    "prices": str,
    "oidc_issuer": str,
    "oidc_client": str,
    "oidc_secret": str,
    "log_format": _form,
    "traces": str,
    "database_url": str,
    "endpoints": _names,
    "screens": lambda text: Path(text).expanduser(),
    "presets": str,
    "variants": parse_size,
    "jobs_lease": _count,
    "jobs_keep": _count,
    "jobs_slots": _count,
    "jobs_labels": _names,
    "training_data": lambda text: Path(text).expanduser(),
    "training_slots": _some,
    "http_worker": _flag,
    "assets": str,
    "files_largest": parse_size,
    "files_keep": _count,
    "steps_hosts": _names,
    "outbound_allow": _names,
    "people": str,
    "people_base": str,
    "people_pictures": _count,
    "people_batch": _count,
    "people_ttl": _count,
    "people_memory": parse_size,
    "people_forbidden": lambda text: Path(text).expanduser(),
    "people_faces": lambda text: Path(text).expanduser(),
    "market_fee": _fraction,
    "market_maturing": _seconds,
    "market_currency": str.lower,
    "stripe_key": str,
    "stripe_secret": str,
    "stripe_url": str,
}
