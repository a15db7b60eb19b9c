"""What is said of dead letters, by the family of their reasons: what is wrong, what to do.

``count`` and ``topics``, the most frequent ``topic`` and the ``span`` in words are filled in by ``ingest.conditions``.
"""

from collections.abc import Mapping

from ingest import rejections as r
from ingest.condition_words import KEPT, Words, words_of
from plantroom.domain.assets import LocalName
from plantroom.wire import ROOT

_SINCE_LETTERS = (
    "近 {span}内 {count} 条，来自 {topics} 个主题，多为 {topic}。",
    "{count} in the last {span}. Topics: {topics}, mostly {topic}.",
)

LETTERS: Mapping[str, Words] = {
    "clock": words_of(
        ("设备时间不对", "A device's times are wrong"),
        _SINCE_LETTERS,
        KEPT,
        (
            (
                "原因中写明像其他单位（looks like）的：时钟没错，是时间的单位不对，请在设备端改为原因中所要求的单位。"
                "其余的：校准该设备的时钟（NTP）。只是走快的，等其时间过去后即可重放；早于 2000 年的和单位不对的，重放"
                "无法修复，数值仍在原始报文中。"
            ),
            (
                "Where the reason says that the time looks like another unit, the clock is right and the unit is not:"
                " send the one that the reason asks for. Else set the device's clock (NTP). A clock"
                " that was merely fast can be replayed once its times have passed; a time before 2000 or in a wrong"
                " unit is not mended by a replay: its values are in the raw message."
            ),
        ),
    ),
    "unknown_asset": words_of(
        ("消息中的设备编号不在台账中", "Messages of an asset that the ledger does not have"),
        _SINCE_LETTERS,
        KEPT,
        (
            (
                "新设备：在台账中建立该编号（POST /api/v1/assets）；编号写错：在设备端改正；外来设备：建立数据源映射"
                "（plantroom source add）。然后重放。"
            ),
            (
                "A new machine: enter its code in the ledger (`POST /api/v1/assets`). A mistyped code: correct it in"
                " the device. A foreign device: map it by a source (`plantroom source add`). Then replay."
            ),
        ),
    ),
    "unknown_site": words_of(
        ("消息中的站点代码不存在", "Messages of a site that the ledger does not have"),
        _SINCE_LETTERS,
        LocalName(
            "事件逐条保留，其余每个主题每分钟保留一条，建立站点后可以重放。积压过多时，最早的会被删除。",
            "Events are kept one by one, of the rest one a topic and minute. What is kept can be replayed once the site"
            " is there. Of too many the oldest are deleted.",
        ),
        (
            "新站点：在台账中建立（POST /api/v1/sites），然后重放；代码写错：在设备端改正。",
            "A new site: enter it (`POST /api/v1/sites`), then replay. A mistyped code: correct it in the device.",
        ),
    ),
    "unknown_point": words_of(
        ("消息中有台账没有的测点", "Values of a point that the asset does not have"),
        _SINCE_LETTERS,
        KEPT,
        (
            (
                "测点由设备类别规定（plantroom classes 列出）：在数据源中把字段映射到该类别已有的测点（plantroom source"
                " add），然后重放；不需要的字段在设备端停发。"
            ),
            (
                "An asset has the points of its class (`plantroom classes` lists them): map the field to one of them in"
                " a source (`plantroom source add`), then replay; have the device leave out what nobody needs."
            ),
        ),
    ),
    "unknown_metric": words_of(
        ("指标未在上线报文中声明", "Metrics that no birth told of"),
        _SINCE_LETTERS,
        LocalName(
            (
                "原始消息已保留：写明指标名称的，在节点重发上线报文后可以重放；只有别名的数值无法恢复。积压过多时，最早的"
                "会被删除。"
            ),
            (
                "The raw messages are kept: what names its metrics can be replayed after the node's next birth, values"
                " with an alias alone cannot be recovered. Of too many the oldest are deleted."
            ),
        ),
        (
            (
                "已要求该节点重发上线报文（Rebirth），收到后可以重放；一直收不到时，检查代理是否允许 Plantroom 发布"
                " NCMD。只有别名的消息无法重放，可以丢弃。"
            ),
            (
                "The node has been asked for its birth (rebirth): replay once it came; without one check that Plantroom"
                " may publish NCMD. Messages with an alias alone can be discarded."
            ),
        ),
    ),
    "unit": words_of(
        ("单位与测点不符", "A unit does not fit the point"),
        _SINCE_LETTERS,
        KEPT,
        (
            "在数据源中写明该字段的单位（自动换算），然后重放。",
            "Name the field's unit in the source (it is converted), then replay.",
        ),
    ),
    "topic": words_of(
        ("主题不符合约定", "Topics that belong to no device"),
        _SINCE_LETTERS,
        KEPT,
        (
            "改正设备的主题（plantroom/站点/设备/telemetry），或为它建立数据源（plantroom source add），然后重放。",
            (
                "Correct the device's topic (plantroom/SITE/ASSET/telemetry), or make a source for it (`plantroom"
                " source add`), then replay."
            ),
        ),
    ),
    "own_topic": words_of(
        ("plantroom/ 下的主题不符合约定", "Topics under plantroom/ that are not as agreed"),
        _SINCE_LETTERS,
        LocalName(
            "原始消息已保留，但重放不能改正其主题。积压过多时，最早的会被删除。",
            "The raw messages are kept, but no replay mends their topics. Of too many the oldest go.",
        ),
        (
            (
                "在设备端改正主题：层级为 plantroom/站点/设备/通道，通道为 telemetry、event 或 status。"
                "已保留的消息，查看后丢弃。"
            ),
            (
                "Correct the topic in the device: the levels are plantroom/SITE/ASSET/CHANNEL, and CHANNEL is"
                " telemetry, event or status. Look at what is kept, then discard it."
            ),
        ),
    ),
    "no_site": words_of(
        ("主题中没有站点代码", "Topics without a site's code"),
        _SINCE_LETTERS,
        LocalName(
            "原始消息已保留，但不属于任何站点，不能重放。积压过多时，最早的会被删除。",
            "The raw messages are kept, but belong to no site: they cannot be replayed. Of too many the oldest go.",
        ),
        (
            "改正设备的主题（plantroom/站点/设备/telemetry），然后丢弃已保留的消息。",
            "Correct the device's topic (plantroom/SITE/ASSET/telemetry), then discard what is kept.",
        ),
    ),
    "payload": words_of(
        ("消息内容无法解析", "Messages that cannot be read"),
        _SINCE_LETTERS,
        KEPT,
        (
            (
                "看一条示例，改正设备的报文格式（时间的格式见原因）；若是外来格式，在数据源中选择对应的格式，"
                "用 plantroom source test 试一下，然后重放。"
            ),
            (
                "Look at an example and correct what the device sends (the reason says how times are expected); for a"
                " foreign format choose the dialect in its source, try it with `plantroom source test`, then replay."
            ),
        ),
    ),
    "store": words_of(
        ("数据库拒绝了部分读数", "The readings store refuses some readings"),
        _SINCE_LETTERS,
        KEPT,
        (
            "查看原因中数据库的说明（常见：字段类型与已存数据冲突），处理后重放。",
            (
                "Read the store's own words in the reason (often a field that is stored with another type), mend it,"
                " then replay."
            ),
        ),
    ),
    "retention": words_of(
        ("读数早于保留期限", "Readings that are older than they are kept"),
        _SINCE_LETTERS,
        LocalName(
            "这些读数没有存入历史：早于原始读数的保留天数。原始消息已保留，延长期限后才能重放。",
            "These readings are not in the history, which does not reach back so far. The raw messages are kept; a"
            " replay stores them only once readings are kept for longer.",
        ),
        (
            (
                "时钟慢：校准设备时钟（NTP、时区）。反复发送上次变化的：改发当前时间。设备补发的旧数据：确实需要时调大"
                " PLANTROOM_RETENTION_RAW_DAYS 后重放，不需要的可以丢弃。"
            ),
            (
                "A slow clock: set it (NTP, time zone). The last change sent again and again: have it stamped with the"
                " time of sending. Old data that a device delivers late: raise PLANTROOM_RETENTION_RAW_DAYS and replay"
                " if you need them, otherwise discard them."
            ),
        ),
    ),
    "internal": words_of(
        ("处理消息时发生内部错误", "Messages that trip an internal error"),
        _SINCE_LETTERS,
        KEPT,
        (
            "把示例消息和采集器日志反馈给开发人员；升级后重放。",
            "Give an example and the collector's log to the developers; replay after the next version.",
        ),
    ),
}

