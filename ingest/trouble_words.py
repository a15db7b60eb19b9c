"""What is said while a collector cannot go on, by the kind of its trouble: what is wrong, what to do.

``waiting`` messages and ``size`` of them on disk are filled in by ``ingest.conditions``.
"""

from collections.abc import Mapping

from ingest.condition_words import WAITS_AT_BROKER, WAITS_ON_DISK, Words, words_of
from plantroom.domain.assets import LocalName
from plantroom.domain.flow import TroubleKind

_WHILE_BROKER_IS_AWAY = LocalName(
    "已到达代理的消息不会丢失，由它排队保存；代理本身停机时，没有缓存的设备会丢失这段时间的数据。",
    "What reached the broker is safe, it queues it. While the broker itself is down, devices that keep nothing"
    " themselves lose what they send.",
)
_READINGS_FINE = LocalName(
    "读数没有丢失，照常存储；受影响的只是由此得出的报警或评分。",
    "No reading is lost, they are stored as usual; only alarms or scores drawn from them are concerned.",
)
_WAITING = ("有 {waiting} 条消息（{size}）在等待。", "{waiting} messages ({size}) are waiting.")
_NOT_JUDGED = (
    "有 {waiting} 条消息（{size}）在等待。在此期间不判断限值报警、模型和在线状态；安全事件照常通报。",
    "{waiting} messages ({size}) are waiting. Meanwhile no limit, model or presence is judged; safety events are told.",
)

