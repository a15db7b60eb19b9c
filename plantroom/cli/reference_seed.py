"""The page ``docs/seed.md``: what the seed holds, counted and listed from its files."""

from collections import Counter
from collections.abc import Iterable, Sequence

from maintenance.plan import PlanRow
from maintenance.reasons import frequency
from maintenance.schedules import (
    AgeSchedule,
    BeforeSchedule,
    ConditionSchedule,
    IntervalSchedule,
    MeterSchedule,
    SeasonSchedule,
)
from maintenance.seed import codes
from maintenance.seed.budgets import budget_lines
from maintenance.seed.departments import departments
from maintenance.seed.lists import seed_checklists
from maintenance.seed.options import options
from maintenance.seed.profiles import jurisdictions, profiles
from maintenance.seed.rows import NO_SYSTEM, SeedRow, seed_rows
from maintenance.seed.to_verify import left_out, unverified, verify_first
from maintenance.sources import cited
from plantroom.catalogue.systems import systems
from plantroom.domain.assets import LocalName, Status

OTHER = {
    "drill": LocalName("演练", "Drills"),
    "quality": LocalName("质量与更新", "Quality and renewal"),
    "other": LocalName("其他", "Other"),
}

ABOUT = """\
Plan rows, checklists and the words that go with them are data files in `maintenance/seed/`, in Chinese and English,
each entry with its **basis** and its **status**:

| status | meaning |
|---|---|
| `verified` | a public copy or secondary source states it; no official printed standard was looked at |
| `from_memory` | nobody has looked it up: to be verified before it is shown to customers as law |
| `default` | our own engineering judgement, no legal claim |

A new ledger has the rows marked *default* in the tables below. `plantroom seed` brings the rest, for a sort of building
in a jurisdiction:

```bash
plantroom seed --list                                             # profiles, jurisdictions, options
plantroom seed --profile residential --jurisdiction cn --dry-run  # what it would change
plantroom seed --profile commercial --jurisdiction cn-hubei-xianning --site north --with diesel_pump
plantroom seed                                                    # after an update: all that was chosen, again
plantroom seed --list-unverified                                  # what is from memory
```

- It can be run again at any time: the second run changes nothing. After an update of Plantroom it brings rows and
  checklists up to date, and gives the assets the points that their classes have got since. An asset that was entered
  with a few points only stays as it is, and what somebody has taken away does not come back.
- What was chosen is remembered, for every site and for each that was named with `--site`: `plantroom seed` alone
  does all of it again. Another profile or jurisdiction than last time is refused unless `--switch` is given. What is
  done for every site leaves out the opening hours and seasons of sites with a choice of their own.
- **What the site has changed is never overwritten.** Such rows, checklists, seasons and opening hours are reported as
  `kept`, with the fields that differ from the seed.
- Another profile or jurisdiction changes the rows that differ and **ends** those that it does not ask for (from that
  day on they have no dates; what they have made due is still to be done, and all records stay). Going back takes them
  up again.
- Without `--site` the rows hold on every site. With `--site` only what differs from them is written, as rows of that
  site's own; the dates of such a row begin anew there. Checklists are shared by all sites.
- A site that has not said its opening hours, seasons or country of holidays gets those of profile and jurisdiction.
- Rows of an option (`--with`) come only when asked for, and stay afterwards. The site is then known to have it, and
  checklist items for other options are left out of its orders (*Checklists* in [plan.md](plan.md)).
- `--propose` adds a monthly look and a yearly test for classes of equipment that no other row is for.
- A name that there is not ends the command with exit code 2 and the names that there are; an unknown site with 4.
  Nothing is written then.

The same over the API: `GET /api/v1/seed/profiles`, `/seed/codes?class=`, `/seed/unverified`.
"""

