"""Published ends of the chain as files: one a day, written once, to be carried where nobody who keeps the ledger can
change it (a mail, a printout, another machine).

``heads/2026-11-21.txt`` is for people and for ``plantroom audit verify --heads``; ``heads/heads.log`` has a line for
each.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from maintenance.notify.messages import Notice
from plantroom.domain.assets import LocalName, Severity
from plantroom.domain.audit import Head
from plantroom.errors import BadData

LOG = "heads.log"

_TITLE = "Plantroom 审计链头 / head of the audit chain"
_ADVICE = (
    "请把本文件保存到账本管理员无法修改的地方（邮件、打印件、另一台机器）。\n"
    "Keep this where nobody who keeps the ledger can change it (a mail, a printout, another machine).\n"
    "plantroom audit verify --heads THIS_FILE"
)
_LINE = re.compile(r"^(date|ledger|seal|entry|sealed|sha256): *(\S+) *$", re.MULTILINE)
_FIELDS = ("date", "ledger", "seal", "entry", "sealed", "sha256")


def text_of(head: Head) -> str:
    """A head as people and programs read it; for a mail, too."""
    fields = "\n".join(f"{name}: {value}" for name, value in _values(head).items())
    return f"{_TITLE}\n\n{fields}\n\n{_ADVICE}\n"


def head_notice(head: Head) -> Notice:
    """A head for channels that want to hear of everything (``min_severity`` of ``info``): carried where the ledger's
    keeper cannot change it."""
    return Notice(
        topic="audit_head",
        site=None,
        title=LocalName(f"审计链头 {head.date}", f"Head of the audit chain {head.date}"),
        lines=tuple(LocalName(f"{name}: {value}", f"{name}: {value}") for name, value in _values(head).items()),
        dedup=f"audit-head:{head.date}:{head.seal}",
        severity=Severity.INFO,
        facts={"head": _values(head)},
    )


def line_of(head: Head) -> str:
    """A head in one line."""
    return " ".join(f"{name}={value}" for name, value in _values(head).items())


def _values(head: Head) -> dict[str, str]:
    sealed = head.sealed_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    values = (head.date.isoformat(), head.ledger, str(head.seal), str(head.position), sealed, head.digest)
    return dict(zip(_FIELDS, values, strict=True))


def head_in(text: str, where: str) -> Head:
    """The head that a text holds. Raises ``BadData`` that names ``where``."""
    found = dict(_LINE.findall(text))
    return _head(found, where)


def _head(found: Mapping[str, str], where: str) -> Head:
    missing = [name for name in _FIELDS if name not in found]
    if missing:
        raise BadData(f"{where} is no published head: it lacks {', '.join(missing)}")
    try:
        return Head(
            date.fromisoformat(found["date"]),
            found["ledger"],
            int(found["seal"]),
            int(found["entry"]),
            datetime.fromisoformat(found["sealed"]).astimezone(UTC),
            found["sha256"].lower(),
        )
    except ValueError as error:
        raise BadData(f"{where} is no published head: {error}") from None


def read_heads(path: Path) -> list[Head]:
    """The heads in a file, a log, or a folder of both, in the order of their seals. Raises ``BadData``."""
    try:
        files = sorted(f for f in path.iterdir() if f.suffix in {".txt", ".log"}) if path.is_dir() else [path]
        heads = [head for file in files for head in _in_file(file)]
    except (OSError, UnicodeDecodeError) as error:
        raise BadData(f"{path}: {error}") from error
    if not heads:
        raise BadData(f"{path} holds no published head")
    return sorted(set(heads), key=lambda head: (head.seal, head.date))


def _in_file(file: Path) -> Iterable[Head]:
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".log":
        return [head_in(text, str(file))]
    lines = [line for line in text.splitlines() if line.strip()]
    return [_head(dict(part.partition("=")[::2] for part in line.split()), f"{file}, {line[:40]!r}") for line in lines]


class HeadFolder:
    """Where this process keeps what was published, beside the ledger. Nothing in it is written twice."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, heads: Sequence[Head]) -> list[Head]:
        """Write those that are not there yet. Gives those that are there and say something else: either the ledger or
        the folder was changed. Raises ``OSError``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        different = []
        days: set[date] = set()
        for head in heads:
            name = f"{head.date}.txt" if head.date not in days else f"{head.date}-seal{head.seal}.txt"
            days.add(head.date)
            file = self.folder / name
            if not file.exists():
                self._write(file, head)
            elif head_in(file.read_text(encoding="utf-8"), str(file)) != head:
                different.append(head)
        return different

    def _write(self, file: Path, head: Head) -> None:
        temporary = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            with temporary.open("w", encoding="utf-8") as out:
                out.write(text_of(head))
                out.flush()
                os.fsync(out.fileno())
            temporary.chmod(0o444)
            try:
                os.link(temporary, file)  # never over one that is there
            except FileExistsError:
                return
        finally:
            temporary.unlink(missing_ok=True)
        with (self.folder / LOG).open("a", encoding="utf-8") as log:
            log.write(line_of(head) + "\n")
