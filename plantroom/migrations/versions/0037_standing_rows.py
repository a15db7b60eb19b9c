"""From now on the check compares the rows of the ledger with what the history says of them. Those that are there
already enter it as they stand, one entry each: earlier ones do not say all of a row (they began later than it, or an
update has added a column since). What came before counts for the history, and no more for the check of rows.

Of a new ledger nothing is entered. On SQLite a step of an order and a tablet's operation are not replaced any more: to
change and to delete them is refused since they are kept.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from plantroom.migrations.append_only import refuse_replacing

revision = "0037"
down_revision = "0036"

INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AT_ONCE = 2_000
WRITERS_OF_HISTORY = "SELECT pg_advisory_xact_lock_shared(1347178068, 7)"
"""As writers of history hold it (``Lock.AUDIT``), so that no seal is put behind entries that are still to come."""

NOT_KEPT = "(not kept)"
PART_HEX = 16
_TYPES: Mapping[str, Any] = {
    "b": sa.Boolean, "d": sa.Date, "i": INSTANT, "j": sa.JSON, "t": sa.Time,
}  # fmt: skip

# Table, what the history calls a row, key, site, asset, label, and the columns that it keeps: texts, or b a truth
# value, d a day, i an instant, j JSON, n a number, p JSON in a text, s a secret, t a time, x the document of the row.
_KEPT = """
api_tokens token id - - name id name token_hash:s grants:j created_at:i expires_at:i created_by
checklists checklist code - - - code items
custom_fields custom_field key - - name_zh key name_zh name_en type equipment_class unit choices:j required:b
    version:n
imports import id site - file id kind mode state file sha256 by site created:n updated:n unchanged:n errors:n
    warnings:n undone_at:i undone_by author
seed_choices seed_choice scope - - scope scope profile jurisdiction options:j
sites site code code - code code name_zh name_en time_zone max_shelving_h:n calendar:p options:j
sla_policies sla_policy profile,version - - profile profile version:n document:x
users user id - - username id username password_hash:s grants:j name language active:b
absences absence id - - user id user first:d last:d
budget_rates budget_rate site site - - site hourly_rate:n version:n
budgets budget id site - line id site year:n line system approved:n warn_percent:n note approved_by approved_at:i
    revision:n version:n
certificates certificate id - - username id username kind number issued_on:d expires_on:d issuer classes:j systems:j
    version:n
contractors contractor id site - name_zh id site name_zh name_en licences:j contact:s phone:s active:b version:n
departments department site,key site - name_zh site key name_zh name_en aliases:j classes:j version:n
devices device id site - username id site client username password_hash:s created_at:i created_by assets:j topics:j
    revoked_at:i revoked_by
emergency_plans emergency_plan key site - code key code site document:x
files file sha256,site site - name sha256 site name mime size:n uploaded_by uploaded_at:i
locations location key site - name_zh key site kind name_zh name_en parent version:n
loop_tests loop_test id site - name id site name state started_by started_at:i deadline:i window_s:n finished_by
    finished_at:i
memberships membership username,site,department site - username username site department
on_call_rotas on_call_rota id site - name_zh id site department level:n name_zh name_en people:j starts_on:d
    handover:t days:n ends_on:d severities:j holiday_people:j version:n
parts part key site - number key site number name_zh name_en unit stock:n minimum:n unit_cost:n classes:j assets:j
    place version:n
plan_changes plan_change id site asset code id site origin reason requested_by requested_at:i state action code
    after:p effective_from:d suggestion asset decided_by decided_at:i decision lineage applied_version:n version:n
plan_rows plan_row lineage site - code lineage code site document:x
risk_policies risk_policy site site - site site warning_value:n clear_value:n clear_after_days:n by reason
    changed_at:i version:n
shifts shift id site - name_zh id site department name_zh name_en starts:t ends:t people:j valid_from:d
    valid_until:d weekdays:j cycle_days:n cycle_on:j minimum:n post version:n
topic_sources topic_source key site - name key site name topic_filter dialect priority clock time_zone asset
    asset_from:n fields:j version:n
assets asset key site key code key site code equipment_class name_zh name_en status criticality location department
    manufacturer model serial installed_on:d in_service_on:d version:n custom:j parent duty_partner duty_role
    design_life_years:n purchase_cost:n replacement_cost:n warranty_until:d licences:p maker_limits:p documents:p