LET_GO = words_of(
    ("保留的消息太多，已删除一部分", "Of too many kept messages some were deleted"),
    (
        "近 24 小时删除了 {count} 条未能存储的消息：每个站点只保留有限条数，先删最多的主题和原因中最早的。",
        (
            "{count} messages that could not be stored were deleted in the last 24 hours: a site keeps so many, and of"
            " too many the oldest of the topic and reason that has most go first."
        ),
    ),
    LocalName(
        "被删除的消息已丢失，不能再重放；其余的仍保留。",
        "The deleted ones are lost and cannot be replayed; the others are kept.",
    ),
    (
        (
            "先处理数量最多的原因（见保留的消息），不需要的可以丢弃；需要保留更多时调大 PLANTROOM_DEAD_LETTERS_MAX 和"
            " PLANTROOM_DEAD_LETTERS_MB。一天后不再提示。"
        ),
        (
            "Mend the most frequent reason first (see the kept messages), and discard what nobody needs; to keep more,"
            " raise PLANTROOM_DEAD_LETTERS_MAX and PLANTROOM_DEAD_LETTERS_MB. This is told for a day."
        ),
    ),
)
"""Of ``count`` letters that were deleted: the way in told that they are kept."""

REPLAYING = "replay_asked"
"""Stands before the reason of letters that somebody wants processed again."""

