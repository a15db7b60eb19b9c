"""On which orders something is booked, asked for many at once; how often the planner then asks the ledger."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import sqlalchemy as sa

from maintenance.materialise import materialise
from maintenance.orders import create_order
from maintenance.ports import MaintenanceTx
from maintenance.work.records import Attachment, ExternalCost, Labour, PartUse, Signatory, Signature
from maintenance.work_orders import Kind, Origin
from plantroom.domain.assets import LocalName
from tests.contract.imports.importing import take
from tests.contract.imports.test_last_completions import HEAD, MONTHLY, put
from tests.contract.maintenance.conftest import NOW, SYSTEMS
from tests.contract.maintenance.tablet import Store


def order(tx: MaintenanceTx) -> str:
    title = LocalName("异响", "Noise")
    kind, origin = Kind.CORRECTIVE, Origin.STAFF
    return create_order(tx, site="demo", kind=kind, origin=origin, title=title, by="li", now=NOW).id


def test_what_is_booked_on_orders_is_known_of_all_at_once(any_ledger: Store) -> None:
    with any_ledger.begin() as tx:
        bare, labour, parts, cost, file, signed, back = (order(tx) for _ in range(7))
        books = tx.work_records
        books.put_labour(Labour("1", labour, "demo", "li", 30, None, None, "", "li", NOW, NOW))
        books.put_labour(Labour("2", back, "demo", "li", 30, None, None, "", "li", NOW, NOW, NOW, "li", "错"))
        books.put_part_use(
            PartUse("3", parts, "demo", "seal", "S-1", "密封", "Seal", "pc", 1, None, None, 4, "li", NOW, NOW)
        )
        books.put_cost(ExternalCost("4", cost, "demo", None, "INV-1", 10, "", "li", NOW, NOW))
        books.add_attachment(
            Attachment("5", file, "demo", "photo", "ab", "a.jpg", "image/jpeg", 1, None, "", "li", NOW, NOW)
        )
        books.add_signature(Signature("6", signed, "demo", Signatory.TECHNICIAN, "李", "ab", 1, "cd", "li", NOW, NOW))
    with any_ledger.read() as tx:
        some = [bare, labour, parts, cost, file, signed, back]
        assert tx.work_records.booked(some) == {labour, parts, cost, file, signed}
        assert tx.work_records.booked([back, bare]) == set()
        assert tx.work_records.booked([]) == set()


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that databases are sent meanwhile."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def test_an_order_that_is_made_anew_costs_few_statements(building: Store) -> None:
    """Withdrawing is most of the planner's look behind an import of last completions."""
    put(building, MONTHLY)
    materialise(building, NOW, SYSTEMS)
    lines = "".join(f"P-{n},OWN-M,{date(2026, 2, 20)},,\n" for n in range(10, 50))
    assert take(building, "last_completions", HEAD + lines, site="demo")["errors"] == []
    with counted() as said:
        made = materialise(building, NOW, SYSTEMS)["created"]
    assert made >= 80
    assert len(said) / made < 22
