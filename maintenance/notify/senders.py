"""What carries messages: Apprise for what it knows, our own hand for two bots and for signed webhooks.

WeCom's and DingTalk's bots answer 200 to what they refuse, and Apprise takes that for success; so their messages are
posted here, to the address and with the signature that Apprise makes of theirs, and the answer is read. No text that
leaves this module holds an address, a key or a password.
"""

import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from maintenance.notify.channels import Channel, ChannelKind
from maintenance.notify.ports import NotSent, Outgoing, Vault
from plantroom.errors import BadData, FieldProblem, SettingError

TIMEOUT_S = 10.0
"""How long a receiver may take to connect, and to answer."""

_KINDS = {
    "wecombot": ChannelKind.WECOM,
    "dingtalk": ChannelKind.DINGTALK,
    "feishu": ChannelKind.FEISHU,
    "lark": ChannelKind.FEISHU,
    "mailto": ChannelKind.EMAIL,
    "mailtos": ChannelKind.EMAIL,
}
_HOST_IS_PLAIN = frozenset({"mailto", "mailtos", "json", "jsons", "xml", "xmls", "form", "forms", "http", "https"})
"""Of others the place of the host holds the key."""

_LOCAL = frozenset({"dbus", "glib", "gnome", "kde", "qt", "macosx", "windows", "syslog"})
"""What speaks to the screen or the log of the machine it runs on: nobody is there."""


def check_address(url: str, secret: str | None, kind: ChannelKind | None) -> tuple[ChannelKind, str]:
    """The kind of an address, and what may be shown of it. Connects to nothing.

    ``http`` and ``https`` are our own signed webhook, which needs a ``secret``, unless Apprise knows the address as a
    service's (``https://qyapi.weixin.qq.com/...``). Raises ``BadData`` without repeating the address."""
    text = url.strip()
    scheme = text.partition("://")[0].lower() if "://" in text else ""
    if not scheme:
        raise _bad("url", "malformed", "地址应以 scheme:// 开头 / should begin with scheme://, such as wecombot://KEY")
    if scheme in ("http", "https") and _plugin(text) is None:
        return _own(text, scheme, secret, kind)
    if secret is not None:
        raise _bad("secret", "not_used", "只有 webhook 用签名密钥 / only a webhook has a secret")
    if scheme in _LOCAL:
        raise _bad("url", "local_only", f"{scheme}:// 只通知服务器本机 / {scheme}:// reaches this machine only")
    if not _knows(scheme):
        words = f"Apprise 不认识 {scheme}:// / Apprise does not know {scheme}://; see docs/notifications.md"
        raise _bad("url", "unknown_scheme", words)
    if _plugin(text) is None:
        words = f"不是完整的 {scheme}:// 地址 / is not a complete {scheme}:// address"
        raise _bad("url", "malformed", words)
    found = _KINDS.get(_schema_of(text) or scheme, ChannelKind.APPRISE)
    if kind is not None and kind is not found:
        raise _bad("kind", "other_kind", f"地址是 {found.value} / the address is of kind {found.value}")
    host = urlsplit(text).hostname if scheme in _HOST_IS_PLAIN and scheme not in ("http", "https") else None
    return found, f"{scheme}://{host or ''}…"


def _own(text: str, scheme: str, secret: str | None, kind: ChannelKind | None) -> tuple[ChannelKind, str]:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _bad("url", "malformed", "端口应为数字 / the port should be a number") from None
    if not parts.hostname or any(c.isspace() for c in text):
        raise _bad("url", "malformed", "缺少主机名 / needs a host")
    if kind not in (None, ChannelKind.WEBHOOK):
        raise _bad("kind", "other_kind", f"http(s) 地址是 webhook / {scheme} addresses are of kind webhook")
    if secret is None or len(secret) < 16:
        raise _bad("secret", "required", "签名密钥至少16字 / needs a secret of 16 characters or more, to sign with")
    return ChannelKind.WEBHOOK, f"{scheme}://{parts.hostname}{f':{port}' if port else ''}/…"


def _bad(field: str, code: str, message: str) -> BadData:
    return BadData(f"{field}: {message}", [FieldProblem(field, code, message)])


def sealed_address(vault: Vault, url: str, secret: str | None) -> str:
    """An address as it is stored."""
    return vault.seal(json.dumps({"url": url.strip(), "secret": secret}))


