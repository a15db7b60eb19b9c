"""What people are told of budgets, in both languages. Pure."""

from maintenance.budget.measuring import Line
from maintenance.budget.model import BudgetWarning, Level
from maintenance.notify.messages import Notice
from maintenance.seed.budgets import budget_lines
from plantroom.catalogue.systems import systems
from plantroom.domain.assets import LocalName, Severity, Site

TOPIC = "budget"
_SEVERITY = {Level.NEAR: Severity.GENERAL, Level.OVER: Severity.MAJOR}


def line_name(line: str) -> LocalName:
    """What the user's plan calls a line; one that it does not have is called by its key."""
    known = budget_lines().get(line)
    return LocalName(line, line) if known is None else known.name


def place_name(line: str, system: str) -> LocalName:
    """A line with its system."""
    name, of = line_name(line), systems().get(system)
    if of is None:
        return name
    return LocalName(f"{name.zh}（{of.name.zh}）", f"{name.en} ({of.name.en})")


def notice_of(site: Site, line: Line, warning: BudgetWarning) -> Notice:
    """The message that a level makes."""
    budget = line.budget
    assert budget is not None
    name, used = place_name(line.line, line.system), warning.actual + warning.committed
    share = "" if warning.approved <= 0 else f"{used / warning.approved * 100:.0f} %"
    if warning.level is Level.OVER and warning.actual > warning.approved:
        title = LocalName(
            f"{budget.year}年{name.zh}已超预算 {share}".rstrip(),
            f"{budget.year} budget {name.en}: overspent {share}".rstrip(),
        )
    elif warning.level is Level.OVER:
        title = LocalName(
            f"{budget.year}年{name.zh}将超预算 {share}".rstrip(),
            f"{budget.year} budget {name.en}: about to be overspent {share}".rstrip(),
        )
    else:
        title = LocalName(f"{budget.year}年{name.zh}预算已用{share}", f"{budget.year} budget {name.en}: {share} used")
    outlook = line.figures.outlook
    return Notice(
        topic=TOPIC,
        site=site.code,
        title=title,
        lines=(
            LocalName(f"项目：{site.name.zh}", f"Site: {site.name.en}"),
            LocalName(
                f"已批准{warning.approved:,.2f}元，已发生{warning.actual:,.2f}元，已派单{warning.committed:,.2f}元",
                f"Approved {warning.approved:,.2f} CNY, spent {warning.actual:,.2f}, ordered {warning.committed:,.2f}",
            ),
            LocalName(f"全年预计{outlook:,.2f}元", f"Outlook for the year {outlook:,.2f} CNY"),
            LocalName(
                "请核对费用，推迟可推迟的工作，或申请追加",
                "Look at the cost, put off what can wait, or ask for more",
            ),
        ),
        dedup=f"budget:{budget.id}:{budget.revision}:{warning.level.value}",
        severity=_SEVERITY[warning.level],
        facts={
            "budget": {
                "id": budget.id,
                "year": budget.year,
                "line": budget.line,
                "system": budget.system or None,
                "level": warning.level.value,
                "approved": warning.approved,
                "actual": warning.actual,
                "committed": warning.committed,
                "outlook": round(outlook, 2),
            }
        },
    )
