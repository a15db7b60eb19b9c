"""What conditions of the way in say to people: what is wrong, whether anything is lost, what to do.

``{...}`` are filled in by ``ingest.conditions``: ``waiting`` messages, ``size`` of them on disk, ``count``, ``span`` in
words. What is said while a collector cannot go on: ``ingest.trouble_words``, of dead letters: ``ingest.letter_words``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from plantroom.domain.assets import LocalName


@dataclass(frozen=True, slots=True)
class Words:
    """All that is said about one kind of condition."""

    title: LocalName
    text: LocalName
    loss: LocalName
    advice: LocalName


def words_of(title: tuple[str, str], text: tuple[str, str], loss: LocalName, advice: tuple[str, str]) -> Words:
    """The words, each in Chinese and English."""
    return Words(LocalName(*title), LocalName(*text), loss, LocalName(*advice))


WAITS_ON_DISK = LocalName(
    "没有丢失：消息保存在采集器的磁盘上，恢复后自动补存。",
    "Nothing is lost: messages wait on the collector's disk and are stored by themselves afterwards.",
)
WAITS_AT_BROKER = LocalName(
    "没有丢失：消息由代理服务器排队保存，恢复后自动接收；排队期间看不到新的报警。",
    "Nothing is lost: the broker queues the messages until then. But no new alarm is seen meanwhile.",
)
KEPT = LocalName(
    "没有丢失：原始消息已保留，原因消除后可以重放。积压过多时会删除数量最多的一类中最早的，并在此提示。",
    "Nothing is lost: the raw messages are kept and can be replayed once the cause is gone. Of too many the oldest of"
    " the most frequent are deleted, which is told here.",
)

FLOW: Mapping[str, Words] = {
    "collector_silent": words_of(
        ("采集器没有应答", "A collector is silent"),
        (
            "采集器 {collector} 已 {span}没有报告；它负责的站点没有数据和报警。",
            "Collector {collector} has not reported for {span}; its sites show no data and no alarms.",
        ),
        WAITS_AT_BROKER,
        (
            "在该主机上检查 plantroom collect 是否在运行、能否连接台账，必要时重启。",
            "See on that host whether `plantroom collect` runs and reaches the ledger; start it if not.",
        ),
    ),
    "collector_missing": words_of(
        ("没有采集器在运行", "No collector is running"),
        ("从未有采集器报告过，收不到任何数据。", "None has ever reported, so no data come in."),
        WAITS_AT_BROKER,
        (
            "启动 plantroom collect（试用时为 plantroom run）。",
            "Start `plantroom collect` (in a trial `plantroom run`).",
        ),
    ),
    "safety_behind": words_of(
        ("安全通道有积压", "The safety lane is behind"),
        (
            "最早的一条已等待 {span}，共 {waiting} 条。安全事件会延迟。",
            "The oldest of {waiting} messages has waited for {span}. Safety events are late.",
        ),
        WAITS_ON_DISK,
        (
            "查看采集器主机的 CPU 和磁盘；减少标为安全的遥测数据源。",
            "Look at CPU and disk of the collector's host; mark fewer telemetry sources as safety.",
        ),
    ),
    "backlog_growing": words_of(
        ("来得比处理得快，积压在增加", "More comes in than is dealt with"),
        (
            "{waiting} 条消息（{size}）在等待，最早的已等待 {span}；每秒进 {in_per_s}，处理 {done_per_s}。",
            (
                "{waiting} messages ({size}) are waiting, the oldest for {span}; {in_per_s} come in a second,"
                " {done_per_s} are dealt with."
            ),
        ),
        WAITS_ON_DISK,
        (
            "查看采集器和数据库主机的 CPU、磁盘；降低设备的发送频率，或把站点分给多个采集器。",
            (
                "Look at CPU and disk of the collector's and the store's host; have devices send less often, or spread"
                " the sites over more collectors."
            ),
        ),
    ),
    "backlog_young": words_of(
        ("消息有短时积压", "Messages wait for a moment"),
        (
            "{waiting} 条消息（{size}）在等待，最早的已等待 {span}。",
            "{waiting} messages ({size}) are waiting, the oldest for {span}.",
        ),
        WAITS_ON_DISK,
        (
            "先观察一分钟：通常随即补完；若不减少，这里会说明原因。",
            "Watch it for a minute: usually it is caught up at once; if not, this page says why.",
        ),
    ),
    "backlog_draining": words_of(
        ("正在补存积压的消息", "Catching up"),
        (
            "还有 {waiting} 条，预计 {span}后补完；每秒进 {in_per_s}，处理 {done_per_s}。",
            (
                "{waiting} messages to go, caught up in about {span}; {in_per_s} come in a second,"
                " {done_per_s} are dealt with."
            ),
        ),
        WAITS_ON_DISK,
        ("无需处理，补完后自动消失。", "Nothing to do; this goes away by itself."),
    ),
    "gaps": words_of(
        ("设备的编号有缺口", "Messages of devices are missing"),
        (
            "有 {count} 条消息设备已编号但没有到达。",
            "{count} messages are missing: by their devices' numbering they were sent, and none has come.",
        ),
        LocalName(
            "可能丢失：它们没有到达消息代理。会自动要求重发，有缓存的设备能补上；Sparkplug 节点则请求重生（rebirth）。",
            "Perhaps lost: they did not reach the broker. They are asked for again; devices that keep what they"
            " sent can still deliver it. Sparkplug nodes are asked for a rebirth.",
        ),
        (
            "查看有缺口的设备：网络、重启、缓存是否开启（参考发布程序）。",
            (
                "Look at the devices concerned: network, restarts, whether they keep what they sent (as the reference"
                " publisher does)."
            ),
        ),
    ),
    "gaps_given_up": words_of(
        ("有消息补不回来了", "Messages that will not come any more"),
        (
            "近 24 小时放弃了 {count} 条没有到达的消息。",
            "{count} messages that had not arrived were given up in the last 24 hours.",
        ),
        LocalName(
            "这些消息已丢失：设备已不再保存，或多次要求重发都没有应答，或由人放弃。如果之后到达，仍会存储。",
            "They are lost: their devices no longer have them or did not answer when they were asked, or people gave"
            " them up. What comes after all is stored all the same.",
        ),
        (
            (
                "查看原因：让设备保留更久（参考发布程序），检查网络；设备恢复后可用 plantroom gaps ask 再次要求。"
                "一天后不再提示，清单中仍可查到。"
            ),
            (
                "Look at the reasons: have devices keep what they sent for longer (as the reference publisher does),"
                " look at the network; once a device is back, `plantroom gaps ask`. This is told for a day, the list"
                " keeps it."
            ),
        ),
    ),
    "clocks_not_judged": words_of(
        ("设备时钟慢，限值未判断", "Clocks are so slow that limits are not judged"),
        (
            "{count} 台设备的时钟慢 10 分钟以上：读数到达时已过时，限值和模型都不判断，这些设备没有报警。",
            (
                "Devices whose clock is more than 10 minutes behind: {count}. Their readings are late when they come,"
                " so neither limits nor models judge them: these machines have no working alarms."
            ),
        ),
        LocalName(
            "读数没有丢失，按设备的时间存储；但期间的报警不会补报。",
            "No reading is lost, they are stored under the device's time. Alarms of that time are not made up for.",
        ),
        (
            "校准设备时钟（NTP、时区：时间戳为 UTC）。设备见报警列表和工单，或用 `plantroom clocks list --wrong`。",
            (
                "Set the devices' clocks (NTP; the time zone: stamps are UTC). The alarm list and the tickets name the"
                " devices, so does `plantroom clocks list --wrong`."
            ),
        ),
    ),
    "clocks_refused": words_of(
        ("消息因设备时间被拒收", "Messages are refused for their times"),
        (
            "{count} 台设备的时间快 5 分钟以上、早于 2000 年或早于读数保留期限：这些消息被拒收，无其他数据则无报警。",
            (
                "Devices whose times are more than 5 minutes ahead, before 2000, or older than readings are kept:"
                " {count}. Messages with such times are refused: a machine of which nothing else comes does not alarm."
            ),
        ),
        KEPT,
        (
            (
                "校准设备时钟（NTP、时区：时间戳为 UTC）；原因中写明像其他单位的，改正时间单位；反复发送上次变化的，"
                "改发当前时间。时钟快的设备，保留的消息到时可以重放；过早的时间和单位错误无法靠重放修复。"
                "设备见报警列表和工单，或用 `plantroom clocks list --wrong` 查看。"
            ),
            (
                "Set the clocks (NTP; stamps are UTC); where the reason says another unit, correct that; a last change"
                " sent again needs the time of sending. What came of fast clocks can be replayed; times too old and in"
                " other units cannot. Devices: the alarm list, the tickets, `plantroom clocks list --wrong`."
            ),
        ),
    ),
    "spool_damaged": words_of(
        ("缓存中有损坏的记录", "Records of the buffer are damaged"),
        (
            "{count} 条已确认的记录无法读取，已跳过。",
            "{count} acknowledged records cannot be read and were passed over.",
        ),
        LocalName(
            "这些记录已丢失（磁盘故障）；设备有缓存时可以要求重发。",
            "These are lost (the disk's fault); devices that keep what they sent can deliver them again.",
        ),
        (
            "检查采集器的磁盘（SMART、文件系统），必要时更换；损坏的位置见采集器日志 spool_records_damaged。",
            (
                "Check the collector's disk (SMART, file system) and replace it if need be; the places are in its log,"
                " spool_records_damaged."
            ),
        ),
    ),
    "letters_kept": words_of(
        ("有保留的消息等待处理", "Kept messages wait for a decision"),
        ("{count} 条消息未能使用，近 {span}没有新增。", "{count} could not be used; none came in the last {span}."),
        KEPT,
        (
            "看原因：已消除的重放，不需要的丢弃。",
            "Look at the reasons: replay what is mended, discard what nobody needs.",
        ),
    ),
}
