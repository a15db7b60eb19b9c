"""Logs: one line per event on stderr, key=value; standard-library loggers join in from warning up.

Topics, codes and payloads in them are what publishers chose: nothing of that acts on the terminal that shows the log,
or begins a line of it. Traces alone have lines, each behind a margin.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from plantroom.plain import plain

TRACES = ("exception", "stack")
MARGIN = "  "


class _Stderr:
    """Standard error as it is when something is written: whoever puts another in its place may close it again."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


class _PlainFormatter(logging.Formatter):
    """The standard library's, with the message on one line and every line of a trace behind the margin."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the standard library's name
        return plain(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return _trace(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        return _trace(super().formatStack(stack_info))


def _trace(text: str) -> str:
    return "\n".join(MARGIN + plain(line) for line in text.split("\n"))


def _make_plain(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor of structlog: every value as plain text, but numbers, truth values and ``None`` as they are."""
    for name, value in event.items():
        if isinstance(value, int | float) or value is None:
            continue
        text = str(value)
        event[name] = _trace(text) if name in TRACES else plain(text)
    return event


def configure_logs(level: str) -> None:
    """Set up structlog and the standard library's loggers for a command."""
    threshold = getattr(logging, level.upper())
    stderr: Any = _Stderr()
    handler = logging.StreamHandler(stderr)
    handler.setFormatter(_PlainFormatter("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _make_plain,
    ]
    if sys.stderr.isatty():
        renderer: Any = structlog.dev.ConsoleRenderer(pad_event_to=28)
    else:
        renderer = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"])
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(stderr),
        cache_logger_on_first_use=True,
    )
