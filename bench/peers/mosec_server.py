"""mosec with two worker processes, raw bytes in and out. MOSEC_PORT says where."""

from __future__ import annotations

import os

from enhance import Enhance
from mosec import Server, Worker


class Picture(Worker):
    """The net behind mosec's own HTTP server."""

    resp_mime_type = "image/jpeg"

    def __init__(self) -> None:
        super().__init__()
        self.enhance = Enhance(os.environ["BENCH_MODEL"])

    def deserialize(self, data: bytes) -> bytes:
        return bytes(data)  # mosec hands over a bytearray, which pyvips does not take

    def forward(self, data: bytes) -> bytes:
        return self.enhance(data)

    def serialize(self, data: bytes) -> bytes:
        return data


if __name__ == "__main__":
    server = Server()
    server.append_worker(Picture, num=2)
    server.run()
