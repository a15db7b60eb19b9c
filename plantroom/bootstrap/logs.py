"""Logs: one line per event on stderr, key=value; standard-library loggers join in from warning up."""

import logging
import sys
from typing import Any

import structlog


class _Stderr:
    """Standard error as it is when something is written: whoever puts another in its place may close it again."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure_logs(level: str) -> None:
    """Set up structlog and the standard library's loggers for a command."""
    threshold = getattr(logging, level.upper())
    stderr: Any = _Stderr()
    logging.basicConfig(stream=stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s", force=True)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
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
