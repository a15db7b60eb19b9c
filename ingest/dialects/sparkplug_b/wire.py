"""The Sparkplug B payload, as far as it is read here, for the ``protobuf`` library.

Field numbers and types are those of the Eclipse Sparkplug specification 3.0, section 6.4 (its published protocol
buffer definition). The messages are described here by ourselves instead of being generated, which keeps the version
of a code generator out of the wheel. Text is taken as bytes (the same on the wire), since a device's text that is
not UTF-8 must not cost its numbers; what is rejected anyway (data sets, templates) stays unread bytes.
"""

from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_F = descriptor_pb2.FieldDescriptorProto
_PACKAGE = "plantroom.sparkplug_b"
_ONE_OF = "value"

_METRIC: Mapping[str, tuple[int, int]] = {
    "name": (1, _F.TYPE_BYTES),
    "alias": (2, _F.TYPE_UINT64),
    "timestamp": (3, _F.TYPE_UINT64),
    "datatype": (4, _F.TYPE_UINT32),
    "is_historical": (5, _F.TYPE_BOOL),
    "is_transient": (6, _F.TYPE_BOOL),
    "is_null": (7, _F.TYPE_BOOL),
}
_VALUE: Mapping[str, tuple[int, int]] = {
    "int_value": (10, _F.TYPE_UINT32),
    "long_value": (11, _F.TYPE_UINT64),
    "float_value": (12, _F.TYPE_FLOAT),
    "double_value": (13, _F.TYPE_DOUBLE),
    "boolean_value": (14, _F.TYPE_BOOL),
    "string_value": (15, _F.TYPE_BYTES),
    "bytes_value": (16, _F.TYPE_BYTES),
    "dataset_value": (17, _F.TYPE_BYTES),
    "template_value": (18, _F.TYPE_BYTES),
}
_PROPERTY: Mapping[str, tuple[int, int]] = {
    "is_null": (2, _F.TYPE_BOOL),
    "int_value": (3, _F.TYPE_UINT32),
    "long_value": (4, _F.TYPE_UINT64),
}
"""A metric's property, as far as a quality is one."""

_PAYLOAD: Mapping[str, tuple[int, int]] = {
    "timestamp": (1, _F.TYPE_UINT64),
    "seq": (3, _F.TYPE_UINT64),
    "uuid": (4, _F.TYPE_BYTES),
    "body": (5, _F.TYPE_BYTES),
}


def _payload_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="plantroom/sparkplug_b.proto", package=_PACKAGE, syntax="proto2")
    metric = file.message_type.add(name="Metric")
    metric.oneof_decl.add(name=_ONE_OF)
    for name, (number, kind) in _METRIC.items():
        metric.field.add(name=name, number=number, type=kind, label=_F.LABEL_OPTIONAL)
    for name, (number, kind) in _VALUE.items():
        metric.field.add(name=name, number=number, type=kind, label=_F.LABEL_OPTIONAL, oneof_index=0)
    one = file.message_type.add(name="Property")
    for name, (number, kind) in _PROPERTY.items():
        one.field.add(name=name, number=number, type=kind, label=_F.LABEL_OPTIONAL)
    properties = file.message_type.add(name="Properties")
    properties.field.add(name="keys", number=1, type=_F.TYPE_BYTES, label=_F.LABEL_REPEATED)
    properties.field.add(
        name="values", number=2, type=_F.TYPE_MESSAGE, label=_F.LABEL_REPEATED, type_name=f".{_PACKAGE}.Property"
    )
    metric.field.add(
        name="properties",
        number=9,
        type=_F.TYPE_MESSAGE,
        label=_F.LABEL_OPTIONAL,
        type_name=f".{_PACKAGE}.Properties",
    )
    payload = file.message_type.add(name="Payload")
    for name, (number, kind) in _PAYLOAD.items():
        payload.field.add(name=name, number=number, type=kind, label=_F.LABEL_OPTIONAL)
    payload.field.add(
        name="metrics", number=2, type=_F.TYPE_MESSAGE, label=_F.LABEL_REPEATED, type_name=f".{_PACKAGE}.Metric"
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


Payload = _payload_class()
"""``timestamp, metrics, seq, uuid, body``; a metric: ``name, alias, timestamp, datatype, is_..., properties``
and one value."""

ONE_OF = _ONE_OF
"""The group of a metric's value fields."""

NAMES: Mapping[int, str] = {
    0: "Unknown", 1: "Int8", 2: "Int16", 3: "Int32", 4: "Int64", 5: "UInt8", 6: "UInt16", 7: "UInt32", 8: "UInt64",
    9: "Float", 10: "Double", 11: "Boolean", 12: "String", 13: "DateTime", 14: "Text", 15: "UUID", 16: "DataSet",
    17: "Bytes", 18: "File", 19: "Template", 20: "PropertySet", 21: "PropertySetList",
} | {22 + n: f"{kind}Array" for n, kind in enumerate((
    "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float", "Double", "Boolean", "String",
    "DateTime",
))}  # fmt: skip
"""Data types by their number (section 6.4.16)."""