on_call_covers on_call_cover id - - user id rota user starts_at:i ends_at:i reason by at:i
shift_changes shift_change id - - user id shift day:d kind user other reason by at:i
staff staff username - - username username phone:s skills:j contractor version:n
alarm_shelves shelf id site asset - id site asset failure_mode subjects:j reason by at:i until:i ended_at:i ended_by
asset_rests rest id site asset - id site asset since:i until:i scrapped:i
learn_windows learn_window id - asset - id:n asset start_at:i end_at:i declared_by
maintenance_spells maintenance id site asset - id site asset reason by at:i until:i found ended_at:i ended_by
point_sensors sensor asset,point - asset point asset point serial calibrated_on:d interval_days:n certificate
    version:n
risk_reports risk_report id site asset title_zh id site asset crossing:n made_at:i likelihood:n consequence:n
    score:n warning_value:n title_zh title_en parts:p overview:p impact:p measures:p advice:p acknowledged_at:i
    acknowledged_by taken version:n
sources source asset - asset - asset dialect priority clock
stored_reports report id site asset kind id site kind asset system first:d last:d language costs:b pdf:b state
    requested_by requested_at:i occasion attempts:n taken_until:i ready_at:i problem html_sha256 html_bytes:n
    pdf_sha256 pdf_bytes:n
work_orders closed_work_order id site asset number id number:n site kind origin state ended:b title_zh title_en
    severity safety:b asset department assignee contractor due:i earliest:d opened_at:i acknowledged_at:i
    arrived_at:i completed_at:i verified_at:i hold_reason hold_code end_reason reopened:n episode reason_zh
    reason_en first_checks:j tags:j occurrences:j template answers:j verdict:j gathered:j version:n
cost_bookings cost_booking id site asset work_order id site line work_order asset kind source amount:n booked_at:i
    by reversed_by
drill_records drill_record work_order site - - work_order site document:x
incidents incident id site asset code id site code asset document:x
owner_reports owner_report id site asset work_order id work_order site asset place category text token_sha256:s at:i
    joined:b photo stars:n remark rated_at:i
work_attachments work_attachment id site - work_order id work_order site kind sha256 name mime size:n step note by
    at:i recorded_at:i
work_comments work_comment id site - work_order id work_order site kind text by at:i recorded_at:i
work_costs work_cost id site - work_order id work_order site contractor invoice amount:n note by at:i recorded_at:i
    removed_at:i removed_by removed_why
work_labour work_labour id site - work_order id work_order site person minutes:n starts_at:i ends_at:i note by at:i
    recorded_at:i removed_at:i removed_by removed_why
work_parts work_part id site - work_order id work_order site part number name_zh name_en unit quantity:n unit_cost:n
    amount:n stock_after:n by at:i recorded_at:i removed_at:i removed_by removed_why
work_signatures work_signature id site - work_order id work_order site role name sha256 order_version:n
    answers_sha256 by at:i recorded_at:i
