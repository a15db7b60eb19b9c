"""Who has signed an order: people, and not signatures. Two signatures of one person are one person's.

A signature of a tablet is that of its account, one beside it that of whoever is named. A name that is an account's user
name means that account's person, and two accounts of one name are one person: somebody signs in another part by being
somebody else. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from maintenance.evidence import files_of
from maintenance.work.records import Signatory, Signature
from maintenance.work_orders import WorkOrder


@dataclass(frozen=True, slots=True)
class Signers:
    """Who has signed, by name without case: ``doers`` those who did it (on tablets, or as technicians), ``managers``
    as safety managers, ``all`` in any part."""

    tablets: frozenset[str]
    doers: frozenset[str]
    managers: frozenset[str]
    all: frozenset[str]

    @property
    def both(self) -> bool:
        """Whether two people have signed on tablets, or somebody who did it and another one as safety manager."""
        return len(self.tablets) > 1 or any(self.doers - {one} for one in self.managers)

    @property
    def one_for_both(self) -> bool:
        """Whether both parts are signed for, and by nobody but one person."""
        return bool(self.doers) and bool(self.managers) and not self.both


def signers(order: WorkOrder, given: Iterable[Signature] = (), called: Mapping[str, str] | None = None) -> Signers:
    """Who has signed an order on tablets and beside (``given``). ``called``: names of accounts by their user names. Of
    files of tablets those that have not arrived count, too."""
    names = {username.casefold(): name for username, name in (called or {}).items() if name}

    def person(name: str) -> str:
        return " ".join(names.get(name.strip().casefold(), name).split()).casefold()

    beside = [(one.role, person(one.name)) for one in given]
    tablets = frozenset(map(person, signed_on_tablets(order)))
    doers = tablets | {who for role, who in beside if role is Signatory.TECHNICIAN}
    managers = frozenset(who for role, who in beside if role is Signatory.SAFETY_MANAGER)
    return Signers(tablets, doers, managers, tablets | {who for _, who in beside})


def signed_on_tablets(order: WorkOrder) -> frozenset[str]:
    """The accounts that have signed on tablets."""
    files = (file for entry in order.answers.values() for file in files_of(entry))
    return frozenset(str(file.get("by")) for file in files if file.get("kind") == "signature")
