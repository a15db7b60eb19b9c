"""Places as tables name them: a key, a path such as A座/1层/泵房, or a name that is one place's only. What a path names
and is not there yet is made. Pure."""

from collections.abc import Mapping, Sequence

from maintenance.imports.cells import fold
from maintenance.imports.new_places import made_of, names_of, said_of
from maintenance.imports.problems import CellProblem, there_are
from plantroom.domain.assets import LocalName, Location, Site
from plantroom.domain.places import path_of


class Places:
    """The places of one site. ``before`` are those of the ledger, without what was made since."""

    def __init__(self, tree: Mapping[str, Location], site: Site | None = None) -> None:
        self.before = tree
        self._tree = dict(tree)
        self._site = site
        self._paths: dict[str, str] = {}
        self._named: dict[str, set[str]] = {}
        for key in tree:
            self._enter(key)

    def _enter(self, key: str) -> None:
        path = path_of(key, self._tree)
        for side in ("zh", "en"):
            names = [getattr(one.name, side) for one in path]
            self._note("/".join(names), key)
            self._note(names[-1], key)
        self._paths[key] = "/".join(one.name.zh for one in path)

    def _note(self, text: str, key: str) -> None:
        self._named.setdefault(fold(text), set()).add(key)

    def read(self, text: str) -> str:
        """The key of the place that a text means. Raises ``CellProblem``."""
        if text in self._tree:
            return text
        found = self._named.get(fold(text.replace("／", "/").replace(" / ", "/")), set())
        found = found or self._named.get(fold("/".join(self._names(text))), set())
        if len(found) == 1:
            return next(iter(found))
        if found:
            said = LocalName("几个位置同名，请写全路径", "several places have that name: write the whole path")
            raise CellProblem("unknown_location", said)
        wrong = LocalName("没有这个位置", "there is no such location")
        raise CellProblem("unknown_location", there_are(wrong, sorted(self._paths.values())[:20]))

    def read_or_make(self, text: str) -> tuple[str, Sequence[Location]]:
        """As ``read``; with what was made of a path that is not there yet, the outermost first."""
        try:
            return self.read(text), ()
        except CellProblem:
            names = self._names(text)
            made = made_of(names, self._site.code, self._tree) if self._site is not None and len(names) > 1 else []
            if not made:
                raise
        for one in made:
            self._tree[one.key] = one
            self._enter(one.key)
        return made[-1].key, made

    def _names(self, text: str) -> list[str]:
        """The names in a path; that of the site before them says nothing more."""
        names, site = names_of(text), self._site
        own = set() if site is None else {fold(one) for one in (site.code, site.name.zh, site.name.en)}
        return names[1:] if names and fold(names[0]) in own and fold(names[0]) not in self._named else names

    def told(self, made: Location) -> LocalName:
        """What a warning says of a place that was made."""
        return said_of(made, self._paths[made.key], self._tree)

    def write(self, key: str | None) -> str | None:
        """The path of a place; its key where another one has the same path."""
        if key is None:
            return None
        path = self._paths.get(key, key)
        return path if self._named.get(fold(path)) == {key} else key
