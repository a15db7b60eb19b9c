"""Dialects: one folder each, with its decoder, a README and golden cases in the tests."""

from collections.abc import Mapping
from types import MappingProxyType

from ingest.dialects.decoded import Decoder
from ingest.dialects.json.decoder import decode as decode_json

DECODERS: Mapping[str, Decoder] = MappingProxyType({"json": decode_json})
"""Decoders by the name that a source in the ledger gives."""
