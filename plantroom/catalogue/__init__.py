"""Equipment classes and systems as data: what assets of one kind share, in TOML files beside this module.

``equipment_classes`` and ``systems`` read the files once, check them and hand out the domain's dataclasses.
"""

from plantroom.catalogue.classes import equipment_class, equipment_classes
from plantroom.catalogue.document import classes_document
from plantroom.catalogue.systems import System, SystemMatch, match_system, systems

__all__ = [
    "System",
    "SystemMatch",
    "classes_document",
    "equipment_class",
    "equipment_classes",
    "match_system",
    "systems",
]
