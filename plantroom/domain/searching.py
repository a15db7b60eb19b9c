"""What an asset is found by: its texts, folded so that width, case and kind of letter do not matter. Pure."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from plantroom.domain.assets import Asset, Location

LONGEST = 8000
"""Characters of an asset that are searched."""

MOST_WORDS = 8
"""Words of a search that count."""


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """The text as it is compared: compatibility forms made one (NFKC), no case, single blanks."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def words_of(text: str) -> list[str]:
    """The words of a search, each once: an asset is found when it has all of them, anywhere within its texts."""
    return list(dict.fromkeys(fold(text).split()))[:MOST_WORDS]


def search_text(asset: Asset, codes: Iterable[str], places: Sequence[Location]) -> str:
    """Everything that the asset is found by, one text a line: its codes (former ones, too), names, maker, model, serial
    number, texts of custom fields, numbers of licences, and the names of the places that it stands in."""
    texts = [
        asset.code,
        *codes,
        asset.name.zh,
        asset.name.en,
        asset.manufacturer,
        asset.model,
        asset.serial,
        *(value for value in asset.custom.values() if isinstance(value, str)),
        *(one.number for one in asset.licences),
        *(text for place in places for text in (place.name.zh, place.name.en)),
    ]
    return "\n".join(dict.fromkeys(folded for text in texts if (folded := fold(text))))[:LONGEST]
