"""What a test has started ends with the test run, however that ends."""

import os
import subprocess
import sys
from pathlib import Path

from tests.product import environment, eventually

CALLER = """
import os, sys, time
from pathlib import Path
from tests.forked import Forked
folder = Path(sys.argv[1])
given = {name: value for name, value in os.environ.items()}
made = Forked(["run", "--data-dir", str(folder / "data")], given, folder / "log")
print(made.pid, flush=True)
time.sleep(600)
"""


def lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_product_ends_with_a_test_run_that_is_killed(tmp_path: Path) -> None:
    given = environment({"PLANTROOM_HTTP_PORT": "0", "PLANTROOM_MQTT_PORT": "0"})
    caller = subprocess.Popen(
        [sys.executable, "-c", CALLER, str(tmp_path)], env=given, stdout=subprocess.PIPE, text=True
    )
    assert caller.stdout is not None
    product = int(caller.stdout.readline())
    assert eventually((tmp_path / "data" / "runtime.json").exists, 60)
    assert lives(product)
    caller.kill()
    caller.wait()
    caller.stdout.close()
    assert eventually(lambda: not lives(product), 30)
