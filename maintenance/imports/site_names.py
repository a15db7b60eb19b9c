"""Sites as tables name them: by code, however it is typed, or by name. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set

from maintenance.imports.cells import fold
from plantroom.domain.assets import Site


class SiteNames:
    """The sites that a table may name. ``sites``: those, by code."""

    def __init__(self, sites: Iterable[Site]) -> None:
        self.sites: Mapping[str, Site] = {site.code: site for site in sites}
        self._codes: defaultdict[str, set[str]] = defaultdict(set)
        self._names: defaultdict[str, set[str]] = defaultdict(set)
        for code, site in self.sites.items():
            self._codes[fold(code)].add(code)
            for name in (site.name.zh, site.name.en):
                self._names[fold(name)].add(code)

    @property
    def only(self) -> str | None:
        """The code of the only site there is; ``None`` where there is none or another."""
        return next(iter(self.sites)) if len(self.sites) == 1 else None

    def called(self, text: str) -> Set[str]:
        """The codes of the sites that are called so. A code counts before names."""
        if text in self.sites:
            return {text}
        word = fold(text)
        return self._codes.get(word) or (self._names.get(word) if word else None) or set()

    def find(self, text: str, here: str | None = None) -> str | None:
        """The code of the site that is called so: of several the one ``here``, else none."""
        found = self.called(text)
        if here in found:
            return here
        return next(iter(found)) if len(found) == 1 else None