"""


class _Kept(NamedTuple):
    table: str
    entity: str
    key: Sequence[str]
    site: str | None
    asset: str | None
    label: str | None
    kinds: Mapping[str, str]


def upgrade() -> None:
    """Enter what is there."""
    bind = op.get_bind()
    if bind.dialect.name == "sqlite":
        for table in ("work_order_transitions", "operations"):
            op.execute(f"DROP TRIGGER IF EXISTS {table}_no_replace")
            refuse_replacing(table, "position")
    if bind.dialect.name == "postgresql":
        bind.execute(sa.text(WRITERS_OF_HISTORY))
    entries = sa.table(
        "audit_entries",
        sa.column("at", INSTANT),
        *map(sa.column, ("by", "by_kind", "by_id", "reason", "request_id", "via", "action", "entity", "key", "label")),
        *map(sa.column, ("site", "asset", "after")),
    )
    now = datetime.now(UTC)
    common = {
        "at": now if bind.dialect.name == "postgresql" else (now - EPOCH) // timedelta(microseconds=1),
        "by": "system:migration",
        "by_kind": "system",
        "by_id": "",
        "reason": "自此核对各表；已有的按更新时的状态记入 / rows are compared from here on; older ones as they stand",
        "request_id": "",
        "via": "migration 0037",
        "action": "stands",
    }
    first = {"entity": "rows", "key": revision, "label": revision, "site": None, "asset": None, "after": "{}"}
    begun = False
    for kept in _kept():
        for rows in _pages(bind, kept):
            if not begun:
                bind.execute(entries.insert(), [common | first])
                begun = True
            parts = _parts(bind, rows) if kept.table == "assets" else {}
            places = _places(bind, kept, rows)
            bind.execute(entries.insert(), [common | _entry(kept, row, places, parts) for row in rows])


def _kept() -> Iterator[_Kept]:
    for line in _KEPT.strip().replace("\n    ", " ").splitlines():
        table, entity, key, site, asset, label, *columns = line.split()
        kinds: dict[str, str] = {}
        for one in columns:
            name, _, kind = one.partition(":")
            kinds[name] = kind or "w"
        yield _Kept(table, entity, key.split(","), _given(site), _given(asset), _given(label), kinds)


def _given(name: str) -> str | None:
    return None if name == "-" else name


def _pages(bind: sa.Connection, kept: _Kept) -> Iterator[list[dict[str, Any]]]:
    table = sa.table(kept.table, *(sa.column(n, _TYPES.get(kind)) for n, kind in kept.kinds.items()))
    key = [table.c[name] for name in kept.key]
    rows_of = sa.select(table).order_by(*key).limit(AT_ONCE)
    if kept.table == "work_orders":
        rows_of = rows_of.where(table.c.ended.is_(True))
    last: tuple[Any, ...] | None = None
    while True:
        some = rows_of if last is None else rows_of.where(sa.tuple_(*key) > sa.tuple_(*last))
        rows = [dict(row) for row in bind.execute(some).mappings()]
        if not rows:
            return
        yield rows
        last = tuple(rows[-1][name] for name in kept.key)


def _parts(bind: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Mapping[str, str]]:
    """Of assets, the digests of their points by key."""
    points = sa.table("points", sa.column("asset"), sa.column("key"), sa.column("digest"))
    p = points.c
    found: dict[str, dict[str, str]] = {}
    for start in range(0, len(rows), 500):
        some = [row["key"] for row in rows[start : start + 500]]
        for asset, key, digest in bind.execute(sa.select(p.asset, p.key, p.digest).where(p.asset.in_(some))):
            found.setdefault(asset, {})[key] = digest[:PART_HEX]
    return found


def _places(bind: sa.Connection, kept: _Kept, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    """Sites by the keys of assets, of rows that have no site of their own."""
    if kept.asset is None or kept.site is not None:
        return {}
    assets = sa.table("assets", sa.column("key"), sa.column("site"))
    wanted = sorted({row[kept.asset] for row in rows if row[kept.asset] is not None})
    found: dict[str, str] = {}
    for start in range(0, len(wanted), 500):
        some = sa.select(assets.c.key, assets.c.site).where(assets.c.key.in_(wanted[start : start + 500]))
        found.update((key, site) for key, site in bind.execute(some))
    return found


def _entry(
    kept: _Kept, row: Mapping[str, Any], places: Mapping[str, str], parts: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    key = "/".join(str(row[name]) for name in kept.key)
    asset = None if kept.asset is None else row[kept.asset]
    document = next((name for name, kind in kept.kinds.items() if kind == "x"), None)
    if document is None:
        said = {name: _plain(kept.kinds[name], value) for name, value in row.items() if value is not None}
        if key in parts:
            said["~made_with_it"] = {"points": parts[key]}
    else:
        said = {name: value for name, value in json.loads(row[document]).items() if value is not None}
    return {
        "entity": kept.entity,
        "key": key,
        "label": key if kept.label is None else str(row[kept.label]),
        "site": (places.get(asset or "") if kept.site is None else row[kept.site]) or None,
        "asset": asset,
        "after": json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True),
    }


def _plain(kind: str, value: Any) -> Any:
    """As the history writes it."""
    if kind == "i":
        at = value if isinstance(value, datetime) else EPOCH + timedelta(microseconds=int(value))
        return at.astimezone(UTC).isoformat()
    if kind == "s":
        return NOT_KEPT if value else value
    if kind == "p":
        return json.loads(value)
    return value.isoformat() if isinstance(value, date | time) else value
