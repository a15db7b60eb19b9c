"""The seed and what a run of it does, as documents for the command line and the API. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from maintenance.seed.applying import Action, ListChange, RowChange, SeedPlan
from maintenance.seed.codes import Code, actions, causes, offered, owner_faults, reasons
from maintenance.seed.compose import Composition
from maintenance.seed.departments import departments
from maintenance.seed.options import options
from maintenance.seed.profiles import Jurisdiction, Profile, jurisdictions, profiles
from maintenance.seed.to_verify import left_out, unverified, unverified_rows, verify_first
from maintenance.sources import cited
from plantroom.domain.assets import LocalName, Site
from plantroom.domain.calendars import SiteCalendar


def run_document(plan: SeedPlan, wanted: Composition, site: str | None, dry_run: bool) -> dict[str, Any]:
    """What a run has done or, dry, would do. ``items`` leaves out what is unchanged."""
    return {
        "profile": wanted.profile.key,
        "jurisdiction": wanted.jurisdiction.key,
        "site": site,
        "options": sorted(wanted.options),
        "dry_run": dry_run,
        "changed": plan.changes and not dry_run,
        "rows": _counts(plan.rows),
        "checklists": _counts(plan.lists),
        "items": [_row(one) for one in plan.rows if one.action is not Action.UNCHANGED],
        "checklist_items": [
            {"code": one.code, "name": _name(one.name), "action": one.action.value}
            for one in plan.lists
            if one.action is not Action.UNCHANGED
        ],
        "points": [{"class": one.key, "points": list(one.keys), "assets": one.assets} for one in plan.points.grown],
        "calendars": [_calendar(one) for one in plan.sites],
        "unverified": [one.code for one in unverified_rows(wanted.rows)],
        "options_not_chosen": sorted(set(options()) - wanted.options),
    }


def run_lines(document: dict[str, Any]) -> list[str]:
    """A run's document for people."""
    would = "would be " if document["dry_run"] else ""
    lines = [f"{document['profile']}, {document['jurisdiction']}, {document['site'] or 'every site'}"]
    for one in document["items"]:
        more = f": {', '.join(one['fields'])}" if one["fields"] else ""
        why = f" ({one['why']['zh']} / {one['why']['en']})" if one["why"]["zh"] else ""
        lines.append(f"  {one['action']:<9} {one['code']:<9} {one['name']['zh']} / {one['name']['en']}{more}{why}")
    kept = [one["code"] for one in document["checklist_items"] if one["action"] == Action.KEPT.value]
    lines += [f"  kept      checklist {code}: changed by the site" for code in kept]
    lines += [
        f"  site {one['site']}: seasons, opening hours, holidays or what it has set" for one in document["calendars"]
    ]
    lines += [
        f"  class {one['class']}: {', '.join(one['points'])} for {one['assets']} assets" for one in document["points"]
    ]
    for what in ("rows", "checklists"):
        said = ", ".join(f"{count} {action}" for action, count in document[what].items() if count)
        lines.append(f"{what} {would}{said or '0'}")
    if document["unverified"]:
        lines.append(f"from memory, to be verified: {', '.join(document['unverified'])}")
    if document["options_not_chosen"]:
        lines.append(f"left out, add with --with: {', '.join(document['options_not_chosen'])}")
    return lines


def names_document() -> dict[str, Any]:
    """Profiles, jurisdictions and options that there are."""
    return {
        "profiles": [_profile(one) for one in profiles().values()],
        "jurisdictions": [_jurisdiction(one) for one in jurisdictions().values()],
        "options": [{"key": key, "name": _name(name)} for key, name in options().items()],
    }


def names_lines() -> list[str]:
    """The same for people."""
    lines = ["profiles:"]
    lines += [f"  {one.key:<22} {one.name.zh} / {one.name.en}" for one in profiles().values()]
    lines.append("jurisdictions:")
    lines += [f"  {one.key:<22} {one.name.zh} / {one.name.en}" for one in jurisdictions().values()]
    lines.append("options (--with):")
    return lines + [f"  {key:<22} {name.zh} / {name.en}" for key, name in options().items()]


