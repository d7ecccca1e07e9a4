"""A part is made once, whoever asks first."""

import threading
import time

from printroom.core.once import once


class Holder:
    made = 0

    @once
    def part(self):
        time.sleep(0.02)
        Holder.made += 1
        return object()


def test_threads_that_ask_together_get_the_same():
    holder, found = Holder(), []
    threads = [threading.Thread(target=lambda: found.append(holder.part)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1
    assert Holder.made == 1
    assert isinstance(Holder.part, once)
