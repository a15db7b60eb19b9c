"""What the rows of an order ask to be there before it is verified: photos, signatures, papers.

The items of a checklist ask for their own (``maintenance.evidence``), and an order completed without is ``incomplete``.
What a row of the plan asks for is the proof of the whole work: without it nobody verifies. Pure but for reading rows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from maintenance.evidence import files_of
from maintenance.ports import MaintenanceTx
from maintenance.work.records import Signature, of_its_answers
from maintenance.work.signers import signers
from maintenance.work.two_people import account_names
from maintenance.work_orders import WorkOrder
from plantroom.errors import BadData, FieldProblem

PAPERS = ("report", "certificate", "lab_report")

WORDS: Mapping[str, tuple[str, str]] = {
    "photo": ("照片", "a photo"),
    "signature": ("签名", "a signature"),
    "second_signature": ("另一人的签名", "a second signature, by another person"),
    "report": ("报告", "a report"),
    "certificate": ("证书", "a certificate"),
    "lab_report": ("化验报告", "a laboratory report"),
}


@dataclass(frozen=True, slots=True)
class Given:
    """What an order has. ``signatures`` are those of different people. ``papers`` are the kinds of its documents;
    ``None``: nobody keeps them, so that none is asked for."""

    photos: int = 0
    signatures: int = 0
    papers: frozenset[str] | None = None


def given_by(
    order: WorkOrder,
    photos: Collection[str] = (),
    signatures: Sequence[Signature] = (),
    papers: frozenset[str] | None = None,
    called: Mapping[str, str] | None = None,
) -> Given:
    """What an order has: the files under its steps that have arrived, beside ``photos`` (SHA-256 of their files),
    ``signatures`` and ``papers`` that are kept elsewhere. A file that is there twice counts once, and so does whoever
    signs twice (``called`` as of ``signers``)."""
    arrived = _with_arrived_alone(order)
    files = [file for entry in arrived.answers.values() for file in files_of(entry)]
    of = {kind: {str(file.get("sha256")) for file in files if file.get("kind") == kind} for kind in WORDS}
    signed = of["signature"] | {one.sha256 for one in signatures}
    people = signers(arrived, signatures, called).all
    return Given(len(of["photo"] | set(photos)), min(len(signed), len(people)), papers)


def _with_arrived_alone(order: WorkOrder) -> WorkOrder:
    """The order as if files that have not arrived had not been taken."""
    return replace(
        order,
        answers={
            step: dict(entry) | {"files": [file for file in files_of(entry) if file.get("arrived")]}
            for step, entry in order.answers.items()
        },
    )


def given_to(tx: MaintenanceTx, order: WorkOrder) -> Given:
    """What an order has, under its steps and beside them: attachments, signatures of its answers as they stand, papers
    by their kind."""
    attached = tx.work_records.attachments(order.id)
    signed = of_its_answers(order, tx.work_records.signatures(order.id))
    return given_by(
        order,
        photos=[one.sha256 for one in attached if one.kind == "photo"],
        signatures=signed,
        papers=frozenset(one.kind for one in attached if one.kind in PAPERS),
        called=account_names(tx, order, signed),
    )


def lacking(wanted: Collection[str], given: Given) -> list[str]:
    """What is asked for and not there, in the order of ``WORDS``."""
    papers = set(PAPERS) if given.papers is None else given.papers
    there = {
        "photo": given.photos > 0,
        "signature": given.signatures > 0,
        "second_signature": given.signatures > 1,
        **{paper: paper in papers for paper in PAPERS},
    }
    return [kind for kind in WORDS if kind in wanted and not there[kind]]


def asked_of(tx: MaintenanceTx, order: WorkOrder) -> set[str]:
    """What the rows of an order's occurrences ask for now."""
    lineages = {o.key.lineage for o in order.occurrences}
    rows = tx.plan.rows(order.site) if lineages else ()
    return {kind for row in rows if row.lineage in lineages for kind in row.evidence}


def require_proof(tx: MaintenanceTx, order: WorkOrder, given: Given) -> None:
    """``BadData`` that names what is lacking before the order may be verified."""
    missing = lacking(asked_of(tx, order), given)
    if missing:
        said = ", ".join(WORDS[kind][1] for kind in missing)
        how = "send it back to work, add it, complete it again"
        raise BadData(f"work order #{order.number} is not verified without {said}: {how}", _problems(missing))


def _problems(missing: Sequence[str]) -> list[FieldProblem]:
    return [
        FieldProblem(
            f"evidence.{kind}",
            "evidence_missing",
            f"缺少{WORDS[kind][0]}，退回补充后再核验 / {WORDS[kind][1]} is missing",
        )
        for kind in missing
    ]
