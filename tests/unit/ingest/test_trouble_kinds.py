"""What the stores' errors are called when people are told of them."""

import pytest

from ingest.patience import INTERNAL, LEDGER, SPOOL, STORE, kind_of
from plantroom.domain.flow import TroubleKind
from plantroom.errors import NothingLeft, Unreachable
from plantroom.storage.readings.influx_http import InfluxTarget, problem

TARGET = InfluxTarget("10.0.0.7", 8086, "t", "o", "b")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, '{"message": "unauthorized access"}', TroubleKind.STORE_UNAUTHORISED),
        (403, "", TroubleKind.STORE_UNAUTHORISED),
        (404, '{"message": "bucket not found"}', TroubleKind.STORE_MISSING),
        (500, '{"message": "write: no space left on device"}', TroubleKind.STORE_FULL),
        (503, "", TroubleKind.STORE_AWAY),
        (429, "", TroubleKind.STORE_AWAY),
    ],
)
def test_an_answer_of_influxdb_is_the_trouble_that_it_is(status: int, body: str, kind: TroubleKind) -> None:
    assert kind_of(STORE, problem(TARGET, status, body)) is kind


def test_whatever_else_is_wrong_has_a_kind() -> None:
    assert kind_of(STORE, Unreachable("store", "does not answer")) is TroubleKind.STORE_AWAY
    assert kind_of(LEDGER, NothingLeft("ledger", "full")) is TroubleKind.LEDGER_FULL
    assert kind_of(LEDGER, Unreachable("ledger", "away")) is TroubleKind.LEDGER_AWAY
    assert kind_of(SPOOL, NothingLeft("spool", "full")) is TroubleKind.SPOOL_FULL
    assert kind_of(INTERNAL, "a bug") is TroubleKind.INTERNAL
