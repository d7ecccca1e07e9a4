"""huey on SQLite: `huey_queue.py FILE JOBS THREADS` -> seconds to drain JOBS empty jobs, as JSON.

huey forgets a job when it hands it to a worker: one that is killed takes its jobs with it.
"""

import json
import sys
import threading
import time

from huey import SqliteHuey

huey = SqliteHuey(filename=sys.argv[1], results=False, fsync=False)
jobs, threads = int(sys.argv[2]), int(sys.argv[3])
left = [jobs]
lock, done = threading.Lock(), threading.Event()


@huey.task()
def noop():
    with lock:
        left[0] -= 1
        if not left[0]:
            done.set()


for _ in range(jobs):
    noop()
consumer = huey.create_consumer(workers=threads, worker_type="thread", initial_delay=0.01)
began = time.perf_counter()
consumer.start()
done.wait()
print(json.dumps(time.perf_counter() - began))
consumer.stop()
