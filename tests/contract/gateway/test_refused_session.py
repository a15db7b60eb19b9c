"""A broker that refuses our password: the log and the trouble say so, in its own words."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.broker import free_port
from gateway.broker.mosquitto import find_mosquitto
from gateway.session import Session
from plantroom.domain.flow import TroubleKind
from plantroom.settings import BrokerAddress
from tests.contract.gateway.test_session import eventually, opened

WORDS = "the broker refuses the connection: Not authorized"


Refusing = tuple["subprocess.Popen[bytes]", int]


@pytest.fixture
def refusing(tmp_path: Path) -> Iterator[Refusing]:
    """A broker that takes nobody, and its port."""
    binary, port = find_mosquitto(), free_port()
    assert binary
    user = "user root\n" if os.geteuid() == 0 else ""
    (tmp_path / "m.conf").write_text(f"{user}listener {port} 127.0.0.1\nallow_anonymous false\n")
    server = subprocess.Popen([binary, "-c", str(tmp_path / "m.conf")], stderr=subprocess.DEVNULL)
    yield server, port
    server.kill()
    server.wait()


def test_a_wrong_password_is_said_in_the_log_and_forgotten_when_the_broker_is_gone(
    refusing: Refusing, tmp_path: Path
) -> None:
    server, port = refusing
    address = BrokerAddress(host="127.0.0.1", port=port, username="plantroom", password="wrong")
    line = Session(address, "plantroom-s", opened(tmp_path / "spool"), ["s/#"], lambda _topic: True)

    def kind() -> TroubleKind | None:
        found = line.trouble("s")
        return None if found is None else found.kind

    with capture_logs() as logs:
        line.start()
        assert eventually(lambda: kind() is TroubleKind.BROKER_REFUSES)
        assert eventually(lambda: sum(one["event"] == "broker_unreachable" for one in logs) >= 3, 20)
        told = [
            one["problem"] for one in logs if one["event"] == "broker_unreachable" and "refused" not in one["problem"]
        ]
        assert told
        assert set(told) == {WORDS}
        assert WORDS in (line.problem() or "")
        server.terminate()
        server.wait()
        # The one that was under way as it ended has other words.
        assert eventually(lambda: kind() is TroubleKind.BROKER_AWAY and "refused" in (line.problem() or ""), 40)
        assert "Not authorized" not in (line.problem() or "")
    line.stop()
