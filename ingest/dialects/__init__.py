"""Dialects: one folder each, with its decoder, a README and golden cases in the tests."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ingest.dialects.decoded import Decoder
from ingest.dialects.dialect import Dialect
from ingest.dialects.json.decoder import decode as decode_json

DECODERS: Mapping[str, Decoder] = MappingProxyType({"json": decode_json})
"""Decoders of canonical telemetry topics, by the name that an asset's source in the ledger gives."""


def _json() -> Dialect:
    from ingest.dialects.mapped_json import JsonDialect

    return JsonDialect()


def _senml() -> Dialect:
    from ingest.dialects.senml.decoder import SenmlDialect

    return SenmlDialect()


def _sparkplug_b() -> Dialect:
    from ingest.dialects.sparkplug_b.decoder import SparkplugDialect

    return SparkplugDialect()


def _tasmota() -> Dialect:
    from ingest.dialects.tasmota.decoder import TasmotaDialect

    return TasmotaDialect()


def _zigbee2mqtt() -> Dialect:
    from ingest.dialects.zigbee2mqtt.decoder import Zigbee2MqttDialect

    return Zigbee2MqttDialect()


DIALECTS: Mapping[str, Callable[[], Dialect]] = MappingProxyType(
    {"json": _json, "senml": _senml, "sparkplug_b": _sparkplug_b, "tasmota": _tasmota, "zigbee2mqtt": _zigbee2mqtt}
)
"""Makers of the dialects that topic sources may name. Their libraries load with the first source that needs them."""
