"""A process that does a job where it is asked for, to be killed: `asker.py URL LOG LEASE`.

LOG gets a line `job step attempt` for the first step; then it waits for ever.
"""

import os
import sys
import time

from printroom.database.engine import Database
from printroom.jobs.here import Here
from printroom.jobs.queue import Queue
from printroom.jobs.submit import Request, as_job, enter


def main(address, log, lease):
    lines = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    queue = Queue(Database.open(address), lease=float(lease))

    def work(job, context):
        context.step("0", lambda: job.payload["value"])
        os.write(lines, f"{job.id} 0 {job.attempt}\n".encode())
        print("begun", flush=True)
        time.sleep(600)

    payload = {"value": 5, "seconds": 0}
    job = as_job(Request("work", payload), queue.database.clock())
    here = Here(queue, "work", work, 1)
    here.do(job, lambda c, one: enter(c, [one], one.created_at)[0], lambda _: None)


if __name__ == "__main__":
    main(*sys.argv[1:])
