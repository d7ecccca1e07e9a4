"""FastAPI on uvicorn (uvloop, httptools): the codec and the net in two threads of each process.

BENCH_MODEL, BENCH_PORT and BENCH_PROCESSES say what to serve, where, and how many times.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

import uvicorn
from enhance import Enhance
from fastapi import FastAPI, Request, Response

PROCESSES = int(os.environ["BENCH_PROCESSES"])
app = FastAPI()
enhance = Enhance(os.environ["BENCH_MODEL"])
threads = ThreadPoolExecutor(2 if PROCESSES == 1 else 1)


@app.post("/enhance")
async def post(request: Request) -> Response:
    picture = await request.body()
    result = await asyncio.get_running_loop().run_in_executor(threads, enhance, picture)
    return Response(result, media_type="image/jpeg")


if __name__ == "__main__":
    uvicorn.run(
        "fastapi_server:app",
        port=int(os.environ["BENCH_PORT"]),
        workers=PROCESSES,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
