"""Who has signed an order: people, and not signatures. Two signatures of one person are one person's.

A signature of a tablet is that of its account, one beside it that of whoever is named. A name that is an account's user
name means that account's person, and two accounts of one name are one person: somebody signs in another part by being
somebody else. Pure.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from maintenance.evidence import files_of
from maintenance.work.records import Signatory, Signature
from maintenance.work_orders import WorkOrder
from plantroom.domain.assets import LocalName

ROLES: Mapping[Signatory, LocalName] = {
    Signatory.TECHNICIAN: LocalName("实施人", "the technician"),
    Signatory.SAFETY_MANAGER: LocalName("安全管理员", "the safety manager"),
    Signatory.OWNER_REPRESENTATIVE: LocalName("业主代表", "the owner's representative"),
}
_WHOLE = LocalName("整张工单", "the whole order")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


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
    person = naming(called)
    beside = [(one.role, person(one.name)) for one in given]
    tablets = frozenset(map(person, signed_on_tablets(order)))
    doers = tablets | {who for role, who in beside if role is Signatory.TECHNICIAN}
    managers = frozenset(who for role, who in beside if role is Signatory.SAFETY_MANAGER)
    return Signers(tablets, doers, managers, tablets | {who for _, who in beside})


@dataclass(frozen=True, slots=True)
class Hand:
    """One signature: whose (``person``, by name without case), what that one is called, where it stands, the SHA-256 of
    its image, and when it was made (aware; ``None``: nobody knows)."""

    person: str
    name: str
    place: LocalName
    sha256: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shared:
    """One and the same image for the signatures of different people: one of each (``hands``), and what those are called
    who have to sign again (``again``)."""

    hands: tuple[Hand, ...]
    again: tuple[str, ...]


def hands(order: WorkOrder, given: Iterable[Signature] = (), called: Mapping[str, str] | None = None) -> list[Hand]:
    """The signatures of an order, on tablets and beside (``given``); ``called`` as of ``signers``."""
    person, known = naming(called), called or {}
    items = {item.step: item.name for item in order.template}
    found = []
    for step, entry in order.answers.items():
        for file in files_of(entry):
            if file.get("kind") == "signature":
                by = str(file.get("by"))
                at = datetime.fromisoformat(str(file["at"])) if file.get("at") else None
                found.append(Hand(person(by), known.get(by) or by, _place(step, items), str(file.get("sha256")), at))
    beside = [Hand(person(one.name), one.name, ROLES[one.role], one.sha256, one.at) for one in given]
    return found + beside


def shared_images(found: Iterable[Hand]) -> list[Shared]:
    """Images that stand for different people, which two people cannot make, as long as one of these has to sign again:
    nobody knows whose image it is, so that everybody needs another one that nobody else has, as the latest of theirs.
    Of two at the same time the later one of the list is the latest. O(n)."""
    listed = list(found)
    people: defaultdict[str, dict[str, Hand]] = defaultdict(dict)
    latest: dict[str, Hand] = {}
    for one in listed:
        people[one.sha256].setdefault(one.person, one)
        if one.person not in latest or (one.at or _LONG_AGO) >= (latest[one.person].at or _LONG_AGO):
            latest[one.person] = one
    shared = []
    for some in people.values():
        again = tuple(one.name for who, one in some.items() if len(people[latest[who].sha256]) > 1)
        if len(some) > 1 and again:
            shared.append(Shared(tuple(some.values()), again))
    return shared


def words_of(shared: Shared) -> LocalName:
    """What whoever has to mend it is told of the first two of ``shared_images``."""
    first, second, *_ = shared.hands
    return LocalName(
        f"{first.place.zh}（{first.name}）与{second.place.zh}（{second.name}）的签名是同一张图片，"
        f"两个人不可能签出同一张图片：请{'、'.join(shared.again)}本人重新签名",
        f"the signature of {first.place.en} ({first.name}) and that of {second.place.en} ({second.name}) are one and "
        f"the same image, which two people cannot make: let {' and '.join(shared.again)} sign again by own hand",
    )


def _place(step: str, items: Mapping[str, LocalName]) -> LocalName:
    name = items.get(step)
    return _WHOLE if name is None else LocalName(f"检查项{step} {name.zh}", f"item {step} {name.en}")


def naming(called: Mapping[str, str] | None) -> Callable[[str], str]:
    """Who is meant by a name, or by the user name of an account."""
    names = {username.casefold(): name for username, name in (called or {}).items() if name}
    return lambda name: " ".join(names.get(name.strip().casefold(), name).split()).casefold()


def signed_on_tablets(order: WorkOrder) -> frozenset[str]:
    """The accounts that have signed on tablets."""
    files = (file for entry in order.answers.values() for file in files_of(entry))
    return frozenset(str(file.get("by")) for file in files if file.get("kind") == "signature")
