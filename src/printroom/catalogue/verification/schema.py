"""The fields of ONNX's messages, as its specification numbers them (IR versions 3 to 13).

Left out on purpose, so that they count as unknown: what trains a model, and what spreads one over
several devices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MODEL = "Model"
_WIRES = {"i": 0, "d": 1, "f": 5}


@dataclass(frozen=True)
class Field:
    """One field of a message."""

    name: str
    wire: int
    """Its type on the wire: 0 a number, 1 eight bytes, 2 bytes, 5 four bytes."""
    often: bool
    """Whether it may come more than once; numbers may then be packed, as bytes."""
    message: str
    """What its bytes are, if they are a message."""
    text: bool
    """Whether its bytes are UTF-8."""


def _fields(text: str) -> Mapping[int, Field]:
    """`number name kind`: i, f, d numbers; s text; b bytes; else a message. `*` = often."""
    found = {}
    for one in text.split(","):
        number, name, kind = one.split()
        plain = kind.rstrip("*")
        wire = _WIRES.get(plain, 2)
        message = "" if plain in ("i", "f", "d", "s", "b") else plain
        found[int(number)] = Field(name, wire, kind != plain, message, plain == "s")
    return found


SCHEMA: Mapping[str, Mapping[int, Field]] = {
    "Model": _fields(
        "1 ir_version i, 2 producer_name s, 3 producer_version s, 4 domain s, 5 model_version i,"
        "6 doc_string s, 7 graph Graph, 8 opset_import Opset*, 14 metadata_props Entry*,"
        "25 functions Function*"
    ),
    "Graph": _fields(
        "1 node Node*, 2 name s, 5 initializer Tensor*, 10 doc_string s, 11 input Info*,"
        "12 output Info*, 13 value_info Info*, 14 quantization_annotation Annotation*,"
        "15 sparse_initializer Sparse*, 16 metadata_props Entry*"
    ),
    "Node": _fields(
        "1 input s*, 2 output s*, 3 name s, 4 op_type s, 5 attribute Attribute*, 6 doc_string s,"
        "7 domain s, 8 overload s, 9 metadata_props Entry*"
    ),
    "Attribute": _fields(
        "1 name s, 2 f f, 3 i i, 4 s b, 5 t Tensor, 6 g Graph, 7 floats f*, 8 ints i*,"
        "9 strings b*, 10 tensors Tensor*, 11 graphs Graph*, 13 doc_string s, 14 tp Type,"
        "15 type_protos Type*, 20 type i, 21 ref_attr_name s, 22 sparse_tensor Sparse,"
        "23 sparse_tensors Sparse*"
    ),
    "Tensor": _fields(
        "1 dims i*, 2 data_type i, 3 segment Segment, 4 float_data f*, 5 int32_data i*,"
        "6 string_data b*, 7 int64_data i*, 8 name s, 9 raw_data b, 10 double_data d*,"
        "11 uint64_data i*, 12 doc_string s, 13 external_data Entry*, 14 data_location i,"
        "16 metadata_props Entry*"
    ),
    "Segment": _fields("1 begin i, 2 end i"),
    "Sparse": _fields("1 values Tensor, 2 indices Tensor, 3 dims i*"),
    "Info": _fields("1 name s, 2 type Type, 3 doc_string s, 4 metadata_props Entry*"),
    "Type": _fields(
        "1 tensor_type TensorType, 4 sequence_type SequenceType, 5 map_type MapType,"
        "6 denotation s, 8 sparse_tensor_type TensorType, 9 optional_type SequenceType"
    ),
    "TensorType": _fields("1 elem_type i, 2 shape Shape"),
    "SequenceType": _fields("1 elem_type Type"),
    "MapType": _fields("1 key_type i, 2 value_type Type"),
    "Shape": _fields("1 dim Dimension*"),
    "Dimension": _fields("1 dim_value i, 2 dim_param s, 3 denotation s"),
    "Opset": _fields("1 domain s, 2 version i"),
    "Entry": _fields("1 key s, 2 value s"),
    "Annotation": _fields("1 tensor_name s, 2 quant_parameter_tensor_names Entry*"),
    "Function": _fields(
        "1 name s, 4 input s*, 5 output s*, 6 attribute s*, 7 node Node*, 8 doc_string s,"
        "9 opset_import Opset*, 10 domain s, 11 attribute_proto Attribute*, 12 value_info Info*,"
        "13 overload s, 14 metadata_props Entry*"
    ),
}
SIZES = {
    1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 14: 8, 15: 16,
    16: 2, 17: 1, 18: 1, 19: 1, 20: 1,
}  # fmt: skip
"""Type of a tensor -> bytes of one number. Texts, and types of half a byte, are not among them."""
EXTERNAL = 1
"""`data_location` of what lies in another file."""
