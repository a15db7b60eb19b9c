"""A loop test over a real broker: sensor > reading > alarm > ticket > person, and a sensor that never answers."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.plant import Plant, limits, now_text
from tests.product import CLI, Api, Product, eventually

WINDOW_MIN = "0.4"


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """A plant of its own: what is published here is nobody else's business."""
    product = Product(tmp_path_factory.mktemp("loop") / "data")
    product.start()
    try:
        yield Plant(product)
    finally:
        product.stop()


class Technician:
    """Somebody who signed in with a password, as on a tablet."""

    def __init__(self, plant: Plant, name: str) -> None:
        made = plant.process.json("user", "add", name, "--role", "technician", "--site", "demo")
        self.name, self.password = name, made["password"]
        self._api = Api(plant.process.url)
        form = {"username": name, "password": self.password}
        _, answer, headers = self._api.request("POST", "/api/v1/session", form)
        self._headers = {"Cookie": headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": answer["csrf_token"]}

    def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        status, answer, _ = self._api.request("POST", path, body, self._headers)
        return status, answer


def checks(plant: Plant, test_id: str) -> dict[int, dict[str, Any]]:
    return {check["number"]: check for check in plant.api.get(f"/api/v1/loop-tests/{test_id}")["checks"]}


def seen(check: dict[str, Any]) -> list[str]:
    return [one["step"] for one in check["steps"] if one["state"] == "seen"]


def quick_limits(plant: Plant, key: str) -> None:
    """A vibration limit without the minute of on-delay that a real one has."""
    limits(plant.api, key, alarm_high=7.1, alarm_delay_s=0.5, off_delay_s=0.5, deadband=0.1)


def test_the_loop_is_ticked_off_in_order_and_what_never_answers_says_what_to_look_at(plant: Plant) -> None:
    lift, pump = plant.add_asset("E-7", "elevator"), plant.add_asset("P-7", "pump")
    plant.add_asset("P-8", "pump")
    quick_limits(plant, pump["key"])
    li = Technician(plant, "li")
    begin = ("loop-test", "start", "--site", "demo", "--minutes", WINDOW_MIN)
    test = plant.process.json(*begin, "--asset", "E-7", "--events", "passenger_trapped", "--name", "电梯")
    assert test["asked"] == 1
    assert "E-7" in test["checks"][0]["name"]["zh"]

    with plant.publisher() as device:
        device.send("plantroom/demo/E-7/event", {"ts": now_text(), "event": "passenger_trapped", "severity": "safety"})
        assert eventually(lambda: checks(plant, test["id"])[1]["result"] == "answered", 10)
        (ticket,) = plant.tickets(lift["key"], "rule")
        assert "回路测试" in ticket["title"]["zh"]
        assert seen(checks(plant, test["id"])[1]) == ["sensor", "reading", "alarm", "ticket"]
        # A real event during the test: another ticket, unmarked.
        device.send("plantroom/demo/E-7/event", {"ts": now_text(), "event": "passenger_trapped", "severity": "safety"})
        assert eventually(lambda: len(plant.tickets(lift["key"], "rule")) == 2, 10)
        real = next(one for one in plant.tickets(lift["key"], "rule") if one["id"] != ticket["id"])
        assert "回路测试" not in real["title"]["zh"]

        status, moved = li.post(f"/api/v1/work-orders/{ticket['id']}/transitions", {"to": "acknowledged"})
        assert (status, moved["state"]) == (200, "acknowledged")
        assert eventually(lambda: checks(plant, test["id"])[1]["result"] == "passed", 10)
        assert plant.api.get(f"/api/v1/work-orders/{real['id']}")["state"] == "open"

        second = plant.process.json(*begin, "--asset", "P-7", "--asset", "P-8", "--points", "vibration")
        run_pump(plant, device, pump["key"], second["id"])
        (ticket,) = plant.tickets(pump["key"], "limit")
        status, confirmed = li.post(f"/api/v1/loop-tests/{second['id']}/checks/1/confirm")
        assert (status, confirmed["result"]) == (200, "passed")
        assert li.post(f"/api/v1/loop-tests/{second['id']}/checks/2/skip", {"reason": "x"})[0] == 403
        assert eventually(lambda: plant.api.get(f"/api/v1/work-orders/{ticket['id']}")["state"] == "cancelled", 10)

    assert eventually(lambda: checks(plant, second["id"])[2]["result"] == "failed", 60 * float(WINDOW_MIN) + 15)
    assert "no message ever came" in checks(plant, second["id"])[2]["reason"]["en"]
    ended = plant.process.json("loop-test", "finish", second["id"])
    assert [check["result"] for check in ended["checks"]] == ["passed", "failed"]
    delays = ended["checks"][0]["delays"]
    assert {"sensor_to_reading_ms", "reading_to_alarm_ms", "alarm_to_ticket_ms", "ticket_to_person_ms"} == set(delays)
    plant.process.json("loop-test", "finish", test["id"])


def run_pump(plant: Plant, device: Any, key: str, test_id: str) -> None:
    """A pump that sends twice a second: sound, then shaken by the engineer until the ticket comes, then sound again."""

    def send(vibration: float) -> None:
        device.send("plantroom/demo/P-7/telemetry", {"ts": now_text(), "values": {"vibration": vibration}})

    def sent_until(vibration: float, what: Any) -> bool:
        end = time.monotonic() + 15
        while not what() and time.monotonic() < end:
            send(vibration)
            time.sleep(0.4)
        return bool(what())

    assert sent_until(2.0, lambda: seen(checks(plant, test_id)[1]) == ["sensor", "reading"])
    assert sent_until(9.5, lambda: checks(plant, test_id)[1]["result"] == "answered")
    assert sent_until(2.0, lambda: not plant.api.items("/api/v1/alarms", asset=key))


def test_the_report_is_a_table_for_a_spreadsheet(plant: Plant, tmp_path: Path) -> None:
    (newest, *_) = plant.process.json("loop-test", "list")["items"]
    file = tmp_path / "report.csv"
    plant.process.json("loop-test", "report", newest["id"], "--csv", str(file))
    head, *lines = file.read_text(encoding="utf-8-sig").splitlines()
    assert head.startswith("test,number,place,sensor_zh")
    assert len(lines) == 2


def test_a_signature_on_the_command_line_needs_the_persons_password(plant: Plant) -> None:
    lift, zhao = plant.add_asset("E-8", "elevator"), Technician(plant, "zhao")
    test = plant.process.json("loop-test", "start", "--site", "demo", "--asset", "E-8", "--events", "passenger_trapped")
    with plant.publisher() as device:
        device.send("plantroom/demo/E-8/event", {"ts": now_text(), "event": "passenger_trapped", "severity": "safety"})
        assert eventually(lambda: plant.tickets(lift["key"], "rule"), 10)
    for password, code in (("wrong", 4), (zhao.password, 0)):
        command = [str(CLI), "loop-test", "confirm", test["id"], "1", "--user", "zhao", "--password-stdin"]
        done = subprocess.run(
            [*command, "--data-dir", str(plant.process.data)],
            input=f"{password}\n", text=True, capture_output=True, env=plant.process.environment, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
    shown = plant.process.json("loop-test", "show", test["id"])
    person = shown["checks"][0]["steps"][-1]
    assert (person["state"], person["evidence"]) == ("seen", "zhao")
    plant.process.json("loop-test", "finish", test["id"])