class Sender:
    """Carries messages to the receivers of channels (``maintenance.notify.ports.Post``)."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def __call__(self, channel: Channel, message: Outgoing) -> None:
        """Raises ``NotSent``."""
        try:
            address = json.loads(self._vault.open(channel.sealed))
        except SettingError as error:
            raise NotSent(str(error)) from None
        if channel.kind is ChannelKind.WEBHOOK:
            _webhook(address["url"], address["secret"], message)
            return
        plugin = _plugin(address["url"])
        if plugin is None:
            raise NotSent("Apprise does not take this address any more")
        plugin.socket_connect_timeout = plugin.socket_read_timeout = TIMEOUT_S
        if channel.kind in (ChannelKind.WECOM, ChannelKind.DINGTALK):
            _bot(channel.kind, plugin, message)
        else:
            _apprise(plugin, message)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Of a webhook: HMAC-SHA256 (hex) over the timestamp, a full stop and the body (RFC 2104)."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _webhook(url: str, secret: str, message: Outgoing) -> None:
    body = json.dumps(dict(message.payload), ensure_ascii=False, separators=(",", ":")).encode()
    timestamp = str(int(datetime.now(UTC).timestamp()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Plantroom",
        "X-Plantroom-Id": message.id,
        "X-Plantroom-Attempt": str(message.attempt),
        "X-Plantroom-Timestamp": timestamp,
        "X-Plantroom-Signature": f"sha256={signature(secret, timestamp, body)}",
    }
    _post(url, body, headers)


def _bot(kind: ChannelKind, plugin: Any, message: Outgoing) -> None:
    text = {"msgtype": "text", "text": {"content": f"{message.title}\n{message.body}"}}
    params: dict[str, str] = {}
    if kind is ChannelKind.WECOM:
        url = plugin.api_url
    else:
        text["at"] = {"atMobiles": list(plugin.targets), "isAtAll": False}
        url = plugin.notify_url.format(token=plugin.token)
        if plugin.secret:
            # Apprise's is encoded for a URL already, and its own way of sending encodes it once more.
            timestamp, sign = plugin.get_signature()
            params = {"timestamp": timestamp, "sign": unquote(sign)}
    answer = _post(url, json.dumps(text).encode(), {"Content-Type": "application/json"}, params)
    try:
        told = json.loads(answer)
    except ValueError:
        told = {}
    code = told.get("errcode") if isinstance(told, dict) else None
    if code != 0:
        raise NotSent(f"the receiver refused it: {code} {str(told.get('errmsg', ''))[:200]}" if told else "no answer")


def _post(url: str, body: bytes, headers: dict[str, str], params: dict[str, str] | None = None) -> bytes:
    """The answer's first bytes. Follows no redirect: what is signed goes to whom it was meant for."""
    import httpx

    try:
        # Given apart, they would replace what the address has already.
        whole = httpx.URL(url).copy_merge_params(params or {})
        with httpx.stream(
            "POST", whole, content=body, headers=headers, timeout=TIMEOUT_S, follow_redirects=False
        ) as answer:
            if answer.status_code // 100 != 2:
                raise NotSent(f"the receiver answered {answer.status_code}")
            for piece in answer.iter_bytes(64_000):
                return piece
            return b""
    except httpx.TimeoutException:
        raise NotSent(f"the receiver did not answer within {TIMEOUT_S:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotSent(f"the receiver cannot be reached ({type(error).__name__})") from None


def _apprise(plugin: Any, message: Outgoing) -> None:
    import apprise

    kind = apprise.NotifyType.WARNING if message.urgent else apprise.NotifyType.INFO
    with _words_of_apprise() as words:
        try:
            sent = plugin.notify(title=message.title, body=message.body, notify_type=kind)
        except (OSError, TypeError, ValueError) as error:
            raise NotSent(f"Apprise failed ({type(error).__name__})") from None
    if not sent:
        raise NotSent("; ".join(dict.fromkeys(words))[:300] or "the receiver did not take it")


def _plugin(url: str) -> Any:
    import apprise

    return apprise.Apprise.instantiate(url)


def _schema_of(url: str) -> str | None:
    plugin = _plugin(url)
    for one in (plugin.secure_protocol, plugin.protocol) if plugin is not None else ():
        for name in one if isinstance(one, list | tuple) else (one,):
            if name in _KINDS:
                return str(name)
    return None


def _knows(scheme: str) -> bool:
    from apprise import manager_plugins

    plugins: Any = manager_plugins
    return scheme in plugins.NotificationManager()


class _Kept(logging.Filter):
    """Lets nothing that Apprise says out into the logs, where addresses would stand in its words, and keeps the
    warnings of a thread that asks for them: those of sending hold none."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:
        """Never true."""
        said: list[str] | None = getattr(self.asked, "said", None)
        if said is not None and record.levelno >= logging.WARNING:
            said.append(record.getMessage())
        return False


_kept = _Kept()
logging.getLogger("apprise").addFilter(_kept)


@contextmanager
def _words_of_apprise() -> Iterator[list[str]]:
    said: list[str] = []
    _kept.asked.said = said
    try:
        yield said
    finally:
        _kept.asked.said = None
