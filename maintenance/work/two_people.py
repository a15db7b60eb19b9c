"""That two people sign, and not one in two parts. Inside the caller's transaction."""

from collections.abc import Iterable, Mapping

from maintenance.ports import MaintenanceTx
from maintenance.work.records import Signature, of_its_answers
from maintenance.work.signers import Shared, hands, shared_images, signed_on_tablets, signers, words_of
from maintenance.work_orders import WorkOrder
from plantroom.errors import BadData, FieldProblem

SAME_IMAGE = "same_image"
"""The signatures of two people are one and the same image."""


def account_names(tx: MaintenanceTx, order: WorkOrder, given: Iterable[Signature]) -> Mapping[str, str]:
    """What the accounts are called that an order's signatures name, by user name."""
    usernames = signed_on_tablets(order) | {one.name.strip() for one in given}
    return {username: user.name for username, user in tx.accounts.users_by_name(usernames).items()}


def require_own_image(tx: MaintenanceTx, order: WorkOrder, made: Signature) -> None:
    """``BadData`` that names both, when a signature that is to be put under an order is the image of somebody else's
    there, whatever that one's was of."""
    given = [*tx.work_records.signatures(order.id), made]
    *there, new = hands(order, given, account_names(tx, order, given))
    other = next((one for one in there if one.sha256 == new.sha256 and one.person != new.person), None)
    if other is not None:
        raise _refusal(order, "sha256", Shared((other, new), (new.name,)))


def of_several(tx: MaintenanceTx, order: WorkOrder, sha256: str) -> bool:
    """Whether an image is the signature of more than one person under an order."""
    given = tx.work_records.signatures(order.id)
    found = hands(order, given, account_names(tx, order, given))
    return len({one.person for one in found if one.sha256 == sha256}) > 1


def _refusal(order: WorkOrder, field: str, shared: Shared) -> BadData:
    words = words_of(shared)
    said = f"{words.zh} / {words.en}"
    return BadData(f"工单#{order.number} / work order #{order.number}: {said}", [FieldProblem(field, SAME_IMAGE, said)])


def require_two_people(tx: MaintenanceTx, order: WorkOrder) -> None:
    """``BadData`` when an order may not be verified, since its record would say that two have signed: the signatures of
    two people are one image (names both, and who has to sign again), or one person has signed both for whoever did it
    and as the safety manager. Nobody can sign again what is frozen: its record stays, and the inspection pack names
    them."""
    given = of_its_answers(order, tx.work_records.signatures(order.id))
    called = account_names(tx, order, given)
    shared = shared_images(hands(order, given, called))
    if shared and tx.records.of_order(order.id) is None:
        raise _refusal(order, "evidence.second_signature", shared[0])
    if signers(order, given, called).one_for_both:
        words = (
            "实施人与安全管理员的签名是同一人，请由另一人补签后再核验"
            " / technician and safety manager are one person: let another one sign, too, then verify"
        )
        raise BadData(
            f"work order #{order.number}: {words}", [FieldProblem("evidence.second_signature", "same_person", words)]
        )
