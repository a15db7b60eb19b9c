"""A refused message is found again in the broker's log, as docs/security-of-the-wire.md says."""

from collections.abc import Iterator

import pytest

from tests.contract.wire.site import WireSite
from tests.contract.wire.stranger import eventually

ELSEWHERE = "plantroom/north/P-1/telemetry"


class Talkative(WireSite):
    """With ``log_type debug``, as an operator would add it."""

    def prepare(self) -> None:
        super().prepare()
        with (self.folder / "wire" / "mosquitto.conf").open("a") as file:
            file.write("log_type debug\n")


@pytest.fixture(params=[WireSite, Talkative])
def site(request: pytest.FixtureRequest) -> Iterator[WireSite]:
    with request.param() as running:
        running.give("demo", "press")
        running.tell()
        assert eventually(lambda: running.publisher("demo.press").admitted)
        yield running


def test_the_log_names_the_publisher_whose_message_was_refused(site: WireSite) -> None:
    before = len(site.log_file.read_text())
    press = site.publisher("demo.press")
    press.say(ELSEWHERE)
    assert eventually(lambda: press.lost)

    def said() -> str:
        return site.log_file.read_text()[before:]

    assert eventually(lambda: "Bad socket read/write on client demo.press" in said())
    denied = [line for line in said().splitlines() if "Denied PUBLISH from demo.press" in line]
    if isinstance(site, Talkative):
        assert any(f"'{ELSEWHERE}'" in line for line in denied)
    else:
        assert denied == []
