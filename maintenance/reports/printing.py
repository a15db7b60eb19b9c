"""PDFs of reports, made by another process (``maintenance.reports.pdf``)."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from maintenance.reports import pdf
from plantroom.errors import PlantroomError, Unreachable

TIMEOUT_S = 900.0
"""Four thousand lines take two minutes of a busy core."""

_PROGRAM = Path(pdf.__file__)


class NotPrinted(PlantroomError):
    """No PDF can be made here until somebody installs what is missing, or asks for less; the HTML can."""

    code = "not_printed"


def to_pdf(html: str, env: Mapping[str, str] | None = None, timeout_s: float = TIMEOUT_S) -> bytes:
    """The PDF of a document. ``NotPrinted`` without a font or library that it needs (the message says which and how to
    get it) or when it takes too long, ``Unreachable`` when the process was ended from outside: try again."""
    nice = ("nice", "-n", "10") if Path("/usr/bin/nice").exists() else ()
    command = [*nice, sys.executable, "-P", str(_PROGRAM)]
    try:
        done = subprocess.run(  # noqa: S603 (our own program; the document comes on stdin)
            command, input=html.encode(), capture_output=True, timeout=timeout_s, env=dict(env or os.environ),
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NotPrinted(
            f"PDF排版超过{timeout_s:.0f}秒，请缩短期间 / making the PDF took more than {timeout_s:.0f} s: ask for less"
        ) from None
    if done.returncode == 0 and done.stdout.startswith(b"%PDF"):
        return done.stdout
    said = done.stderr.decode(errors="replace").strip().splitlines()
    why = said[-1] if said else f"exit code {done.returncode}"
    if done.returncode < 0:
        raise Unreachable("pdf", f"the process was ended by signal {-done.returncode}")
    raise NotPrinted(why)