def codes_document(equipment_class: str | None = None) -> dict[str, Any]:
    """Causes, actions, reasons and what owners report; with a class only what fits its machines, its own first."""
    faults = [one for one in owner_faults().values() if _fits(one.classes, equipment_class)]
    faults.sort(key=lambda one: equipment_class not in one.classes)
    return {
        "causes": [_code(one) for one in _offered(causes(), equipment_class)],
        "actions": [_code(one) for one in _offered(actions(), equipment_class)],
        "reasons": [
            {"code": r.code, "name": _name(r.name), "uses": list(r.uses), "pauses": r.pauses, "status": r.status}
            for r in reasons().values()
        ],
        "owner_faults": [
            {
                "key": one.key,
                "name": _name(one.name),
                "severity": one.severity.value,
                "safety": one.safety,
                "department": departments()[one.department].name.zh,
                "classes": list(one.classes),
                "status": one.status,
            }
            for one in faults
        ],
    }


def unverified_document() -> dict[str, Any]:
    """What has to be verified before it is shown to customers as law."""
    return {
        "first": [{"name": _name(one.name), "rows": list(one.rows)} for one in verify_first()],
        "left_out": [
            {"name": _name(one.name), "basis": _name(cited(one.basis)), "status": one.status} for one in left_out()
        ],
        "items": [
            {"what": u.what, "code": u.code, "name": _name(u.name), "basis": _name(u.basis), "status": u.status}
            for u in unverified()
        ],
    }


def unverified_lines() -> list[str]:
    """The same for people."""
    lines = ["to verify first:"]
    lines += [f"  {one.name.zh} / {one.name.en}: {', '.join(one.rows)}" for one in verify_first()]
    lines.append("left out:")
    lines += [f"  {one.name.zh} / {one.name.en}" for one in left_out()]
    lines.append("from memory:")
    return lines + [
        f"  {u.what:<10} {u.code:<20} {u.name.zh} / {u.name.en} ({u.basis.zh} / {u.basis.en})" for u in unverified()
    ]


def _counts(changes: Sequence[RowChange] | Sequence[ListChange]) -> dict[str, int]:
    found = Counter(one.action for one in changes)
    return {action.value: found[action] for action in Action}


def _row(one: RowChange) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": _name(one.name),
        "action": one.action.value,
        "fields": list(one.fields),
        "status": one.status,
        "why": _name(one.why),
    }


def _offered(codes: Mapping[str, Code], equipment_class: str | None) -> Iterable[Code]:
    return codes.values() if equipment_class is None else offered(codes, equipment_class)


def _fits(classes: Sequence[str], equipment_class: str | None) -> bool:
    return equipment_class is None or not classes or equipment_class in classes


def _code(one: Code) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": _name(one.name),
        "group": one.group,
        "classes": list(one.classes),
        "resets_model": one.resets_model,
        "status": one.status,
    }


def _profile(one: Profile) -> dict[str, Any]:
    return {
        "key": one.key,
        "name": _name(one.name),
        "meaning": _name(one.meaning),
        "basis": _name(cited(one.basis)),
        "status": one.status,
        "satisfaction_percent": one.satisfaction_percent,
        "survey_months": one.survey_months,
        "overrides": [override.code for override in one.overrides],
    }


def _jurisdiction(one: Jurisdiction) -> dict[str, Any]:
    arrival = one.trapped_arrival
    return {
        "key": one.key,
        "name": _name(one.name),
        "basis": _name(cited(one.basis)),
        "status": one.status,
        "holidays": one.holidays or None,
        "seasons": [
            {"name": f.season.name, "from": str(f.season.start), "to": str(f.season.end), "status": f.status}
            for f in one.seasons
        ],
        "trapped_arrival": {"minutes": arrival.minutes, "status": arrival.status},
        "retention": [{"records": r.records, "years": r.years, "status": r.status} for r in one.retention],
        "overrides": [override.code for override in one.overrides],
    }


def _calendar(site: Site) -> dict[str, Any]:
    known: SiteCalendar = site.calendar
    return {
        "site": site.code,
        "country": known.country,
        "seasons": {one.name: {"from": str(one.start), "to": str(one.end)} for one in known.seasons},
        "openings": [{"weekday": o.weekday, "opens": o.opens, "closes": o.closes} for o in known.openings],
        "options": None if site.options is None else list(site.options),
    }


def _name(name: LocalName) -> dict[str, str]:
    return {"zh": name.zh, "en": name.en}
