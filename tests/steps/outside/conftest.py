"""A server of somebody else, on loopback, that says what it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from printroom.core.settings import Settings
from printroom.pipelines.spec import PipelineSpec
from printroom.workshop import Workshop


class Other:
    """Its answers, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answers: list[tuple[int, bytes, dict[str, str]]] = []
        self.url = ""

    def says(self, said: Any, status: int = 200, times: int = 1, **headers: str) -> None:
        """The next answers: bytes, or what is sent as JSON; names with dashes for underscores."""
        data = said if isinstance(said, bytes) else json.dumps(said).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers += [(status, data, named)] * times


@pytest.fixture
def other() -> Iterator[Other]:
    made = Other()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            size = int(self.headers.get("content-length", 0))
            made.asked.append(
                {
                    "method": self.command,
                    "path": self.path,
                    "headers": {name.lower(): value for name, value in self.headers.items()},
                    "body": self.rfile.read(size),
                }
            )
            status, data, headers = made.answers.pop(0) if made.answers else (500, b"", {})
            if not status:  # it hangs up
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        made.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture
def workshop(other: Other, tmp_path: Path) -> Iterator[Workshop]:
    settings = Settings(
        data=tmp_path / "data",
        workers=1,
        steps_hosts=(other.url.removeprefix("http://"), "api.example.com", "*.lan.example"),
        outbound_allow=("127.0.0.1",),
    )
    with Workshop(settings) as made:
        yield made


@pytest.fixture
def run(workshop: Workshop, tmp_path: Path) -> Callable[..., Any]:
    """Step, what it is bound to -> its result. Inputs of the pipeline are further keywords."""

    def ran(use: str, bound: dict[str, Any], **inputs: Any) -> Any:
        kinds = {
            name: "picture" if isinstance(one, bytes) else "text" for name, one in inputs.items()
        }
        spec = PipelineSpec.from_dict(
            {"name": "asks", "inputs": kinds, "steps": {"a": {"use": use, "with": bound}}}
        )
        graph = workshop.shelf.check(spec)
        return workshop.run_pipeline(graph, inputs, tmp_path / "out")["result"]

    return ran
