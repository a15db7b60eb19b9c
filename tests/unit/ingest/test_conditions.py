"""From figures and troubles to what people are told."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.condition_words import FLOW
from ingest.conditions import Condition, Help, Level, Picture, Silent, conditions, drained_in_s
from ingest.letter_words import LETTERS, letter_words
from ingest.trouble_words import TROUBLES
from plantroom.domain.flow import Trouble, TroubleKind, with_lanes
from plantroom.ports.letters import DeadLetter, LetterGroup

NOW = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(minutes=17)
QUIET = with_lanes({"normal": {"spool_depth": 0, "lag_s": 0, "messages_per_s": 50, "done_per_s": 50}})


def lane(**figures: float) -> dict[str, float]:
    return {"spool_depth": 0.0, "spool_bytes": 0.0, "lag_s": 0.0, **figures}


def picture(*troubles: Trouble, **more: object) -> Picture:
    return replace(Picture(NOW, troubles, {"demo": QUIET}), **more)  # type: ignore[arg-type]


def group(reason: str, topic: str = "plantroom/demo/P-9/telemetry", count: int = 3, site: str = "demo") -> LetterGroup:
    letter = DeadLetter("d1", site, NOW, topic, f"{reason}: more", b"{")
    return LetterGroup(site, topic, reason, count, BEFORE, NOW, letter)


def only(found: list[Condition]) -> Condition:
    (one,) = found
    return one


def test_when_all_is_flowing_there_is_nothing_to_tell() -> None:
    assert conditions(picture()) == []


@pytest.mark.parametrize("kind", TroubleKind)
def test_every_trouble_has_its_words_names_its_site_and_says_since_when(kind: TroubleKind) -> None:
    one = only(conditions(picture(Trouble(kind, "their own words", "demo", "normal", BEFORE))))
    assert (one.code, one.sites, one.since, one.detail) == (kind.value, ("demo",), BEFORE, "their own words")
    assert all(text.zh and text.en for text in (one.title, one.text, one.loss, one.advice))
    assert one.lost is (kind is TroubleKind.BROKER_REFUSES_TOPICS)


URGENT = [
    TroubleKind.BROKER_AWAY, TroubleKind.BROKER_REFUSES, TroubleKind.BROKER_REFUSES_TOPICS,
    TroubleKind.CLIENT_ID_SHARED, TroubleKind.SPOOL_FULL, TroubleKind.SPOOL_UNUSABLE, TroubleKind.STORE_AWAY,
    TroubleKind.STORE_UNAUTHORISED, TroubleKind.STORE_MISSING, TroubleKind.STORE_FULL,
]  # fmt: skip


@pytest.mark.parametrize("kind", TroubleKind)
def test_what_keeps_safety_events_or_limits_from_being_seen_is_red_the_rest_amber(kind: TroubleKind) -> None:
    one = only(conditions(picture(Trouble(kind, "w", "demo"))))
    assert one.level is (Level.URGENT if kind in URGENT else Level.WARNING)


def test_a_store_that_is_away_is_told_once_with_all_that_waits_and_no_backlog_beside_it() -> None:
    waiting = with_lanes(
        {
            "normal": lane(spool_depth=120_000, spool_bytes=31_000_000, lag_s=1020),
            "safety": lane(spool_depth=4, spool_bytes=2_000, lag_s=30),
        }
    )
    store = Trouble(TroubleKind.STORE_AWAY, "InfluxDB 10.0.0.7:8086: does not answer", "demo", "normal", BEFORE)
    safety = replace(store, lane="safety", since=NOW)
    one = only(conditions(picture(safety, store, sites={"demo": waiting})))
    assert one.since == BEFORE
    assert one.text.en == (
        "120,004 messages (31 MB) are waiting. Meanwhile no limit, model or presence is judged; safety events are told."
    )
    assert one.text.zh.startswith("有 120,004 条消息（31 MB）在等待。在此期间不判断限值报警")
    assert one.loss.en.startswith("Nothing is lost")


@pytest.mark.parametrize("kind", [TroubleKind.STORE_AWAY, TroubleKind.SPOOL_FULL])
def test_where_nothing_waits_no_size_is_told_and_the_words_are_whole(kind: TroubleKind) -> None:
    idle = {"demo": lane(spool_depth=0, spool_bytes=13_000_000)}
    told = only(conditions(picture(Trouble(kind, "x", "demo", "normal"), sites=idle)))
    assert "MB" not in told.text.en + told.text.zh
    assert "were are" not in told.text.en


def test_one_store_of_many_sites_is_one_condition_that_names_them() -> None:
    troubles = [Trouble(TroubleKind.STORE_AWAY, "w", site, "normal", BEFORE) for site in ("b", "a", "b")]
    one = only(conditions(picture(*troubles, sites=dict.fromkeys(("a", "b", "c"), QUIET))))
    assert one.sites == ("a", "b")


def test_what_concerns_every_site_explains_the_backlog_of_each() -> None:
    behind = with_lanes({"normal": lane(spool_depth=9, lag_s=99)})
    one = only(conditions(picture(Trouble(TroubleKind.LEDGER_AWAY, "w"), sites={"demo": behind})))
    assert (one.code, one.sites) == ("ledger_away", ())


@pytest.mark.parametrize(
    ("figures", "code", "level", "words"),
    [
        (lane(spool_depth=9, lag_s=9), None, None, ""),
        (lane(spool_depth=0, lag_s=90), None, None, ""),
        (lane(spool_depth=60_000, lag_s=600, messages_per_s=1000, done_per_s=1250), "backlog_draining", Level.INFO,
         "60,000 messages to go, caught up in about 4 minutes"),
        (lane(spool_depth=60_000, lag_s=600, messages_per_s=1000, done_per_s=1000), "backlog_growing", Level.WARNING,
         "the oldest for 10 minutes; 1,000 come in a second, 1,000 are dealt with"),
        (lane(spool_depth=60_000, lag_s=30, messages_per_s=1000, done_per_s=0), "backlog_young", Level.INFO,
         "the oldest for 30 seconds"),
    ],
)  # fmt: skip
def test_a_backlog_grows_or_gets_less(
    figures: dict[str, float], code: str | None, level: Level | None, words: str
) -> None:
    found = conditions(picture(sites={"demo": with_lanes({"normal": figures})}))
    if code is None:
        assert found == []
        return
    one = only(found)
    assert (one.code, one.level, one.sites) == (code, level, ("demo",))
    assert one.since == NOW - timedelta(seconds=figures["lag_s"])
    assert words in one.text.en


def test_a_safety_lane_that_is_behind_is_red_whether_it_gets_less_or_not() -> None:
    figures = with_lanes({"safety": lane(spool_depth=50, lag_s=12, done_per_s=500)})
    one = only(conditions(picture(sites={"demo": figures})))
    assert (one.code, one.level) == ("safety_behind", Level.URGENT)
    assert "12 seconds" in one.text.en


FAMILIES = [
    ("clock_in_future", "letters_clock", "NTP"),
    ("unknown_asset", "letters_unknown_asset", "ledger (`POST /api/v1/assets`)"),
    ("unknown_site", "letters_unknown_site", "enter it (`POST /api/v1/sites`)"),
    ("unknown_point", "letters_unknown_point", "(`plantroom classes` lists them): map the field"),
    ("unknown_metric", "letters_unknown_metric", "asked for its birth"),
    ("wrong_unit", "letters_unit", "unit"),
    ("unknown_topic", "letters_own_topic", "the levels are plantroom/SITE/ASSET/CHANNEL"),
    ("not_json", "letters_payload", "example"),
    ("rejected_by_store", "letters_store", "store's own words"),
    ("beyond_retention", "letters_retention", "PLANTROOM_RETENTION_RAW_DAYS"),
    ("internal_error", "letters_internal", "developers"),
    ("a_reason_of_tomorrow", "letters_payload", "example"),
]


@pytest.mark.parametrize(("reason", "code", "advice"), FAMILIES)
def test_dead_letters_of_the_last_minutes_say_which_topic_how_many_and_what_to_do(
    reason: str, code: str, advice: str
) -> None:
    groups = [group(reason, count=2), group(reason, "plantroom/demo/P-8/telemetry", 7)]
    one = only(conditions(picture(letters=groups, kept_letters=9)))
    assert (one.code, one.level, one.help, one.since) == (code, Level.WARNING, Help.LETTERS, BEFORE)
    assert "9 in the last 15 minutes. Topics: 2, mostly plantroom/demo/P-8/telemetry" in one.text.en
    assert advice in one.advice.en
    assert not one.lost
    assert letter_words(reason, "demo", "plantroom/demo/P-8/telemetry").title == one.title


def test_a_source_is_the_remedy_for_topics_of_others_and_not_for_our_own() -> None:
    topics = ["boiler/1", "plantroom/demo/B-1/telemetri"]
    found = {one.code: one for one in conditions(picture(letters=[group("unknown_topic", one) for one in topics]))}
    assert set(found) == {"letters_topic", "letters_own_topic"}
    assert "make a source for it (`plantroom source add`)" in found["letters_topic"].advice.en
    own = found["letters_own_topic"]
    assert all("source add" not in text for text in (own.advice.zh, own.advice.en))
    assert "no replay mends" in own.loss.en


def test_of_topics_that_name_no_site_only_the_device_can_be_mended() -> None:
    letters = [group("unknown_topic", "plantroom//Z-1/telemetry", site=""), group("not_json", site="")]
    found = {one.code: one for one in conditions(picture(letters=letters))}
    assert set(found) == {"letters_no_site", "letters_payload"}
    words = found["letters_no_site"]
    assert "replay" not in words.advice.en
    assert "cannot be replayed" in words.loss.en


def test_letters_of_two_sites_are_told_apart() -> None:
    found = conditions(picture(letters=[group("not_json"), group("not_utf8"), group("not_json", site="west")]))
    assert [one.sites for one in found] == [("demo",), ("west",)]


def test_letters_that_are_merely_kept_are_no_warning() -> None:
    one = only(conditions(picture(kept_letters=7)))
    assert (one.code, one.level, one.help) == ("letters_kept", Level.INFO, Help.LETTERS)


def test_letters_that_are_being_processed_again_ask_for_nothing() -> None:
    assert conditions(picture(letters=[group("replay_asked")], kept_letters=3)) == []


def test_holes_and_damaged_records_are_counted_over_the_sites() -> None:
    sites = {"a": {**QUIET, "gaps": 3}, "b": {**QUIET, "gaps": 2, "spool_damaged": 5}}
    damaged, gaps = conditions(picture(sites=sites))
    assert (damaged.code, damaged.lost, damaged.sites) == ("spool_damaged", True, ("b",))
    assert (gaps.code, gaps.lost, gaps.sites, gaps.help) == ("gaps", False, ("a", "b"), Help.GAPS)
    assert gaps.text.en.startswith("5 messages")


def test_a_topic_without_end_is_cut_in_the_sentence() -> None:
    one = only(conditions(picture(letters=[group("unknown_topic", "plantroom/" + "x" * 3000)])))
    assert all(len(text) < 250 and "…" in text for text in (one.text.zh, one.text.en))


def test_clocks_that_cost_alarms_or_data_are_told_with_what_to_do() -> None:
    refused, late = conditions(picture(sites={"a": {**QUIET, "clocks_not_judged": 2, "clocks_refused": 1}}))[::-1]
    assert (late.code, late.level, late.lost, late.sites) == ("clocks_not_judged", Level.WARNING, False, ("a",))
    assert (refused.code, refused.level, refused.help) == ("clocks_refused", Level.WARNING, Help.LETTERS)
    assert late.text.zh.startswith("2 台设备的时钟慢 10 分钟以上")
    assert all("NTP" in one.advice.en for one in (late, refused))


@pytest.mark.parametrize("reason", ["clock_in_future", "clock_never_set", "unreadable_time"])
def test_what_a_time_should_be_is_left_to_the_reason_which_knows_the_dialect(reason: str) -> None:
    (refused,) = conditions(picture(sites={"a": {**QUIET, "clocks_refused": 1}}))
    for advice in (refused.advice, letter_words(reason, "a", "boiler/1").advice):
        assert not any(unit in advice.en for unit in ("seconds", "RFC 3339"))
        assert not any(unit in advice.zh for unit in ("秒", "RFC 3339"))
        assert "reason" in advice.en
        assert "原因" in advice.zh


def test_what_was_given_up_lately_is_told_as_lost() -> None:
    one = only(conditions(picture(given_up={"b": 4_999, "a": 1, "c": 0})))
    assert (one.code, one.level, one.lost, one.help) == ("gaps_given_up", Level.WARNING, True, Help.GAPS)
    assert one.sites == ("a", "b")
    assert one.text.en == "5,000 messages that had not arrived were given up in the last 24 hours."
    assert one.loss.en.startswith("They are lost")


BEHIND = with_lanes({"normal": lane(), "safety": lane(spool_depth=900, lag_s=300)})


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(TroubleKind.STORE_AWAY, "w", "demo", "normal"),
        Trouble(TroubleKind.SPOOL_UNUSABLE, "w", "demo", "normal"),
        Trouble(TroubleKind.STAGE_FAILING, "w", "demo", "normal"),
        Trouble(TroubleKind.STAGE_FAILING, "w", "demo", "safety"),
        Trouble(TroubleKind.STORE_AWAY, "w", "north", "safety"),
    ],
)
def test_a_trouble_of_another_lane_or_one_that_explains_nothing_hides_no_safety_lane_that_is_behind(
    trouble: Trouble,
) -> None:
    found = conditions(picture(trouble, sites={"demo": BEHIND}))
    assert [one.code for one in found] == ["safety_behind", trouble.kind.value]


def test_a_store_that_the_safety_lane_waits_for_explains_its_backlog() -> None:
    trouble = Trouble(TroubleKind.STORE_AWAY, "w", "demo", "safety")
    assert [one.code for one in conditions(picture(trouble, sites={"demo": BEHIND}))] == ["store_away"]


def test_a_silent_collector_and_none_at_all() -> None:
    silent = only(conditions(picture(silent=[Silent("host:/var", BEFORE, ("demo",))], sites={})))
    assert (silent.code, silent.level, silent.since, silent.sites) == (
        "collector_silent", Level.URGENT, BEFORE, ("demo",)
    )  # fmt: skip
    assert "host:/var has not reported for 17 minutes" in silent.text.en
    assert only(conditions(Picture(NOW, any_collector=False))).code == "collector_missing"


def test_the_most_urgent_comes_first_and_of_those_the_oldest() -> None:
    troubles = [
        Trouble(TroubleKind.LEDGER_AWAY, "w", "demo", since=NOW - timedelta(days=1)),
        Trouble(TroubleKind.BROKER_AWAY, "w", "demo", since=NOW),
        Trouble(TroubleKind.SPOOL_FULL, "w", "demo", since=BEFORE),
    ]
    found = conditions(picture(*troubles, kept_letters=1))
    assert [one.code for one in found] == ["spool_full", "broker_away", "ledger_away", "letters_kept"]


def test_words_are_in_both_languages_and_fill_in_the_same() -> None:
    for words in (*TROUBLES.values(), *LETTERS.values(), *FLOW.values()):
        for text in (words.title, words.text, words.loss, words.advice):
            assert re.search("[一-鿿]", text.zh), text
            assert not re.search("[一-鿿]", text.en), text
            assert set(re.findall(r"\{\w+\}", text.zh)) == set(re.findall(r"\{\w+\}", text.en)), text
            assert not re.search("episode|finding|outbox|dead letter", text.en, re.IGNORECASE), text


figures = st.floats(0, 1e12)


@given(depth=figures, comes=figures, goes=figures)
def test_an_estimate_is_never_negative_and_none_is_given_when_it_does_not_get_less(
    depth: float, comes: float, goes: float
) -> None:
    left_s = drained_in_s(depth, comes, goes)
    assert left_s is None or left_s >= 0
    assert (left_s is None) is (depth > 0 and goes <= comes * 1.05)


@given(
    st.dictionaries(st.sampled_from(["normal", "safety", "strays"]), st.fixed_dictionaries(
        dict.fromkeys(("spool_depth", "spool_bytes", "lag_s", "messages_per_s", "done_per_s", "gaps"), figures)
    )),
    st.sampled_from(TroubleKind),
)  # fmt: skip
def test_whatever_the_figures_every_condition_can_be_told(
    lanes: dict[str, dict[str, float]], kind: TroubleKind
) -> None:
    for one in conditions(picture(Trouble(kind, "w", "demo"), sites={"demo": with_lanes(lanes), "+": QUIET})):
        assert "{" not in one.text.en + one.text.zh + one.title.en + one.loss.zh


def test_letters_that_were_deleted_lately_are_told_as_lost_and_nothing_else_says_that_all_is_kept() -> None:
    kept = group("not_json", "plantroom/a/P-1/telemetry")
    of_site, gone = conditions(picture(letters=[kept], let_go={kept.site: 1_200, "other": 34}))
    assert (gone.code, gone.level, gone.lost, gone.help) == ("letters_let_go", Level.WARNING, True, Help.LETTERS)
    assert gone.sites == tuple(sorted((kept.site, "other")))
    assert gone.text.en.startswith("1,234 messages that could not be stored were deleted in the last 24 hours")
    assert gone.loss.en.startswith("The deleted ones are lost")
    assert of_site.loss == gone.loss
    one = only(conditions(picture(letters=[kept], let_go={"other": 0})))
    assert one.loss.en.startswith("Nothing is lost")
    later = conditions(picture(kept_letters=7, let_go={"a": 1}))
    assert all(not one.loss.en.startswith("Nothing is lost") for one in later)


def test_a_source_that_takes_nothing_is_named() -> None:
    figures = with_lanes({"normal": {**lane(), "source_idle/k2": 30, "source_idle/k1": 20}})
    one = only(conditions(picture(sites={"demo": figures})))
    assert (one.code, one.level, one.lost, one.sites) == ("source_idle", Level.WARNING, True, ("demo",))
    assert (one.detail, "50 messages" in one.text.en) == ("source k1, k2", True)
    assert all(text.zh and text.en for text in (one.title, one.text, one.loss, one.advice))


def test_a_session_that_the_broker_forgot_is_told_for_a_day() -> None:
    def found(age: timedelta) -> list[Condition]:
        forgot = {"broker_forgot_ms": (NOW - age).timestamp() * 1000}
        return conditions(picture(sites={"demo": with_lanes({"normal": forgot, "safety": forgot}), "b": QUIET}))

    one = only(found(timedelta(hours=23)))
    assert (one.code, one.level, one.lost, one.help) == ("broker_forgot", Level.URGENT, True, Help.GAPS)
    assert (one.sites, one.since) == (("demo",), NOW - timedelta(hours=23))
    assert "mosquitto.db" in one.advice.zh
    assert found(timedelta(hours=25)) == []


def test_a_disk_that_is_nearly_full_is_told_until_it_is_full() -> None:
    figures = {"demo": with_lanes({"normal": lane(disk_low=1), "safety": lane(disk_low=1)}), "b": QUIET}
    one = only(conditions(picture(sites=figures)))
    assert (one.code, one.level, one.lost, one.sites) == ("disk_low", Level.WARNING, False, ("demo",))
    full = Trouble(TroubleKind.SPOOL_FULL, "w", "demo")
    assert only(conditions(picture(full, sites=figures))).code == "spool_full"
