"""What ``check`` says of a plantroom that runs on this data folder: what its own ``/readyz`` says."""

import json
from collections.abc import Sequence
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from plantroom.errors import Unreachable
from plantroom.settings import Settings

ANSWERS_S = 10.0
RUNTIMES = ("runtime.json", "runtime-serve.json")


class NotReady(Unreachable):
    """What runs here answers, and says that it is not ready."""


def running(settings: Settings) -> str | None:
    """The address of what serves on this data folder, and that it is ready; ``None`` when nothing serves there.

    Raises ``NotReady`` with its reasons, ``Unreachable`` when a process holds the folder and does not answer."""
    from plantroom.bootstrap.folder import is_held

    held = is_held(settings.data_dir)
    for name in RUNTIMES:
        try:
            facts = json.loads((settings.data_dir / name).read_text(encoding="utf-8"))
            url = str(facts["http_url"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        try:
            reasons = _not_ready(url)
        except (OSError, HTTPException, ValueError) as error:
            if held and name == RUNTIMES[0]:
                raise Unreachable(url, f"runs here and does not answer ({error})") from error
            continue  # the file of a process that was killed
        if reasons:
            raise NotReady(url, "not ready: " + "; ".join(reasons))
        return f"{url} is ready"
    return None


def _not_ready(url: str) -> Sequence[str]:
    """Why what serves at ``url`` is not ready (empty: it is)."""
    try:
        with urlopen(Request(f"{url}/readyz"), timeout=ANSWERS_S):  # noqa: S310  # our own runtime file's address
            return []
    except HTTPError as error:
        try:
            reasons = json.load(error)["reasons"]
        except (ValueError, KeyError, TypeError):
            reasons = [f"it answers {error.code}"]
        return [str(reason) for reason in reasons]