_ASKED = words_of(
    ("正在重放", "Being replayed"),
    _SINCE_LETTERS,
    KEPT,
    (
        "无需处理：采集器会按台账的现状重新处理这些消息；仍不能用的会带着新的原因回来。",
        (
            "Nothing: a collector takes these messages up again by what the ledger says now. What still cannot be used"
            " comes back with its reason."
        ),
    ),
)
"""Nothing is to be done about these: they are no condition."""

_FAMILIES = {
    r.CLOCK_IN_FUTURE: "clock",
    r.CLOCK_NEVER_SET: "clock",
    r.UNKNOWN_ASSET: "unknown_asset",
    r.UNKNOWN_SITE: "unknown_site",
    r.UNKNOWN_POINT: "unknown_point",
    r.UNKNOWN_METRIC: "unknown_metric",
    r.WRONG_UNIT: "unit",
    r.UNKNOWN_TOPIC: "topic",
    r.REJECTED_BY_STORE: "store",
    r.BEYOND_RETENTION: "retention",
    r.INTERNAL_ERROR: "internal",
}
"""Reasons whose cause is elsewhere than in the payload."""


def family_of(reason: str, site: str, topic: str) -> str:
    """The family of a reason (its code) of letters of one topic and site (empty: the topic names none)."""
    if reason == r.UNKNOWN_TOPIC and not site:
        return "no_site"
    if reason == r.UNKNOWN_TOPIC and topic.startswith(f"{ROOT}/"):
        return "own_topic"
    return _FAMILIES.get(reason, "payload")


def letter_words(reason: str, site: str, topic: str) -> Words:
    """What is said of a site's dead letters of a topic and reason (its code)."""
    return _ASKED if reason == REPLAYING else LETTERS[family_of(reason, site, topic)]