HOW_TO_CHANGE = """\
## How to change it

On one installation, change the plan table (API, import): the seed leaves what you changed alone. To change what every
installation gets, edit the files:

| file | what it holds |
|---|---|
| `plan_rows.csv` | plan rows; its head explains the columns and the short forms of schedules |
| `checklists_*.toml` | checklists (see below) |
| `profiles.toml`, `jurisdictions.toml` | overrides, which only make rows stricter; options; seasons; retention |
| `customary.toml` | what people call the rows that the law asks for, for tables |
| `causes.toml`, `actions.toml`, `reasons.toml` | coded words of work orders |
| `severities.toml`, `sla.toml` | severities and what is promised, the clocks ([sla.md](sla.md)) |
| `budget_lines.toml`, `risk.toml` | budget, risk matrix |
| `owner_faults.toml`, `departments.toml` | what owners report, departments |
| `to_verify.toml` | what to verify first, and what is left out |
| `shipped.toml` | fingerprints of all versions of the checklists (`python -m maintenance.seed.shipped` adds to it) |

Of a checklist's item `ev` is the evidence (T tick, R reading, P photo, S signature, K key test: result, photo and
signature), `limits` the status of its numbers, `point` what the number is a reading of, `signal` a live value that is
shown beside it, `when` says when it is asked for (`season:`, `option:`, `class:`, `answer:STEP=OUTCOME`), `ref` takes
the item of another list.

Everything is checked when it is read: an unknown field, class, system, point, department, checklist or unit, a text
that is missing in one language, a missing basis or status, a code or step that is there twice, a low above its high, an
override that is laxer than the row, a test without evidence. The message names the file and the entry
(`plan_rows.csv: EL-HM: there is no checklist 'A-9'`). Nothing is read before it is asked for.

Local rules override national ones upward only. Under `intl-nfpa` Chinese law is not law: its own NFPA rows replace the
fire rows that they match, and the other Chinese rows stay as practice, without a floor and with the status `default`.
"""


CITIES = """\
V verified, M from memory, D default. A city stands here only where a source names it; others use `cn` and
their own plan rows."""

WHEN = """\
`status` is that of the frequency. *when*: `default` in every new ledger, else with `plantroom seed`, for the profile,
option or law that is named."""


def seed_page() -> str:
    """The text of ``docs/seed.md``."""
    parts = ["# Seed", "<!-- Made by scripts/make-docs from the seed's files. Change those, not this page. -->"]
    parts += [ABOUT.rstrip(), *_profiles(), *_rows(), *_lists(), *_words(), *_to_verify(), HOW_TO_CHANGE.rstrip()]
    return "\n\n".join(parts) + "\n"


def _profiles() -> list[str]:
    kinds = [
        [f"`{one.key}`", _two(one.name), _two(one.meaning), _codes(o.code for o in one.overrides), one.status]
        for one in profiles().values()
    ]
    places = [
        [
            f"`{one.key}`",
            _two(one.name),
            "; ".join(f"{f.season.name} {f.season.start}–{f.season.end} ({_brief(f.status)})" for f in one.seasons),
            f"{one.trapped_arrival.minutes} min ({_brief(one.trapped_arrival.status)})",
            "; ".join(f"{r.records} {r.years} y ({_brief(r.status)})" for r in one.retention) or "–",
            _codes(o.code for o in one.overrides),
        ]
        for one in jurisdictions().values()
    ]
    return [
        "## Profiles and jurisdictions",
        _table(["profile", "name", "meaning", "stricter rows", "status"], kinds),
        CITIES,
        _table(["jurisdiction", "name", "seasons", "trapped: arrival", "records kept", "stricter rows"], places),
        "Options: " + ", ".join(f"`{key}` ({_two(name)})" for key, name in options().items()) + ".",
    ]


def _rows() -> list[str]:
    names = {key: system.name for key, system in systems().items()} | OTHER
    shown = [key for key in (*systems(), *NO_SYSTEM) if any(one.system == key for one in seed_rows())]
    counts = []
    for key in shown:
        mine = [one for one in seed_rows() if one.system == key]
        sets, trust = Counter(one.set for one in mine), Counter(one.row.status for one in mine)
        counts.append([_two(names[key]), str(len(mine)), str(sets["default"]), *(str(trust[s.value]) for s in Status)])
    total = [sum(int(line[n]) for line in counts) for n in range(1, 6)]
    counts.append(["**all**", *(f"**{n}**" for n in total)])
    parts = [
        "## Plan rows",
        _table(["system", "rows", "in every new ledger", *(status.value for status in Status)], counts),
        WHEN,
    ]
    for key in shown:
        lines = [_row(one) for one in seed_rows() if one.system == key]
        parts += [f"### {_two(names[key])}", _table(_ROW_HEAD, lines)]
    return parts


