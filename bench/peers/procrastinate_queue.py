"""procrastinate: `procrastinate_queue.py URL JOBS CONCURRENCY` -> seconds to drain, as JSON."""

import asyncio
import json
import sys
import time

from procrastinate import App, PsycopgConnector

address, jobs, concurrency = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
app = App(connector=PsycopgConnector(conninfo=address))


@app.task(name="noop")
async def noop():
    pass


async def main():
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await noop.batch_defer_async(*({} for _ in range(jobs)))
        began = time.perf_counter()
        await app.run_worker_async(concurrency=concurrency, wait=False)
        print(json.dumps(time.perf_counter() - began))


asyncio.run(main())
