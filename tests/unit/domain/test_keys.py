"""Keys rise in the order of their making and are UUIDs of version 7."""

import threading
import time
import uuid

from plantroom.domain.keys import new_key


def test_keys_rise_and_are_unique_within_a_millisecond() -> None:
    keys = [new_key() for _ in range(20_000)]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_a_key_is_a_uuid_of_version_7_that_tells_its_time() -> None:
    before = time.time_ns() // 1_000_000
    key = uuid.UUID(new_key())
    assert key.version == 7
    assert key.variant == uuid.RFC_4122
    assert abs((key.int >> 80) - before) < 1_000


def test_threads_never_share_a_key() -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.extend(new_key() for _ in range(5_000))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 20_000