TROUBLES: Mapping[TroubleKind, Words] = {
    TroubleKind.STORE_AWAY: words_of(
        ("读数数据库无应答", "The readings store does not answer"),
        _NOT_JUDGED,
        WAITS_ON_DISK,
        (
            "启动读数数据库（InfluxDB），检查网络；地址不对则修改 PLANTROOM_READINGS_URL。",
            "Start the readings store (InfluxDB), look at the network, or mend PLANTROOM_READINGS_URL.",
        ),
    ),
    TroubleKind.STORE_UNAUTHORISED: words_of(
        ("读数数据库拒绝我们的令牌", "The readings store refuses our token"),
        _NOT_JUDGED,
        WAITS_ON_DISK,
        (
            "在 InfluxDB 中检查令牌是否有效、能否读写该存储桶，再更新 PLANTROOM_READINGS_URL 并重启采集器。",
            (
                "See in InfluxDB whether the token is valid and may read and write the bucket; then put it into"
                " PLANTROOM_READINGS_URL and restart the collector."
            ),
        ),
    ),
    TroubleKind.STORE_MISSING: words_of(
        ("读数数据库中没有该组织或存储桶", "The readings store lacks the organisation or bucket"),
        _NOT_JUDGED,
        WAITS_ON_DISK,
        (
            "在 InfluxDB 中重新建立同名存储桶，或修改 PLANTROOM_READINGS_URL 并重启采集器。",
            "Make a bucket of that name in InfluxDB again, or mend PLANTROOM_READINGS_URL and restart the collector.",
        ),
    ),
    TroubleKind.STORE_FULL: words_of(
        ("读数数据库磁盘已满", "The readings store's disk is full"),
        _NOT_JUDGED,
        WAITS_ON_DISK,
        (
            "在数据库所在磁盘上腾出空间，或缩短保留期限（PLANTROOM_RETENTION_RAW_DAYS）。",
            "Make room on the store's disk, or keep readings for fewer days (PLANTROOM_RETENTION_RAW_DAYS).",
        ),
    ),
    TroubleKind.LEDGER_AWAY: words_of(
        ("台账数据库无应答", "The ledger's database does not answer"),
        _WAITING,
        WAITS_ON_DISK,
        (
            "启动台账数据库（PostgreSQL），检查网络；地址不对则修改 PLANTROOM_LEDGER_URL。",
            (
                "Start the ledger's database (PostgreSQL) and look at the network; if its address is wrong, mend"
                " PLANTROOM_LEDGER_URL."
            ),
        ),
    ),
    TroubleKind.LEDGER_FULL: words_of(
        ("台账数据库磁盘已满", "The ledger's disk is full"),
        _WAITING,
        WAITS_ON_DISK,
        ("在台账数据库所在磁盘上腾出空间。", "Make room on the disk of the ledger's database."),
    ),
    TroubleKind.BROKER_AWAY: words_of(
        ("消息代理无法连接", "The broker cannot be reached"),
        ("收不到该站点的任何数据和报警。", "No data and no alarms of the site come in."),
        _WHILE_BROKER_IS_AWAY,
        (
            "启动消息代理（MQTT），检查采集器到它的网络；地址不对则修改 PLANTROOM_BROKER_URL。",
            (
                "Start the broker (MQTT) and look at the network between it and the collector; if its address is wrong,"
                " mend PLANTROOM_BROKER_URL."
            ),
        ),
    ),
    TroubleKind.BROKER_REFUSES: words_of(
        ("消息代理拒绝我们的账号", "The broker refuses our credentials"),
        ("收不到该站点的任何数据和报警。", "No data and no alarms of the site come in."),
        WAITS_AT_BROKER,
        (
            "检查 PLANTROOM_BROKER_URL 中的账号和密码，或用 plantroom broker config 重新生成代理配置。",
            (
                "Check user and password in PLANTROOM_BROKER_URL, or write the broker's files again with"
                " `plantroom broker config`."
            ),
        ),
    ),
    TroubleKind.BROKER_REFUSES_TOPICS: words_of(
        ("消息代理不允许订阅", "The broker refuses a subscription"),
        ("部分主题的消息收不到。", "Messages of some topics do not come in."),
        LocalName(
            "订阅恢复之前，代理服务器不为我们保存这些主题的消息：设备没有自己的缓存时会丢失。",
            "Until it is granted the broker keeps nothing of these topics for us: what devices do not keep"
            " themselves is lost.",
        ),
        (
            "在代理的访问控制（ACL）中允许该账号读取这些主题；用 plantroom broker config 可重新生成。",
            "Let the account read these topics in the broker's access list; `plantroom broker config` writes it again.",
        ),
    ),
    TroubleKind.CLIENT_ID_SHARED: words_of(
        ("另有客户端占用我们的客户端标识", "Another client uses our client id"),
        ("到消息代理的连接一再很快断开。", "Connections to the broker end soon, again and again."),
        LocalName(
            "另一个客户端接走的消息不会到这里；其余的消息仍在代理中排队。",
            "What the other client takes does not come here; the rest waits at the broker.",
        ),
        (
            "查看是否有第二套系统以同一站点代码连接该代理：停用其一或更改站点代码；否则检查代理和网络。",
            (
                "See whether a second installation uses this broker with the same site code: end one, or give its site"
                " another code. Otherwise look at the broker and the network."
            ),
        ),
    ),
    TroubleKind.SPOOL_FULL: words_of(
        ("采集器磁盘已满", "The collector's disk is full"),
        (
            "不再确认新消息；已确认、等待处理的有 {waiting} 条。",
            "New messages are not acknowledged. Waiting of those that were: {waiting}.",
        ),
        WAITS_AT_BROKER,
        (
            "在采集器的数据目录所在磁盘上腾出空间，或将目录移到更大的磁盘；无需重启。",
            (
                "Make room on the disk of the collector's data folder, or move the folder to a larger one. Room is"
                " noticed without a restart."
            ),
        ),
    ),
    TroubleKind.SPOOL_UNUSABLE: words_of(
        ("采集器无法写入缓存目录", "The collector cannot use its buffer on disk"),
        ("不再确认新消息。", "New messages are not acknowledged."),
        WAITS_AT_BROKER,
        (
            "检查采集器数据目录下 spool 文件夹的权限和磁盘状态。",
            "Look at the permissions of the folder `spool` in the collector's data folder, and at the disk's health.",
        ),
    ),
    TroubleKind.STAGE_FAILING: words_of(
        ("报警或模型计算出错", "Alarms or models fail at some messages"),
        ("部分消息没有得到判断。", "Some messages are not judged."),
        _READINGS_FINE,
        (
            "查看采集器日志中的 stage_failed 并反馈给开发人员；计算会自动恢复。",
            "Look for stage_failed in the collector's log and tell the developers; it goes on by itself.",
        ),
    ),
    TroubleKind.INTERNAL: words_of(
        ("采集器内部错误，正在重试", "An internal error in the collector; it tries again"),
        _WAITING,
        WAITS_ON_DISK,
        (
            "查看采集器日志并反馈给开发人员；若长时间不恢复，重启采集器。",
            "Look at the collector's log and tell the developers; if it does not pass, restart the collector.",
        ),
    ),
}
