"""Changing staff, certificates and contractors.

Inside the caller's transaction. Raises ``BadData`` naming the field, ``Conflict``, ``NotFound``, ``VersionConflict``.
"""

import re
from dataclasses import replace

from maintenance.people.known import licence_kinds
from maintenance.people.licences import Holder
from maintenance.people.owners import known_department
from maintenance.people.staff import Certificate, Contractor, Membership, Person, checked_dates, checked_licences
from maintenance.ports import MaintenanceTx
from plantroom.domain.keys import new_key
from plantroom.errors import BadData, Conflict, FieldProblem, NotFound
from plantroom.ports.accounts import Grant, Role, User

_PHONE = re.compile(r"\+?[0-9][0-9 -]{3,24}")


def add_user(tx: MaintenanceTx, username: str, name: str, language: str, grants: tuple[Grant, ...]) -> Person:
    """A new user without a password, who cannot sign in until one is set (``plantroom user password``)."""
    if not username.strip() or username != username.strip():
        raise _bad("username", "blanks", "为空或首尾有空格 / is empty or has blanks at its ends")
    tx.accounts.lock_users()
    if tx.accounts.user_by_name(username) is not None:
        raise Conflict(f"用户名已存在 / there is a user {username!r} already")
    for n, grant in enumerate(grants):
        check_grant(tx, grant, f"grants.{n}")
    tx.accounts.put_user(User(new_key(), username, "", grants, name=name or username, language=language))
    return tx.people.person(username)


def check_grant(tx: MaintenanceTx, grant: Grant, field: str) -> None:
    """``BadData`` for a grant on an unknown site, department or contractor, and for one that would let a contractor's
    people do more than their work."""
    if grant.site is not None:
        try:
            tx.assets.site(grant.site)
        except NotFound:
            raise _bad(f"{field}.site", "unknown_site", f"there is no site {grant.site!r}") from None
        if grant.department is not None:
            known_department(tx, grant.site, grant.department, f"{field}.department")
    if grant.contractor is None:
        return
    if grant.role not in {Role.TECHNICIAN, Role.VIEWER}:
        words = "外包人员只能是技术员或查看者 / people of a contractor are technicians or viewers"
        raise _bad(f"{field}.role", "too_much", words)
    _contractor(tx, grant.contractor, f"{field}.contractor")


def save_person(tx: MaintenanceTx, person: Person, expected: int | None = None) -> Person:
    """Change what makes a user staff. A membership needs a grant on its site: nobody is of a department of a site on
    which they may do nothing."""
    if person.phone and not _PHONE.fullmatch(person.phone):
        raise _bad("phone", "format", "应为电话号码 / should be a telephone number: digits, blanks, - and a leading +")
    if person.contractor is not None:
        _contractor(tx, person.contractor, "contractor")
    members = []
    for n, member in enumerate(person.memberships):
        field = f"departments.{n}"
        if not person.is_on(member.site):
            words = f"没有项目{member.site}的权限 / has no grant on the site {member.site!r}"
            raise _bad(f"{field}.site", "no_grant", words)
        name = known_department(tx, member.site, member.department, f"{field}.department")
        members.append(Membership(member.site, name))
    return tx.people.put_person(replace(person, memberships=tuple(dict.fromkeys(members))), expected)


def save_certificate(tx: MaintenanceTx, certificate: Certificate, expected: int | None = None) -> Certificate:
    """Add or change a certificate of a person."""
    check_kind(certificate.kind, Holder.PERSON, "kind")
    if not certificate.number.strip():
        raise _bad("number", "required", "填写编号 / give its number")
    return tx.people.put_certificate(checked_dates(certificate), expected)


def save_contractor(tx: MaintenanceTx, contractor: Contractor, expected: int | None = None) -> Contractor:
    """Add or change a contractor."""
    if contractor.site is not None:
        tx.assets.site(contractor.site)
    if not contractor.name.zh.strip():
        raise _bad("name", "required", "填写名称 / give a name")
    for n, licence in enumerate(contractor.licences):
        check_kind(licence.kind, Holder.CONTRACTOR, f"licences.{n}.kind")
    return tx.people.put_contractor(checked_licences(contractor), expected)


def check_kind(kind: str, holder: Holder, field: str) -> None:
    """``BadData`` for a kind of certificate that nobody of that sort holds."""
    known = [key for key, one in licence_kinds().items() if one.holder is holder]
    if kind not in known:
        raise _bad(field, "unknown_kind", f"应为以下之一 / should be one of {', '.join(known)}")


def _contractor(tx: MaintenanceTx, contractor_id: str, field: str) -> Contractor:
    try:
        return tx.people.contractor(contractor_id)
    except NotFound:
        words = f"没有该外包单位 / there is no contractor {contractor_id!r}"
        raise _bad(field, "unknown_contractor", words) from None


def _bad(field: str, code: str, words: str) -> BadData:
    return BadData(f"{field}: {words}", [FieldProblem(field, code, words)])
