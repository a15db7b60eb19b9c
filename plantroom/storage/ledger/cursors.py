"""How far the consumers of findings and of operations have come."""

import sqlalchemy as sa

from plantroom.storage.ledger.tables_collect import consumer_cursors
from plantroom.storage.ledger.work import Work

_c = consumer_cursors.c


def cursor(work: Work, consumer: str) -> int:
    """Where the consumer stands, 0 before its first item. A writing transaction locks it until it ends."""
    statement = work.locking(sa.select(_c.position).where(_c.consumer == consumer))
    position = work.connection.execute(statement).scalar()
    if position is None and work.writable:
        insert = work.backend.insert(consumer_cursors).on_conflict_do_nothing(index_elements=["consumer"])
        work.connection.execute(insert, {"consumer": consumer, "position": 0})
        position = work.connection.execute(statement).scalar()
    return int(position or 0)


def set_cursor(work: Work, consumer: str, position: int) -> None:
    """Put the cursor somewhere else; it is there already."""
    moved = consumer_cursors.update().where(_c.consumer == consumer)
    work.connection.execute(moved, {"position": position})
