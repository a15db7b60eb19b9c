"""What docs/publishing.md tells integrators to write runs as it stands there."""

import re
import subprocess
import sys
import time
from pathlib import Path

from plantroom.wire import ReplayRequest
from tests.contract.publisher.test_publisher import Ear
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto

PAGE = (Path(__file__).parents[3] / "docs" / "publishing.md").read_text(encoding="utf-8")
LIBRARY, PLAIN = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_snippet_with_the_library_runs(mosquitto: Mosquitto, tmp_path: Path) -> None:
    ear = Ear(mosquitto.port, "demo")
    code = LIBRARY.replace("mqtts://demo.press-1:PASSWORD@plant.example", mosquitto.url)
    code = code.replace("/var/lib/press-1", str(tmp_path / "box"))
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert eventually(lambda: ear.of("P-9/event") and ear.of("P-9/telemetry"), 10)
    assert ear.of("P-9/telemetry")[0]["values"] == {"discharge_pressure": 0.41, "vibration": 2.1}
    ear.close()


def test_the_thirty_lines_answer_requests(mosquitto: Mosquitto) -> None:
    assert len([line for line in PLAIN.splitlines() if line]) <= 35
    ear = Ear(mosquitto.port, "demo")
    code = PLAIN.replace("1883", str(mosquitto.port)).replace("time.sleep(10)", "time.sleep(0.05)")
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        assert eventually(lambda: len(ear.numbers("P-9/telemetry")) > 5, 20)
        numbers = ear.numbers("P-9/telemetry")
        boot = ear.of("P-9/telemetry")[-1]["boot"]
        assert [b - a for a, b in zip(numbers[-5:], numbers[-4:], strict=False)] == [1] * 4
        ear.ask("P-9", ReplayRequest(boot, 2, 3))
        ear.ask("P-9", ReplayRequest("other", 7, 9))
        ear.ask("P-9", ReplayRequest(boot, 1_000_007, 1_000_009))
        assert eventually(lambda: ear.numbers("P-9/telemetry").count(2) == 2, 10)
        gone = {"boot": boot, "gone": [[1_000_007, 1_000_009]], "channel": "telemetry"}
        assert eventually(lambda: ear.of("P-9/status") == [gone], 10)
        assert ear.numbers("P-9/telemetry").count(4) == 1
    finally:
        process.kill()
        process.wait()
        time.sleep(0.1)
        ear.close()
