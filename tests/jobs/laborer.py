"""A worker in a process of its own, to be killed: `laborer.py URL LOG LEASE SLOTS`.

Each job has three steps, each with a checkpoint; LOG gets a line `job step attempt` for each step
that was really run. Its result is the sum of what the steps gave.
"""

import os
import sys
import time

from printroom.database.engine import Database
from printroom.jobs.queue import Queue
from printroom.jobs.worker import Worker, on_signals


def main(address, log, lease, slots):
    lines = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def work(job, context):
        def run(step):
            os.write(lines, f"{job.id} {step} {job.attempt}\n".encode())
            time.sleep(job.payload["seconds"])
            return job.payload["value"] + step

        return sum(context.step(str(step), lambda step=step: run(step)) for step in range(3))

    queue = Queue(Database.open(address), lease=float(lease))
    with on_signals() as stop:
        print("ready", flush=True)
        Worker(queue, {"work": work}, slots=int(slots)).run(stop)
    queue.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
