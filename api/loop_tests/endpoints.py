"""Loop tests: sensor > reading > alarm > ticket > person."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.access import Access, Supervisor, Technician, Viewer
from api.loop_tests.schemas import (
    LoopTest,
    LoopTestCheck,
    LoopTestCreate,
    LoopTestDetail,
    LoopTestList,
    LoopTestQuery,
    SkipRequest,
)
from api.paging import bad_field, page_request
from api.retrying import BeginAgain
from api.services import Parts, Services
from api.shapes import Name
from maintenance.loop_driver import LoopKeeper
from maintenance.loop_limits import limit_to_pass
from maintenance.loop_report import report_csv
from maintenance.loop_start import Wanted, chosen_assets, start_loop_test
from maintenance.loop_tests import CheckResult
from maintenance.loop_tests import LoopTest as DomainTest
from maintenance.ports import MaintenanceTx
from plantroom.errors import Forbidden, NotFound

router = APIRouter(prefix="/api/v1/loop-tests", tags=["loop tests"], route_class=BeginAgain)


@router.get("", operation_id="listLoopTests")
def list_tests(query: Annotated[LoopTestQuery, Query()], caller: Viewer, services: Parts) -> LoopTestList:
    """Loop tests, newest first."""
    with services.ledger.read() as tx:
        page = tx.loop_tests.list(caller.scope, page_request(query), query.site, query.state)
    return LoopTestList(items=[LoopTest.of(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("", operation_id="startLoopTest", status_code=201)
def start_test(form: LoopTestCreate, caller: Supervisor, services: Parts, response: Response) -> LoopTestDetail:
    """Begin a loop test; its first sensor is asked for at once. 409 while one of the assets is being tested."""
    caller.require_site(form.site)
    with services.ledger.begin() as tx:
        try:
            tx.assets.site(form.site)
        except NotFound:
            raise bad_field("site", "unknown_site", f"there is no site {form.site!r}") from None
        wanted = Wanted(
            site=form.site,
            assets=chosen_assets(tx, form.site, form.equipment_class, _keys(tx, form.site, form.assets)),
            points=form.points,
            events=form.events,
            data=form.data,
            minutes=form.minutes,
            name=form.name,
            responsible=form.responsible,
        )
        caller.require_site(form.site, {asset.department for asset in wanted.assets})
        test = start_loop_test(tx, wanted, services.classes, caller.principal.name, services.clock.now())
        detail = _detail(tx, services, test)
    response.headers["Location"] = f"/api/v1/loop-tests/{test.id}"
    return detail


@router.get("/{test_id}", operation_id="getLoopTest")
def get_test(test_id: str, caller: Viewer, services: Parts) -> LoopTestDetail:
    """One loop test with its checks."""
    with services.ledger.read() as tx:
        return _detail(tx, services, _visible(tx, caller, test_id))


@router.get(
    "/{test_id}/report",
    operation_id="exportLoopTest",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "A table"}},
)
def export_test(test_id: str, caller: Viewer, services: Parts) -> Response:
    """The report as CSV: each sensor, each link's instant, the delays between them, and who."""
    with services.ledger.read() as tx:
        test = _visible(tx, caller, test_id)
        text = report_csv(test, tx.loop_tests.checks(test.id))
    name = {"Content-Disposition": f'attachment; filename="loop-test-{test.id}.csv"'}
    return Response(text.encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=name)


@router.post("/{test_id}/checks/{number}/confirm", operation_id="confirmLoopCheck")
def confirm_check(test_id: str, number: int, caller: Technician, services: Parts) -> LoopTestCheck:
    """The signed-in person has seen the ticket on their tablet. A machine's token cannot say so: 403."""
    with services.ledger.begin() as tx:
        _changeable(tx, caller, test_id, number)
        if caller.principal.kind != "person":
            raise Forbidden("only a person who has signed in can confirm that they saw the ticket")
        check = _keeper(tx, services).confirm(test_id, number, caller.principal.name)
        return LoopTestCheck.of(check, services.directory.refs(tx)(check.asset))


@router.post("/{test_id}/checks/{number}/skip", operation_id="skipLoopCheck")
def skip_check(test_id: str, number: int, form: SkipRequest, caller: Supervisor, services: Parts) -> LoopTestCheck:
    """Leave a sensor out, with a reason."""
    with services.ledger.begin() as tx:
        _changeable(tx, caller, test_id, number)
        check = _keeper(tx, services).skip(test_id, number, caller.principal.name, form.reason)
        return LoopTestCheck.of(check, services.directory.refs(tx)(check.asset))


@router.post("/{test_id}/checks/{number}/ask", operation_id="askLoopCheck")
def ask_check(test_id: str, number: int, caller: Supervisor, services: Parts) -> LoopTestCheck:
    """Ask for this sensor now, again or out of its turn."""
    with services.ledger.begin() as tx:
        _changeable(tx, caller, test_id, number)
        check = _keeper(tx, services).ask(test_id, number)
        return LoopTestCheck.of(check, services.directory.refs(tx)(check.asset))


@router.post("/{test_id}/finish", operation_id="finishLoopTest")
def finish_test(test_id: str, caller: Supervisor, services: Parts) -> LoopTestDetail:
    """End a loop test: what is not answered fails, saying what is missing; what still holds becomes a real ticket."""
    with services.ledger.begin() as tx:
        _changeable(tx, caller, test_id)
        test = _keeper(tx, services).finish(test_id, caller.principal.name)
        return _detail(tx, services, test)


def _keys(tx: MaintenanceTx, site: str, named: Sequence[str]) -> list[str]:
    """Keys of the assets that are named by key or code; what is neither stays as it is, to be refused by name."""
    plant = tx.assets.plant()
    return [one if one in plant.assets else plant.codes.get((site, one), one) for one in named]


def _keeper(tx: MaintenanceTx, services: Services) -> LoopKeeper:
    return LoopKeeper(tx, services.clock.now(), services.classes)


def _visible(tx: MaintenanceTx, caller: Access, test_id: str) -> DomainTest:
    try:
        test = tx.loop_tests.get(test_id)
    except NotFound:
        raise NotFound("there is no such loop test") from None
    caller.require_sight(test.site)
    return test


def _changeable(tx: MaintenanceTx, caller: Access, test_id: str, number: int | None = None) -> None:
    """The caller may change the check of that number, or the whole test: those of the departments of its assets."""
    test = _visible(tx, caller, test_id)
    caller.require_change(test.site)
    concerned = {check.asset for check in tx.loop_tests.checks(test.id) if number in {None, check.number}}
    caller.require_site(test.site, {_department(tx, key) for key in concerned})


def _department(tx: MaintenanceTx, key: str) -> str | None:
    try:
        return tx.assets.get(key).asset.department
    except NotFound:
        return None


def _detail(tx: MaintenanceTx, services: Services, test: DomainTest) -> LoopTestDetail:
    checks, refs = tx.loop_tests.checks(test.id), services.directory.refs(tx)
    asked = next((check for check in checks if check.result is CheckResult.ASKED), None)
    limit = None if asked is None else limit_to_pass(asked, tx.assets.points(asked.asset))
    return LoopTestDetail(
        **LoopTest.of(test).model_dump(),
        asked=None if asked is None else asked.number,
        trigger=None if limit is None else Name.model_validate(limit),
        checks=[LoopTestCheck.of(check, refs(check.asset)) for check in checks],
    )
