"""docs/work-orders.md has the figures that the code has."""

from pathlib import Path

from api.public.limits import PublicLimits
from api.public.photos import MAX_PHOTO
from maintenance.work.owner_reports import ANSWERED_WITHIN, CONTACT_KEPT
from maintenance.work.records import BUDGET_LINES, Signatory
from maintenance.work.repairs import NEWEST, REOPENED_WITHIN, REPEATED_WITHIN

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "work-orders.md").read_text(encoding="utf-8")


def test_the_figures_are_those_of_the_code() -> None:
    assert f"{NEWEST} newest closed" in TEXT
    assert f"within {REOPENED_WITHIN.days} days (`reopened`) and within {REPEATED_WITHIN.days} (`repeated`)" in TEXT
    assert f"deleted after {CONTACT_KEPT.days} days" in TEXT
    assert f"at most {MAX_PHOTO >> 20} MiB" in TEXT
    assert f"`answer_by` ({ANSWERED_WITHIN.total_seconds() / 3600:g} h)" in TEXT
    limits = PublicLimits()
    assert f"sends {limits.reports_of_address.most} reports in ten minutes" in TEXT
    assert f"a machine takes {limits.reports_of_asset.most} an hour" in TEXT
    assert f"together {limits.reports.most} an hour; {limits.looks_of_address.most} looks a minute" in TEXT


def test_every_role_and_budget_line_is_named() -> None:
    assert all(f"`{one}`" in TEXT for one in (*Signatory, *BUDGET_LINES.values()))
