"""Answers to requests that have a key."""

from datetime import datetime

import sqlalchemy as sa

from plantroom.ports.answers import ANSWERS_KEPT, AnswerRepository, KeptAnswer
from plantroom.storage.ledger import tables_accounts as t
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.work import Work

ANSWERS = Record(KeptAnswer, t.kept_answers)
_a = t.kept_answers.c


class SqlAnswers(AnswerRepository):
    """``AnswerRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def kept_answer(self, account: str, key: str, now: datetime) -> KeptAnswer | None:
        if self._work.writable:
            self._work.backend.lock_text(self._connection, f"answer {account} {key}")
        statement = ANSWERS.select().where(*_of(account, key), _a.at > now - ANSWERS_KEPT)
        row = self._connection.execute(statement).first()
        return None if row is None else ANSWERS.item(row)

    def keep_answer(self, answer: KeptAnswer) -> None:
        self._connection.execute(t.kept_answers.delete().where(*_of(answer.account, answer.key)))
        self._connection.execute(t.kept_answers.insert(), ANSWERS.row(answer))

    def forget_answers(self, now: datetime) -> int:
        return self._connection.execute(t.kept_answers.delete().where(_a.at <= now - ANSWERS_KEPT)).rowcount


def _of(account: str, key: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return _a.account == account, _a.key == key
