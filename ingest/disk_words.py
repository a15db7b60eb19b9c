"""What is said of a broker that has forgotten us, and of a disk before it is full."""

from ingest.condition_words import Words, words_of
from plantroom.domain.assets import LocalName

BROKER_FORGOT: Words = words_of(
    ("消息代理丢失了我们的会话", "The broker has lost our session"),
    (
        "重新连接时，消息代理已没有我们的会话；在此之前它有。",
        "When the collector connected, the broker knew nothing of its session. Before, it had one.",
    ),
    LocalName(
        "可能丢失：当时在代理中排队的消息和事件。带编号的会自动要求重发，有缓存的设备能补上；没有编号的无法知道。",
        "Perhaps lost: messages and events that it had queued for us. What publishers number is asked for again, and"
        " those that keep what they sent can still deliver it; of messages without numbers nobody can know.",
    ),
    (
        (
            "查看代理：是否开启持久化（persistence）、队列所在磁盘是否已满（mosquitto.db 为空）、会话是否过期；"
            "并查看现场这段时间是否有报警。代理是有意重装的，则无需处理。提示一天。"
        ),
        (
            "Look at the broker: whether it persists sessions, whether the disk of its queue was full (an empty"
            " mosquitto.db), whether sessions expire. Ask on site whether anything happened meanwhile. Nothing is to"
            " be done where the broker was set up anew on purpose. This is told for a day."
        ),
    ),
)

DISK_LOW: Words = words_of(
    ("采集器磁盘将满", "The collector's disk is nearly full"),
    (
        "数据目录所在磁盘的剩余空间不足 200 MiB。",
        "Less than 200 MiB are free on the disk of the data folder.",
    ),
    LocalName(
        "目前没有丢失。磁盘满后不再确认新消息，由代理排队；试用（plantroom run）时代理的队列也在此磁盘上，"
        "无法保存时，代理一停止就会丢失。",
        "Nothing is lost yet. Once it is full no new message is acknowledged and the broker queues them; in a trial"
        " (`plantroom run`) the broker's queue is on this disk too, and is lost with the broker's end when it cannot"
        " be saved.",
    ),
    (
        "在该磁盘上腾出空间，或将数据目录移到更大的磁盘。",
        "Make room on that disk, or move the data folder to a larger one.",
    ),
)