_ROW_HEAD = ["code", "task", "frequency", "longest gap", "who", "checklist", "includes", "basis", "status", "when"]


def _row(one: SeedRow) -> list[str]:
    row = one.row
    when = [one.set if one.set == "default" else "", one.only, one.option, one.law if one.law == "nfpa" else ""]
    return [
        row.code,
        _two(row.name),
        _how_often(row),
        "–" if row.max_gap_days is None else f"{row.max_gap_days} d",
        row.executor.replace("_", "-"),
        row.checklist or "–",
        " ".join(row.contains) or "–",
        cited(row.basis).en,
        row.status,
        ", ".join(filter(None, when)) or ("proposal" if one.set == "proposal" else "seed"),
    ]


def _how_often(row: PlanRow) -> str:
    said = frequency(row.interval).en if row.interval.every > 0 else ""
    match row.schedule:
        case IntervalSchedule(season, open_hours):
            return said + (f" in the {season} season" if season else "") + (" in opening hours" if open_hours else "")
        case SeasonSchedule(seasons, lead):
            return f"{lead} d before {' and '.join(seasons)}"
        case AgeSchedule(years, _, then):
            after = f", then {frequency(then).en}" if then is not None else ""
            return f"year {', '.join(map(str, years))}{after}"
        case MeterSchedule(point, every):
            return f"every {every:g} of {point}"
        case BeforeSchedule(code, lead):
            return f"{lead} d before {code}" + (f", at least {said}" if said else "")
        case ConditionSchedule(modes):
            return f"when seen: {', '.join(modes)}"


def _lists() -> list[str]:
    lines = []
    for one in seed_checklists().values():
        numbers = sum(item.type == "number" for item in one.items)
        lines.append(
            [one.code, _two(one.name), str(len(one.items)), str(numbers), cited(one.basis).en, one.status]
        )  # fmt: skip
    return [
        "## Checklists",
        f"{len(lines)} lists, {sum(len(one.items) for one in seed_checklists().values())} items.",
        _table(["code", "name", "items", "readings", "basis", "status"], lines),
    ]


def _words() -> list[str]:
    severities = [
        [one.severity.value, _two(one.name), _two(one.meaning), one.status] for one in codes.severities().values()
    ]
    budget = [
        [f"`{one.key}`", _two(one.name), "as needed" if one.cny_per_year is None else f"{one.cny_per_year:,.0f}"]
        for one in budget_lines().values()
    ]
    reasons = [
        [f"`{one.code}`", _two(one.name), ", ".join(one.uses), "yes" if one.pauses else "–"]
        for one in codes.reasons().values()
    ]
    return [
        "## Coded words",
        _numbers(),
        _table(["severity", "name", "meaning", "status"], severities),
        _table(["budget line", "name", "CNY a year"], budget),
        _table(["reason", "name", "for", "pauses the resolve clock"], reasons),
    ]


def _numbers() -> str:
    causes, actions, faults = len(codes.causes()), len(codes.actions()), len(codes.owner_faults())
    return (
        f"{causes} causes and {actions} actions (notions after ISO 14224), {faults} things that owners report,"
        f" {len(departments())} departments."
    )


def _to_verify() -> list[str]:
    counts = Counter(one.what for one in unverified())
    memory = ", ".join(
        f"{count} {what if count == 1 or what == 'limits' else what + 's'}" for what, count in counts.items()
    )
    first = [[_two(one.name), _codes(one.rows)] for one in verify_first()]
    missing = [f"- {_two(one.name)}" for one in left_out()]
    return [
        "## To verify first",
        _table(["what", "rows"], first),
        f"From memory: {memory} (`plantroom seed --list-unverified`).",
        "Left out on purpose:",
        "\n".join(missing),
    ]


def _brief(status: str) -> str:
    return {"verified": "V", "from_memory": "M", "default": "D"}[status]


def _two(name: LocalName) -> str:
    return f"{name.zh} / {name.en}"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(names) or "–"


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
