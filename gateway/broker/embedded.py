"""amqtt as the trial's broker, in a thread of this process."""

import asyncio
import logging
import threading
from typing import Any

import structlog

from gateway.broker import LOOPBACK, TrialBroker, require_free
from plantroom.errors import Unreachable

log = structlog.get_logger()
START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 3.0


class EmbeddedBroker(TrialBroker):
    """Good for a look around: it forgets queued messages when the process ends."""

    known_as = ""
    note = (
        "amqtt, in this process: messages on their way are lost when it is killed. Install mosquitto for anything"
        " that matters"
    )

    def __init__(self, port: int) -> None:
        self.port = port
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._ready = threading.Event()
        self._problem: str | None = None
        self._thread = threading.Thread(target=self._run, name="amqtt", daemon=True)

    def start(self) -> None:
        """See ``TrialBroker``."""
        require_free(self.port)
        self._thread.start()
        if not self._ready.wait(START_TIMEOUT_S) or self._problem:
            raise Unreachable("embedded broker", self._problem or "did not start in time")

    def keep_alive(self) -> None:
        """See ``TrialBroker``. In this process it ends with us."""

    def stop(self) -> None:
        """See ``TrialBroker``."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(STOP_TIMEOUT_S)

    def _configuration(self) -> dict[str, Any]:
        return {
            "listeners": {"default": {"type": "tcp", "bind": f"{LOOPBACK}:{self.port}", "max_connections": 200}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:  # noqa: BLE001 - outermost frame of the thread; the cause goes to start()
            log.error("embedded_broker_failed", problem=str(error))
            self._problem = str(error)
            self._ready.set()

    async def _serve(self) -> None:
        from amqtt.broker import Broker

        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        broker = Broker(self._configuration())
        await broker.start()
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        await self._stopping.wait()
        await broker.shutdown()
