"""The report of a loop test: one line for each sensor. Pure."""

import csv
import io
from collections.abc import Sequence
from itertools import pairwise

from maintenance.loop_tests import LoopCheck, LoopTest, Step, StepState, delays_ms
from maintenance.views import instant_json, name_json

DELAYS = tuple(f"{a.value}_to_{b.value}_ms" for a, b in pairwise(Step))


def loop_test_json(test: LoopTest) -> dict[str, object]:
    """A loop test without its checks."""
    return {
        "id": test.id,
        "site": test.site,
        "name": test.name,
        "state": test.state.value,
        "started_by": test.started_by,
        "started_at": instant_json(test.started_at),
        "deadline": instant_json(test.deadline),
        "finished_by": test.finished_by,
        "finished_at": instant_json(test.finished_at),
    }


def check_json(check: LoopCheck) -> dict[str, object]:
    """One sensor with its links."""
    return {
        "number": check.number,
        "asset": check.asset,
        "kind": check.kind.value,
        "subject": check.subject,
        "name": name_json(check.name),
        "place": name_json(check.place),
        "expected": dict(check.expected),
        "responsible": check.responsible,
        "result": check.result.value,
        "asked_at": instant_json(check.asked_at),
        "deadline": instant_json(check.deadline),
        "ended_at": instant_json(check.ended_at),
        "reason": name_json(check.reason) if check.reason.zh else None,
        "by": check.by,
        "steps": [
            {
                "step": one.step.value,
                "state": one.state.value,
                "at": instant_json(one.at),
                "evidence": one.evidence,
                "note": name_json(one.note) if one.note.zh else None,
            }
            for one in check.steps
        ],
        "delays": delays_ms(check),
    }


def report_lines(check: LoopCheck) -> list[str]:
    """Each link of one sensor: its instant (as in the CSV), the milliseconds since the link before, and what proves it
    or who."""
    delays = delays_ms(check)
    after = {name.removesuffix("_ms").partition("_to_")[2]: f"{ms:+} ms" for name, ms in delays.items()}
    lines = []
    for one in check.steps:
        word, at = one.step.value, _instant(check, one.step) or "-"
        proof = one.evidence or "" if one.step in (Step.TICKET, Step.PERSON) else ""
        lines.append(f"      {word:<8}  {at:<27}  {after.get(word, ''):>12}  {proof}".rstrip())
    who = [("responsible", check.responsible), ("by", check.by)]
    said = [f"{word}: {name}" for word, name in who if name]
    return [*lines, *([f"      {'  '.join(said)}"] if said else [])]


def report_csv(test: LoopTest, checks: Sequence[LoopCheck]) -> str:
    """Each sensor, its links' instants (UTC, RFC 3339; ``n.a.`` where one does not apply), the milliseconds between
    them, who confirmed it and what came of it. What a spreadsheet would take for a formula is quoted."""
    out = io.StringIO()
    writer = csv.writer(out)
    links = [step.value for step in Step]
    head = ["test", "number", "place", "sensor_zh", "sensor_en", "kind", "subject", "responsible", "result"]
    writer.writerow([*head, *(f"{link}_at" for link in links), *DELAYS, "ticket", "confirmed_by", "reason"])
    for check in checks:
        delays = delays_ms(check)
        reason = f"{check.reason.zh} / {check.reason.en}" if check.reason.zh else ""
        writer.writerow(
            [
                _safe(one)
                for one in (
                    test.name,
                    check.number,
                    check.place.zh,
                    check.name.zh,
                    check.name.en,
                    check.kind.value,
                    check.subject,
                    check.responsible,
                    check.result.value,
                    *(_instant(check, step) for step in Step),
                    *(delays.get(name, "") for name in DELAYS),
                    check.step(Step.TICKET).evidence or "",
                    check.step(Step.PERSON).evidence or "",
                    reason,
                )
            ]
        )
    return out.getvalue()


def _instant(check: LoopCheck, step: Step) -> str:
    one = check.step(step)
    return "n.a." if one.state is StepState.NOT_APPLICABLE else instant_json(one.at) or ""


def _safe(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
