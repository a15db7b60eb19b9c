"""That two people sign, and not one in two parts. Inside the caller's transaction."""

from collections.abc import Iterable, Mapping

from maintenance.ports import MaintenanceTx
from maintenance.work.records import Signature, of_its_answers
from maintenance.work.signers import signed_on_tablets, signers
from maintenance.work_orders import WorkOrder
from plantroom.errors import BadData, FieldProblem


def account_names(tx: MaintenanceTx, order: WorkOrder, given: Iterable[Signature]) -> Mapping[str, str]:
    """What the accounts are called that an order's signatures name, by user name."""
    usernames = signed_on_tablets(order) | {one.name.strip() for one in given}
    users = (tx.accounts.user_by_name(name) for name in sorted(usernames))
    return {user.username: user.name for user in users if user is not None}


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
