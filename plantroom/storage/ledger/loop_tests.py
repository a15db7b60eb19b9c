"""Loop tests and their checks."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from maintenance.loop_ports import LoopTestRepository
from maintenance.loop_tests import ENDED, CheckResult, LoopCheck, LoopTest, TestState
from plantroom.errors import Conflict, NotFound
from plantroom.ports.paging import Page, PageRequest, Scope
from plantroom.storage.ledger import tables_loop_tests as t
from plantroom.storage.ledger import tables_plant as plant
from plantroom.storage.ledger.paging import Keys, fetch_page
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.work import Work, chunks, in_scope, one_of

TESTS = Record(LoopTest, t.loop_tests)
CHECKS = Record(LoopCheck, t.loop_checks)
_t = t.loop_tests.c
_c = t.loop_checks.c
_SORTS: Mapping[str, Keys] = {"started_at": (_t.started_at, _t.id)}
_GOING_ON = _t.state == TestState.RUNNING.value


class SqlLoopTests(LoopTestRepository):
    """``LoopTestRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def add(self, test: LoopTest, checks: Sequence[LoopCheck]) -> None:
        # Two that begin at once take their turn, so that no asset is in both.
        self._work.backend.lock_text(self._connection, f"loop tests {test.site}")
        assets = sorted({check.asset for check in checks})
        for some in chunks(assets):
            going_on = (
                sa.select(_t.id, _t.name, sa.func.coalesce(plant.assets.c.code, _c.asset).label("code"))
                .select_from(t.loop_checks)
                .join(t.loop_tests, _t.id == _c.test)
                .outerjoin(plant.assets, plant.assets.c.key == _c.asset)
                .where(_GOING_ON, _c.asset.in_(some))
                .limit(1)
            )
            if (one := self._connection.execute(going_on).first()) is not None:
                words = f"asset {one.code} is in a loop test that is going on, {one.name!r} ({one.id})"
                raise Conflict(f"{words}: finish that one first (`plantroom loop-test finish {one.id}`)")
        self._connection.execute(t.loop_tests.insert(), TESTS.row(test))
        if checks:
            self._work.backend.insert_many(self._connection, t.loop_checks, CHECKS.rows(checks))

    def get(self, test_id: str) -> LoopTest:
        return self._one(TESTS.select().where(_t.id == test_id), test_id)

    def lock(self, test_id: str) -> LoopTest:
        return self._one(self._work.locking(TESTS.select().where(_t.id == test_id)), test_id)

    def update(self, test: LoopTest) -> None:
        self._connection.execute(t.loop_tests.update().where(_t.id == test.id), TESTS.row(test))

    def checks(self, test_id: str) -> Sequence[LoopCheck]:
        statement = CHECKS.select().where(_c.test == test_id).order_by(_c.number)
        return [CHECKS.item(row) for row in self._connection.execute(statement)]

    def active(self, test_id: str) -> Sequence[LoopCheck]:
        waits = _c.result == CheckResult.WAITING.value
        first = sa.select(sa.func.min(_c.number)).where(_c.test == test_id, waits).scalar_subquery()
        moving = sa.or_(
            _c.result.in_((CheckResult.ASKED.value, CheckResult.ANSWERED.value)),
            sa.and_(_c.result.in_([one.value for one in ENDED]), _c.settled.is_(False)),
            _c.number == first,
        )
        statement = CHECKS.select().where(_c.test == test_id, moving).order_by(_c.number)
        return [CHECKS.item(row) for row in self._connection.execute(statement)]

    def any_failed(self, test_id: str) -> bool:
        failed = sa.select(_c.number).where(_c.test == test_id, _c.result == CheckResult.FAILED.value).limit(1)
        return self._connection.execute(failed).first() is not None

    def put_checks(self, checks: Sequence[LoopCheck]) -> None:
        for check in checks:
            statement = t.loop_checks.update().where(_c.test == check.test, _c.number == check.number)
            self._connection.execute(statement, CHECKS.row(check))

    def asked(self, asset: str) -> LoopCheck | None:
        statement = CHECKS.select().join_from(t.loop_checks, t.loop_tests, _t.id == _c.test)
        asked = statement.where(_c.asset == asset, _c.result == CheckResult.ASKED.value, _GOING_ON).limit(1)
        row = self._connection.execute(asked).first()
        return None if row is None else CHECKS.item(row)

    def running(self) -> Sequence[str]:
        statement = sa.select(_t.id).where(_GOING_ON).order_by(_t.started_at, _t.id)
        return list(self._connection.execute(statement).scalars())

    def list(
        self, scope: Scope, page: PageRequest, site: str | None = None, state: str | None = None
    ) -> Page[LoopTest]:
        conditions = in_scope(_t.site, scope, site)
        if state is not None:
            conditions.append(one_of(_t.state, state))
        return fetch_page(self._connection, TESTS.select().where(*conditions), _SORTS, "-started_at", page, TESTS.item)

    def _one(self, statement: sa.Select[tuple[object, ...]], test_id: str) -> LoopTest:
        row = self._connection.execute(statement).first()
        if row is None:
            raise NotFound(f"there is no loop test {test_id!r}")
        return TESTS.item(row)
