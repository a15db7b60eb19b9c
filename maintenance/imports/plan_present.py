"""Whether a site has machines that a row of its plan table is for. Pure but for the look-up, which happens when a row
first asks for it."""

from collections.abc import Callable, Collection
from functools import cache

from maintenance.imports.plan_words import subject_text, subject_text_en
from maintenance.plan import AppliesTo
from plantroom.domain.assets import LocalName

HasClass = Callable[[str | None], bool]
"""Whether the site of a table has a machine of a class; ``None``: any at all."""


class Present:
    """The kinds of machines of a site. ``has``: default: of every class."""

    def __init__(self, has: HasClass = lambda _: True) -> None:
        self._has = cache(has)

    def lacking(self, applies: AppliesTo, classes: Collection[str]) -> LocalName | None:
        """That there are machines, but none that a row applies to; ``None``: there are some of these, none at all (the
        plan comes before the ledger), or the row is for the site. ``classes``: those that it applies to."""
        if applies.site or applies.assets or not classes:
            return None
        if any(map(self._has, sorted(classes))) or not self._has(None):
            return None
        of = LocalName(subject_text(applies), subject_text_en(applies))
        return LocalName(
            f"站点台账中还没有“{of.zh}”类设备，本项在录入设备前不会安排",
            f"the site's ledger has no machine of {of.en}: nothing is planned by this row until there is one",
        )
