"""That two people sign, and not one in two parts. Inside the caller's transaction."""

from collections.abc import Iterable, Mapping

from maintenance.ports import MaintenanceTx
from maintenance.work.records import Signature, of_its_answers
from maintenance.work.signers import Hand, hands, one_image, signed_on_tablets, signers, words_of
from maintenance.work_orders import WorkOrder
from plantroom.errors import BadData, FieldProblem

SAME_IMAGE = "same_image"
"""The signatures of two people are one and the same image."""


def account_names(tx: MaintenanceTx, order: WorkOrder, given: Iterable[Signature]) -> Mapping[str, str]:
    """What the accounts are called that an order's signatures name, by user name."""
    usernames = signed_on_tablets(order) | {one.name.strip() for one in given}
    users = (tx.accounts.user_by_name(name) for name in sorted(usernames))
    return {user.username: user.name for user in users if user is not None}


def require_own_images(tx: MaintenanceTx, order: WorkOrder) -> None:
    """``BadData`` that names both, when the signatures of two people are one image."""
    given = of_its_answers(order, tx.work_records.signatures(order.id))
    _refuse(order, "evidence.second_signature", one_image(hands(order, given, account_names(tx, order, given))))


def require_own_image(tx: MaintenanceTx, order: WorkOrder, made: Signature) -> None:
    """``BadData`` that names both, when a signature that is to be put under an order is the image of somebody else's
    there, whatever that one's was of."""
    given = [*tx.work_records.signatures(order.id), made]
    *there, new = hands(order, given, account_names(tx, order, given))
    other = next((one for one in there if one.sha256 == new.sha256 and one.person != new.person), None)
    _refuse(order, "sha256", None if other is None else (other, new))


def of_several(tx: MaintenanceTx, order: WorkOrder, sha256: str) -> bool:
    """Whether an image is the signature of more than one person under an order."""
    given = tx.work_records.signatures(order.id)
    found = hands(order, given, account_names(tx, order, given))
    return len({one.person for one in found if one.sha256 == sha256}) > 1


def _refuse(order: WorkOrder, field: str, found: tuple[Hand, Hand] | None) -> None:
    if found is None:
        return
    words = words_of(*found)
    said = f"{words.zh} / {words.en}"
    raise BadData(f"工单#{order.number} / work order #{order.number}: {said}", [FieldProblem(field, SAME_IMAGE, said)])


def require_two_people(tx: MaintenanceTx, order: WorkOrder) -> None:
    """``BadData`` when one person has signed an order both for whoever did it and as the safety manager: verified, its
    record would say that two have."""
    given = of_its_answers(order, tx.work_records.signatures(order.id))
    if signers(order, given, account_names(tx, order, given)).one_for_both:
        words = (
            "实施人与安全管理员的签名是同一人，请由另一人补签后再核验"
            " / technician and safety manager are one person: let another one sign, too, then verify"
        )
        raise BadData(
            f"work order #{order.number}: {words}", [FieldProblem("evidence.second_signature", "same_person", words)]
        )
