"""Places as tables name them: a key, a path such as A座/1层/泵房, or a name that is one place's only. Pure."""

from collections.abc import Mapping

from maintenance.imports.cells import fold
from maintenance.imports.problems import CellProblem, there_are
from plantroom.domain.assets import LocalName, Location
from plantroom.domain.places import path_of


class Places:
    """The places of one site."""

    def __init__(self, tree: Mapping[str, Location]) -> None:
        self._tree = tree
        self._paths: dict[str, str] = {}
        self._named: dict[str, set[str]] = {}
        for key in tree:
            path = path_of(key, tree)
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
        if len(found) == 1:
            return next(iter(found))
        if found:
            said = LocalName("几个位置同名，请写全路径", "several places have that name: write the whole path")
            raise CellProblem("unknown_location", said)
        wrong = LocalName("没有这个位置", "there is no such location")
        raise CellProblem("unknown_location", there_are(wrong, sorted(self._paths.values())[:20]))

    def write(self, key: str | None) -> str | None:
        """The path of a place; its key where another one has the same path."""
        if key is None:
            return None
        path = self._paths.get(key, key)
        return path if self._named.get(fold(path)) == {key} else key
