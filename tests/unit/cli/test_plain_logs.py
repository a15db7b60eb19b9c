"""What publishers say reaches the operator's log, on a terminal and in a file, as text of one line."""

import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from plantroom.bootstrap.logs import configure_logs
from plantroom.plain import plain

HOSTILE = "x\x1b]0;pwned\x07\x1b[2J\r\x9b2J\x7f\u202edesrever\u2066\u200f\u2028\ud800\nforged level=info"
COLOUR = re.compile(r"\x1b\[\d*m")
TEXT = st.text(st.characters(categories=["Cc", "Cf", "Cs", "L", "Zl", "Zp", "So", "Zs"]))


class Log(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def said(self) -> str:
        """All of it; the colours, which are our own, are taken out."""
        return COLOUR.sub("", self.getvalue())


@contextmanager
def logging_to(*, terminal: bool) -> Iterator[Log]:
    handlers, level = logging.root.handlers[:], logging.root.level
    with redirect_stderr(Log(terminal=terminal)) as log:
        configure_logs("info")
        try:
            yield log
        finally:
            structlog.reset_defaults()
            logging.root.handlers[:] = handlers
            logging.root.setLevel(level)


on_both = pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "file"])


class Named:
    def __str__(self) -> str:
        return HOSTILE

    __repr__ = __str__


def see_harmless(log: Log) -> None:
    said = log.said()
    assert plain(said, keep="\n") == said
    assert "pwned" in said
    assert not any(line.startswith("forged") for line in said.split("\n"))


@on_both
@pytest.mark.parametrize(
    "value",
    [HOSTILE, [HOSTILE], {HOSTILE: HOSTILE}, HOSTILE.encode(errors="replace"), Named()],
    ids=["text", "list", "mapping", "bytes", "object"],
)
def test_a_value_is_one_line_without_a_command_to_the_terminal(value: object, *, terminal: bool) -> None:
    with logging_to(terminal=terminal) as log:
        structlog.get_logger().warning("dead_letter", topic=value, count=3)
    see_harmless(log)
    assert log.said().count("\n") == 1
    assert "count=3" in log.said()


@on_both
def test_an_event_is_too(*, terminal: bool) -> None:
    with logging_to(terminal=terminal) as log:
        structlog.get_logger().warning(HOSTILE)
    see_harmless(log)


def fail() -> None:
    raise ValueError(HOSTILE)


@on_both
def test_a_trace_keeps_its_lines_and_none_passes_for_a_line_of_the_log(*, terminal: bool) -> None:
    with logging_to(terminal=terminal) as log:
        try:
            fail()
        except ValueError:
            structlog.get_logger().exception("turn_failed")
            logging.getLogger("paho").exception("callback failed on %s", HOSTILE)
    see_harmless(log)
    assert "Traceback" in log.said()
    assert log.said().count("\n") > 3


@on_both
def test_a_logger_of_the_standard_library_is_no_way_around(*, terminal: bool) -> None:
    with logging_to(terminal=terminal) as log:
        logging.getLogger("some.library").warning("topic %s", HOSTILE)
    see_harmless(log)
    assert log.said().startswith("WARNING some.library topic x\\x1b")


@given(TEXT)
def test_no_text_makes_more_than_a_line_of_plain_text(text: str) -> None:
    with logging_to(terminal=False) as log:
        structlog.get_logger().info("event", text=text, texts=[text])
    assert plain(log.getvalue(), keep="\n") == log.getvalue()
    assert log.getvalue().count("\n") == 1
