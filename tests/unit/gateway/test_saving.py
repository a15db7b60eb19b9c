"""Reading what a Mosquitto's configuration says, of processes that look like one."""

from pathlib import Path

import pytest

from gateway.broker.rabbitmq import LosesMessages
from gateway.broker.saving import require_saving
from plantroom.settings import BrokerAddress

WELL = "max_queued_messages 0\npersistence true\nautosave_interval 5\n"


def process(root: Path, words: list[str]) -> Path:
    folder = root / "proc" / "17"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in words))
    return root / "proc"


def said(root: Path, text: str, host: str = "127.0.0.1", port: int = 1883) -> str | None:
    (root / "m.conf").write_text(text)
    found = process(root, ["/usr/sbin/mosquitto", "-c", str(root / "m.conf")])
    return require_saving(BrokerAddress(host=host, port=port), found)


def test_it_is_known_by_the_port_it_listens_on(tmp_path: Path) -> None:
    assert said(tmp_path, WELL) == ""
    assert said(tmp_path, WELL + "listener 8883 0.0.0.0\nport 1884\n") is None
    assert said(tmp_path, WELL + "listener 8883 0.0.0.0\nport 1884\n", port=1884) == ""
    assert said(tmp_path, WELL, host="broker.example") is None
    assert said(tmp_path, WELL, host="localhost") == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "every 1800 s"), ("autosave_interval 0", "when it is stopped"), ("autosave_interval 300", "every 300 s")],
)
def test_seldom_is_told(tmp_path: Path, text: str, words: str) -> None:
    told = said(tmp_path, f"max_queued_messages 0\npersistence true\n{text}\n")
    assert told is not None
    assert words in told


def test_every_change_is_often_enough(tmp_path: Path) -> None:
    assert said(tmp_path, "max_queued_messages 0\npersistence true\nautosave_on_changes true\n") == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("persistence true\n", "at most 1000"),
        ("max_queued_messages 0\n", "forgets"),
        ("max_queued_messages 0\n# persistence true\npersistence false\n", "forgets"),
    ],
)
def test_what_loses_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(LosesMessages, match=problem):
        said(tmp_path, text)


def test_included_files_count(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "a.conf").write_text(WELL + f"include_dir {tmp_path}/conf.d\n")
    assert said(tmp_path, f"include_dir {tmp_path}/conf.d\n") == ""


@pytest.mark.parametrize(
    "words", [[], [""], ["/usr/sbin/mosquitto", "-c"], ["mosquitto", "-c", "/nowhere"], ["\udce4"]]
)
def test_what_is_odd_or_cannot_be_read_is_not_seen(tmp_path: Path, words: list[str]) -> None:
    found = process(tmp_path, [word for word in words if word.isascii()])
    if not all(word.isascii() for word in words):
        (found / "17" / "cmdline").write_bytes(b"\xff\xfe\0")
    assert require_saving(BrokerAddress(host="127.0.0.1", port=1), found) is None
    (tmp_path / "m.conf").write_bytes(b"\xff")
    process(tmp_path, ["mosquitto", "-c", str(tmp_path / "m.conf")])
    assert require_saving(BrokerAddress(host="127.0.0.1", port=1883), found) is None
