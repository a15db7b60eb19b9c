"""The columns of the assets, and those of custom fields, which have headings of their own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from maintenance.imports.cells import Cell, text_of
from maintenance.imports.columns import Column, Headings, columns_of
from maintenance.imports.fields import (
    NEEDED,
    Field,
    by_key,
    date_field,
    name_field,
    number_field,
    of_attribute,
    text_field,
    word_field,
)
from maintenance.imports.papers import (
    read_documents,
    read_licences,
    read_maker_limits,
    write_documents,
    write_licences,
    write_maker_limits,
)
from maintenance.imports.problems import CellProblem
from maintenance.imports.values import read_json, read_text, write_json
from maintenance.imports.vocabulary import class_words, seed_departments
from maintenance.imports.words import CRITICALITIES, DUTY_ROLES, STATUSES
from plantroom.domain.assets import Asset, LocalName
from plantroom.domain.custom import CustomField, CustomType, parse_value

COLUMNS = columns_of("assets")
MOST_COST = 1e12
DAYS = ("installed_on", "in_service_on", "warranty_until")
"""The columns of days."""


def _list_field(name: str, read: Callable[[Cell], Any], write: Callable[[Any, str], Cell]) -> Field[Asset]:
    return of_attribute(COLUMNS[name], name, read, write, ())


FIELDS: tuple[Field[Asset], ...] = (
    name_field(COLUMNS["name"], "name", "zh"),
    name_field(COLUMNS["name_en"], "name", "en"),
    word_field(COLUMNS["status"], "status", STATUSES),
    word_field(COLUMNS["criticality"], "criticality", CRITICALITIES),
    text_field(COLUMNS["manufacturer"], "manufacturer", 200),
    text_field(COLUMNS["model"], "model", 200),
    text_field(COLUMNS["serial"], "serial", 200),
    date_field(COLUMNS["installed_on"], "installed_on"),
    date_field(COLUMNS["in_service_on"], "in_service_on"),
    number_field(COLUMNS["design_life_years"], "design_life_years", 0, 200),
    word_field(COLUMNS["duty_role"], "duty_role", DUTY_ROLES, None),
    number_field(COLUMNS["purchase_cost"], "purchase_cost", 0, MOST_COST),
    number_field(COLUMNS["replacement_cost"], "replacement_cost", 0, MOST_COST),
    date_field(COLUMNS["warranty_until"], "warranty_until"),
    _list_field("licences", read_licences, write_licences),
    _list_field("maker_limits", read_maker_limits, write_maker_limits),
    _list_field("documents", read_documents, write_documents),
)
"""What an asset has beside its codes and what refers to other records."""

_CHOICES: Mapping[str, Callable[[str], Sequence[str]]] = {
    "class": class_words().choices,
    "department": lambda language: seed_departments().choices(language),
} | {one.key: one.column.choices for one in FIELDS if one.column.choices is not None}
COLUMN_ORDER = tuple(replace(column, choices=_CHOICES.get(key)) for key, column in COLUMNS.items())


class CustomColumns:
    """The columns of custom fields: a heading for each definition that does not mean something else already, and JSON
    for values without a definition."""

    def __init__(self, definitions: Iterable[CustomField]) -> None:
        self._definitions: dict[str, CustomField] = {}
        columns = list(COLUMN_ORDER)
        for one in definitions:
            column = _column(one)
            try:
                Headings([*columns, column])
            except ValueError:
                column = replace(column, zh=f"{one.name.zh}（{one.key}）", hant=f"{one.name.zh}（{one.key}）", also=())
                column = replace(column, en=f"{one.name.en} ({one.key})")
            columns.append(column)
            self._definitions[column.key] = one
        self.columns: tuple[Column, ...] = tuple(columns)
        self.headings = Headings(self.columns)
        self.fields: tuple[Field[Asset], ...] = (
            *FIELDS,
            *(
                _custom_field(column, self._definitions[column.key])
                for column in columns
                if column.key in self._definitions
            ),
            Field(COLUMNS["custom"], self._others, _put_others(self._keys()), _read_others, _write_others, {}),
        )
        self.by_key = by_key(self.fields)

    def _keys(self) -> frozenset[str]:
        return frozenset(one.key for one in self._definitions.values())

    def _others(self, asset: Asset) -> dict[str, object]:
        return {key: value for key, value in asset.custom.items() if key not in self._keys()}


def _column(one: CustomField) -> Column:
    choices = (lambda _: one.choices) if one.type is CustomType.CHOICE else None
    unit = f"（{one.unit}）" if one.unit else ""
    note = LocalName(f"自定义字段{unit}", f"a custom field{f' in {one.unit}' if one.unit else ''}")
    return Column(f"custom.{one.key}", one.name.zh, one.name.zh, one.name.en, (one.key,), note, choices=choices)


def _custom_field(column: Column, one: CustomField) -> Field[Asset]:
    def get(asset: Asset) -> Any:
        return asset.custom.get(one.key)

    def put(asset: Asset, value: Any) -> Asset:
        others = {key: kept for key, kept in asset.custom.items() if key != one.key}
        return replace(asset, custom=others if value is None else others | {one.key: value})

    def read(cell: Cell) -> Any:
        try:
            return parse_value(one, cell if isinstance(cell, bool | int | float) else text_of(cell))
        except ValueError as error:
            raise CellProblem("bad_custom", LocalName(_should_be(one), str(error))) from error

    def write(value: Any, _language: str) -> Cell:
        return value if isinstance(value, str | int | float | bool) or value is None else write_json(value)

    return Field(column, get, put, read, write, NEEDED if one.required else None)


def _should_be(one: CustomField) -> str:
    return {
        CustomType.TEXT: "应为文字，且不过长",
        CustomType.NUMBER: "应为数字",
        CustomType.DATE: "应为日期，例如 2026-11-28",
        CustomType.BOOLEAN: "应为 是 或 否",
        CustomType.CHOICE: f"应为以下之一：{'、'.join(one.choices)}",
    }[one.type]


def _put_others(known: frozenset[str]) -> Callable[[Asset, Any], Asset]:
    def put(asset: Asset, value: Any) -> Asset:
        return replace(asset, custom={key: kept for key, kept in asset.custom.items() if key in known} | dict(value))

    return put


def _read_others(cell: Cell) -> dict[str, object]:
    return dict(_others_in(read_text(cell, 20_000)))


@lru_cache(maxsize=256)
def _others_in(text: str) -> Mapping[str, object]:
    try:
        found = read_json(text)
    except ValueError:
        raise CellProblem("bad_custom", LocalName("应为 JSON 对象", "should be a JSON object")) from None
    plain = isinstance(found, dict) and all(
        isinstance(v, str | int | float | bool) or v is None for v in found.values()
    )
    if not plain or len(found) > 100:
        raise CellProblem(
            "bad_custom", LocalName("应为只有简单值的 JSON 对象", "should be a JSON object of plain values")
        )
    return dict(found)


def _write_others(value: Any, _language: str) -> Cell:
    return write_json(dict(sorted(value.items()))) if value else None
