"""Tables beside changes of the plan that somebody has asked for: what waits is written over by nothing."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from maintenance.emergency.keeping import change_plan
from maintenance.intervals import Interval, IntervalUnit
from maintenance.plan import PlanRow
from maintenance.plan_changes.keeping import Decision, approve, ask
from maintenance.plan_changes.model import Action, ChangeOrigin, ChangeState, PlanChange
from plantroom.domain.assets import LocalName
from plantroom.domain.keys import new_key
from plantroom.errors import Conflict
from tests.contract.imports.importing import Store, exported, take, undo
from tests.contract.maintenance.conftest import NOW

FROM = NOW.date() + timedelta(days=60)
HEAD = "编号,维护周期,维护责任部门\n"
WEEKLY = HEAD + "PW-M,每周,\n"
OTHERS = HEAD + "PW-M,,水务管理部门\n"


def row(ledger: Store, code: str = "PW-M", site: str | None = None) -> PlanRow:
    with ledger.read() as tx:
        found = tx.plan.row(code, site)
    assert found is not None
    return found


def asked_for(ledger: Store, site: str | None = None, effective: date = FROM, code: str = "PW-M") -> PlanChange:
    before = row(ledger, code)
    after = replace(before, interval=Interval(2, IntervalUnit.MONTH))
    change = PlanChange(
        new_key(), site, ChangeOrigin.STAFF, "why", "li", NOW, action=Action.CHANGE, code=code, before=before,
        after=after, effective_from=effective,
    )  # fmt: skip
    with ledger.begin() as tx:
        return ask(tx, change)


def approved(ledger: Store, change: PlanChange) -> None:
    with ledger.begin() as tx:
        approve(tx, change.id, Decision("wang", NOW, NOW.date(), "agreed"))


def codes(document: dict[str, list[dict[str, str]]], of: str = "errors") -> list[tuple[object, str, str]]:
    return [(one["row"], one["value"], one["code"]) for one in document[of]]


def test_an_approved_change_that_waits_is_not_written_over(ledger: Store) -> None:
    approved(ledger, asked_for(ledger))
    waits = row(ledger)
    assert (waits.effective_from, waits.interval.every) == (FROM, 2)
    for text in (WEEKLY, OTHERS, HEAD.replace("维护责任部门", "生效日期") + "PW-M,每月一次,2020-01-01\n"):
        refused = take(ledger, "plan_table", text)
        assert codes(refused) == [(2, "PW-M", "change_waiting")]
        message = refused["errors"][0]["message"]
        assert f"自{FROM}起生效" in message
        assert f"takes effect on {FROM}" in message
        assert row(ledger) == waits
    same = take(ledger, "plan_table", exported(ledger, "plan_table"))
    assert (same["updated"], same["errors"]) == (0, []), "what an export says is no change"


def test_a_site_gets_no_row_of_its_own_in_place_of_one_that_waits(ledger: Store) -> None:
    approved(ledger, asked_for(ledger))
    assert codes(take(ledger, "plan_table", WEEKLY, site="demo")) == [(2, "PW-M", "change_waiting")]
    assert row(ledger, site="demo").site is None


def test_a_change_that_is_in_effect_does_not_wait(ledger: Store) -> None:
    approved(ledger, asked_for(ledger, effective=NOW.date()))
    assert take(ledger, "plan_table", WEEKLY)["updated"] == 1


def test_what_a_table_itself_has_put_off_may_be_corrected_by_a_table(ledger: Store) -> None:
    later = f"编号,维护周期,生效日期\nPW-M,每两周,{FROM}\n"
    assert take(ledger, "plan_table", later)["updated"] == 1
    assert take(ledger, "plan_table", later.replace("每两周", "每三周"))["updated"] == 1


def test_a_change_that_nobody_has_decided_on_is_said_and_stays(ledger: Store) -> None:
    change = asked_for(ledger)
    elsewhere = asked_for(ledger, site="demo")
    done = take(ledger, "plan_table", OTHERS)
    assert codes(done, "warnings") == [(2, "PW-M", "change_requested")] * 2
    assert done["updated"] == 1
    with ledger.read() as tx:
        assert tx.plan_changes.get(change.id) == change
        assert tx.plan_changes.get(elsewhere.id).state is ChangeState.REQUESTED
    own = take(ledger, "plan_table", WEEKLY, site="demo")
    told = [one for one in codes(own, "warnings") if one[2] != "no_machine_of_kind"]
    assert told == [(2, "PW-M", "change_requested")], "only the one about the site's own row"


def test_undoing_an_import_leaves_a_change_that_waits(ledger: Store) -> None:
    done = take(ledger, "plan_table", OTHERS)
    approved(ledger, asked_for(ledger))
    waits = row(ledger)
    refused = undo(ledger, done["import_id"])
    assert [(one["value"], one["code"]) for one in refused["errors"]] == [("PW-M", "change_waiting")]
    assert row(ledger) == waits


def test_the_drill_of_an_emergency_plan_is_a_row_like_any(ledger: Store) -> None:
    text = "应急预案,应急措施,演练周期\n停水应急预案,送水、通知,每季度一次\n"
    assert take(ledger, "emergency_plans", text)["created"] == 1
    with ledger.read() as tx:
        drill = next(one.drill_row for one in tx.emergency.list() if one.name.zh == "停水应急预案")
    assert drill is not None
    approved(ledger, asked_for(ledger, code=drill))
    waits = row(ledger, drill)
    refused = take(ledger, "emergency_plans", text.replace("每季度", "每月"))
    assert codes(refused) == [(2, "每月一次", "change_waiting")]
    assert drill in refused["errors"][0]["message"]
    assert row(ledger, drill) == waits
    with ledger.begin() as tx:
        plan = next(one for one in tx.emergency.list() if one.drill_row == drill)
        with pytest.raises(Conflict, match=f"takes effect on {FROM}"):
            change_plan(tx, replace(plan, drill=Interval(1, IntervalUnit.MONTH)), None, NOW)
        assert change_plan(tx, replace(plan, name=LocalName("停水", "No water")), None, NOW).name.zh == "停水"


def test_a_drill_that_people_have_changed_stays_until_its_plan_says_another(ledger: Store) -> None:
    """Neither an export that comes back nor a new name of the plan is a word about the drill."""
    text = "应急预案,编号,应急措施,演练周期\n停水应急预案,EP-9,送水,每季度一次\n"
    take(ledger, "emergency_plans", text)
    with ledger.read() as tx:
        drill = next(one.drill_row for one in tx.emergency.list() if one.code == "EP-9")
    assert drill is not None
    approved(ledger, asked_for(ledger, code=drill, effective=NOW.date()))
    changed = row(ledger, drill)
    done = take(ledger, "emergency_plans", exported(ledger, "emergency_plans"))
    assert (done["created"], done["updated"]) == (0, 0)
    assert row(ledger, drill) == changed
    with ledger.begin() as tx:
        plan = next(one for one in tx.emergency.list() if one.drill_row == drill)
        change_plan(tx, replace(plan, name=LocalName("停水", "No water")), None, NOW)
    assert row(ledger, drill) == changed
    take(ledger, "emergency_plans", text.replace("每季度", "每月"))
    assert row(ledger, drill).interval == Interval(1, IntervalUnit.MONTH)
