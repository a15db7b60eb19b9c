"""No two sessions of ours have one client id: each would take what waits for the other."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import strays
from gateway.collector import CLIENT_IDS
from plantroom.errors import BadData
from plantroom.wire import check_site_code, shadowing

PARTS = st.lists(
    st.sampled_from(["a", "-safety", "strays", "-", "_strays", "requests-", "check-", "0123abcd"]), max_size=4
)
CODES = st.one_of(PARTS.map("".join), st.text(max_size=12))
OTHERS = re.compile(r"plantroom-requests-[0-9a-f]{8}|plantroom-check-[0-9a-f]{12}")


def is_taken(code: str) -> bool:
    try:
        return check_site_code(code) == code
    except BadData:
        return False


@given(st.sets(CODES, max_size=6))
def test_no_sites_that_can_be_entered_share_a_session(codes: set[str]) -> None:
    sites = [code for code in codes if is_taken(code)]
    ids = [pattern.format(site=site) for site in sites for pattern in CLIENT_IDS.values()]
    assert len({*ids, strays.CLIENT_ID}) == len(ids) + 1
    assert not any(OTHERS.fullmatch(one) for one in ids)
    assert not shadowing(sites)


@pytest.mark.parametrize(
    "code", ["demo-safety", "-safety", "a-safety-safety", "requests-0123abcd", "check-0123abcd4567", "a/b", ""]
)
def test_a_code_that_gives_the_client_id_of_another_session_is_refused(code: str) -> None:
    with pytest.raises(BadData):
        check_site_code(code)


@pytest.mark.parametrize(
    "code", ["safety", "demo-safety-2", "strays", "_strays", "requests-north", "check-in", "north"]
)
def test_codes_that_only_look_like_it_are_as_good_as_any(code: str) -> None:
    assert check_site_code(code) == code


def test_of_sites_that_are_there_those_that_shadow_another_are_named() -> None:
    assert shadowing(["demo", "demo-safety", "lone-safety", "north"]) == {"demo-safety": "demo"}
