"""LitServe with two workers and its fast queue, raw bytes in and out. BENCH_PORT says where."""

import os
from typing import Annotated

import litserve
from enhance import Enhance
from fastapi import Body, Response


class Picture(litserve.LitAPI):
    """The net behind LitServe; no postponed annotations here, it reads them as types."""

    def setup(self, device: str) -> None:  # noqa: ARG002 (LitServe passes it)
        self.enhance = Enhance(os.environ["BENCH_MODEL"])

    def decode_request(self, request: Annotated[bytes, Body()]) -> bytes:
        return request

    def predict(self, picture: bytes) -> bytes:
        return self.enhance(picture)

    def encode_response(self, result: bytes) -> Response:
        return Response(result, media_type="image/jpeg")


if __name__ == "__main__":
    server = litserve.LitServer(
        Picture(api_path="/enhance"),
        accelerator="cpu",
        workers_per_device=2,
        fast_queue=True,
        timeout=60,
    )
    server.run(
        host="127.0.0.1",
        port=int(os.environ["BENCH_PORT"]),
        num_api_servers=1,
        log_level="warning",
        generate_client_file=False,
        access_log=False,
    )
