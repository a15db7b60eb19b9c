"""Users, sessions, tokens, failed sign-ins."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from plantroom.errors import Conflict, NotFound
from plantroom.ports.accounts import ApiToken, Grant, Role, SessionRecord, User
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import MINUTE, NOW

ANNA = User("u1", "anna", "$argon2id$v=19$x", (Grant(Role.ADMIN), Grant(Role.TECHNICIAN, "demo", "工程部")), "安娜")
BEN = User("u2", "ben", "", (), active=False, language="en")


def session(token: str = "a" * 64, **changes: object) -> SessionRecord:
    made = SessionRecord(token, "u1", "csrf", NOW, NOW + 60 * MINUTE)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_users_come_back_with_their_grants(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.accounts.put_user(BEN)
        tx.accounts.put_user(ANNA)
    with ledger.read() as tx:
        assert tx.accounts.user("u1") == ANNA
        assert tx.accounts.user_by_name("ben") == BEN
        assert tx.accounts.user_by_name("nobody") is None
        assert tx.accounts.user_by_name("n\x00") is None
        assert tx.accounts.users_by_name({"ben", "anna", "nobody", "n\x00"}) == {"anna": ANNA, "ben": BEN}
        assert tx.accounts.users_by_name(()) == {}
        assert list(tx.accounts.users()) == [ANNA, BEN]
        with pytest.raises(NotFound):
            tx.accounts.user("u9")


def test_a_user_is_replaced_and_a_user_name_is_unique(ledger: SqlLedger) -> None:
    renamed = replace(ANNA, username="anne", grants=(Grant(Role.VIEWER),))
    with ledger.begin() as tx:
        tx.accounts.put_user(ANNA)
        tx.accounts.put_user(renamed)
        assert list(tx.accounts.users()) == [renamed]
        with pytest.raises(Conflict, match="anne"):
            tx.accounts.put_user(replace(BEN, username="anne"))
        tx.accounts.put_user(replace(BEN, username="anna"))


def test_sessions_are_found_by_hash_until_dropped(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.accounts.put_user(ANNA)
        tx.accounts.add_session(session())
        assert tx.accounts.session("a" * 64) == session()
        assert tx.accounts.session("b" * 64) is None
        tx.accounts.drop_session("a" * 64)
        tx.accounts.drop_session("a" * 64)
        assert tx.accounts.session("a" * 64) is None
        with pytest.raises(NotFound):
            tx.accounts.add_session(session(user="u9"))


def test_sessions_that_have_run_out_are_swept(ledger: SqlLedger) -> None:
    later = NOW + timedelta(days=1)
    with ledger.begin() as tx:
        tx.accounts.put_user(ANNA)
        tx.accounts.add_session(session())
        assert tx.accounts.session("a" * 64) is not None
        tx.accounts.add_session(session("b" * 64, created_at=later, expires_at=later + MINUTE))
        assert tx.accounts.session("a" * 64) is None
        assert tx.accounts.session("b" * 64) is not None


def test_tokens_are_found_by_hash(ledger: SqlLedger) -> None:
    kept = ApiToken("t1", "export", "c" * 64, (Grant(Role.VIEWER, "demo"),), NOW, None, "anna")
    with ledger.begin() as tx:
        tx.accounts.add_token(kept)
        assert tx.accounts.token("c" * 64) == kept
        assert tx.accounts.token("d" * 64) is None
    with pytest.raises(Conflict), ledger.begin() as tx:
        tx.accounts.add_token(replace(kept, id="t2"))


def counts(ledger: SqlLedger, username: str, address: str, since: datetime = NOW) -> tuple[int, int, int, int]:
    with ledger.begin() as tx:
        seen = tx.accounts.sign_ins(username, address, since, since)
    return seen.failed_of_user, seen.failed_from_address, seen.in_flight_of_user, seen.in_flight_from_address


def test_failed_sign_ins_count_by_name_and_by_address(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        for minute, (username, address) in enumerate([("anna", "1"), ("anna", "2"), ("ben", "2"), ("carl", "2")]):
            tx.accounts.note_failed_sign_in(username, address, NOW + minute * MINUTE)
    assert counts(ledger, "anna", "1") == (2, 1, 0, 0)
    assert counts(ledger, "anna", "2") == (2, 3, 0, 0)
    assert counts(ledger, "anna", "2", NOW + 2 * MINUTE) == (0, 2, 0, 0)
    assert counts(ledger, "dora", "9") == (0, 0, 0, 0)


def test_attempts_in_flight_count_until_they_end_or_grow_old(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        first = tx.accounts.begin_sign_in("anna", "1", NOW)
        second = tx.accounts.begin_sign_in("ben", "1", NOW + MINUTE)
    assert first != second
    assert counts(ledger, "anna", "1") == (0, 0, 1, 2)
    assert counts(ledger, "anna", "1", NOW + MINUTE) == (0, 0, 0, 1)
    with ledger.begin() as tx:
        tx.accounts.end_sign_in(second)
    assert counts(ledger, "ben", "1") == (0, 0, 0, 1)
    with ledger.begin() as tx:
        third = tx.accounts.begin_sign_in("carl", "2", NOW + timedelta(days=30))
        tx.accounts.end_sign_in(first)
    assert third > second
    assert counts(ledger, "anna", "1") == (0, 0, 0, 0)


def test_who_counts_one_name_s_attempts_waits_for_whoever_counts_them_too(ledger: SqlLedger, other: SqlLedger) -> None:
    with ThreadPoolExecutor(1) as pool:
        with ledger.begin() as tx:
            tx.accounts.sign_ins("anna", "1", NOW, NOW)
            theirs = pool.submit(counts, other, "anna", "2")
            with pytest.raises(TimeoutError):
                theirs.result(timeout=0.3)
            tx.accounts.begin_sign_in("anna", "1", NOW)
        assert theirs.result(timeout=5) == (0, 0, 1, 0)


def test_signing_in_forgets_ones_own_failures_only(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.accounts.note_failed_sign_in("anna", "1", NOW)
        tx.accounts.note_failed_sign_in("ben", "1", NOW)
        tx.accounts.forget_failed_sign_ins("anna", "1")
    assert counts(ledger, "anna", "1") == (0, 1, 0, 0)


def test_old_failures_are_dropped(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.accounts.note_failed_sign_in("anna", "1", NOW)
        tx.accounts.note_failed_sign_in("anna", "1", NOW + timedelta(days=30))
    assert counts(ledger, "anna", "1") == (1, 1, 0, 0)
