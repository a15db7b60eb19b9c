"""What a completed order still owes: answers, photos, signatures. Pure.

A file that a tablet has recorded and that has not arrived is *awaited*: the order is ``evidence_pending`` until it is
there. A photo or signature that was never taken cannot arrive: it is *missing*, like a step without an answer, and the
completed order is tagged ``incomplete``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from maintenance.lifecycle import INCOMPLETE
from maintenance.work_orders import State, WorkOrder
from plantroom.errors import IllegalTransition

FILE_KINDS = ("photo", "signature")

FileArrived = Callable[[str], bool]
"""Whether the file of a SHA-256 (hex) is in the store."""


def no_file(_: str) -> bool:
    """Nothing has arrived yet."""
    return False


def files_of(entry: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    """The files recorded under a step."""
    files = entry.get("files")
    return files if isinstance(files, (list, tuple)) else ()


def missing_evidence(order: WorkOrder) -> list[tuple[str, str]]:
    """(step, photo or signature) pairs that the template demands and nobody recorded. Items answered as not applicable
    demand nothing."""
    missing: list[tuple[str, str]] = []
    for item in order.template:
        entry = order.answers.get(item.step, {})
        if entry.get("outcome") == "na":
            continue
        wanted = set(item.evidence) | ({item.type} if item.type in FILE_KINDS else set())
        taken = {file.get("kind") for file in files_of(entry)}
        missing += [(item.step, kind) for kind in sorted(wanted - taken)]
    return missing


def unanswered(order: WorkOrder) -> list[str]:
    """Steps without an answer; a photo or signature answers its step by itself."""
    return [
        i.step for i in order.template if i.type not in FILE_KINDS and "outcome" not in order.answers.get(i.step, {})
    ]


def awaited(order: WorkOrder) -> list[str]:
    """SHA-256 of the files that were recorded and have not arrived (see ``with_arrived``)."""
    return [
        str(file.get("sha256"))
        for entry in order.answers.values()
        for file in files_of(entry)
        if not file.get("arrived")
    ]


def with_arrived(order: WorkOrder, file_arrived: FileArrived) -> WorkOrder:
    """The order with a mark on those of its files that are there; the same object when nothing is new."""
    there = {digest for digest in awaited(order) if file_arrived(digest)}
    if not there:
        return order
    answers: dict[str, Mapping[str, object]] = dict(order.answers)
    for step, entry in order.answers.items():
        files = files_of(entry)
        if any(file.get("sha256") in there for file in files):
            marked = [dict(f) | {"arrived": True} if f.get("sha256") in there else dict(f) for f in files]
            answers[step] = dict(entry) | {"files": marked}
    return replace(order, answers=answers)


def completed(order: WorkOrder, to: State, file_arrived: FileArrived) -> tuple[WorkOrder, State]:
    """An order about to be completed, and the state that it gets.

    Work in progress with awaited files becomes ``evidence_pending`` instead of ``completed``. From there
    ``completed`` gives up on what has not arrived: it then counts as missing. ``IllegalTransition`` for
    ``evidence_pending`` when no file is awaited: nothing would ever complete the order.
    """
    order = with_arrived(order, file_arrived)
    left = awaited(order)
    if to is State.EVIDENCE_PENDING and not left:
        raise IllegalTransition(f"work order #{order.number} waits for no file: complete it")
    gives_up = order.state is State.EVIDENCE_PENDING and bool(left)
    if left and not gives_up:
        to = State.EVIDENCE_PENDING
    tags = tuple(tag for tag in order.tags if tag != INCOMPLETE)
    if gives_up or unanswered(order) or missing_evidence(order):
        tags = (*tags, INCOMPLETE)
    return (order if tags == order.tags else replace(order, tags=tags)), to
