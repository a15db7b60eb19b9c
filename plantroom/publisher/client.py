"""paho's client, which also says when it has dealt with what came."""

from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode


class Client(mqtt.Client):
    """``turned`` is called in the network thread, at least once a second while the connection stands, and never while
    paho deals with what came: with the broker's word on a connection it sends again what was left, when it has told of
    it (``on_connect``)."""

    def __init__(self, turned: Callable[[], None], *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._turned = turned

    def loop_misc(self) -> MQTTErrorCode:
        """Part of each turn of paho's loop."""
        self._turned()
        return super().loop_misc()
