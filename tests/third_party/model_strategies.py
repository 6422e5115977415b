"""Strategies for all documents that IBM's models accept, from the models' own fields."""

from __future__ import annotations

import base64
import io
import json
import types
import typing
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from ibm_quantum_schemas.common import TensorModel  # type: ignore[import-untyped]
from pydantic import BaseModel
from qiskit import QuantumCircuit, qpy
from typing_extensions import TypeAliasType

from ..results.documents import CompressedTensorModel, F64TensorModel, packed

__all__ = ["LATER", "accepted", "documents"]

LATER = "from a later version"
"""A member that no model has."""

Document = st.SearchStrategy[Any]

FLOATS = st.floats(allow_nan=True, allow_infinity=True, width=64)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1))
SHAPES = hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3)
WRITTEN = {"f64": "f8", "bool": "b1", "u8": "u1", "c128": "c16"}
FURTHER = {
    "f16": "f2",
    "f32": "f4",
    "c64": "c8",
    **{f"{kind}{8 * n}": f"{kind}{n}" for kind in "iu" for n in (1, 2, 4, 8)},
}


def documents(model: type[BaseModel]) -> Document:
    """Documents that the model accepts, as the service writes them; objects may have members that the model lacks."""
    return _made(model).map(lambda value: _checked(model, value))


def accepted(model: type[BaseModel]) -> Document:
    """Documents to be sent that the model accepts: of those that fit the types of its fields, and are JSON.

    Models take infinite floats, a request cannot carry them.
    """
    return _made(model).filter(lambda value: _accepts(model, value))


def _accepts(model: type[BaseModel], value: Any) -> bool:
    try:
        model.model_validate(value)
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def _checked(model: type[BaseModel], value: Any) -> Any:
    model.model_validate(value)
    return value


def _made(kind: Any) -> Document:
    origin, arguments = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        special = next((SPECIAL[base.__name__] for base in kind.__mro__ if base.__name__ in SPECIAL), None)
        return _object(kind) if special is None else special(kind)
    if isinstance(kind, TypeAliasType):  # the one tree that contains itself
        return _tree(
            next(one for one in get_args(kind.__value__) if isinstance(one, type) and hasattr(one, "from_numpy"))
        )
    if origin is Annotated:
        return _bounded(arguments[0], arguments[1:])
    if origin in (Union, types.UnionType):
        return st.one_of([_made(one) for one in arguments])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.tuples(*map(_made, arguments)).map(list)
    if origin is dict:
        keys = st.integers(0, 5).map(str) if arguments[0] is int else st.text(max_size=3)
        return st.dictionaries(keys, _made(arguments[1]), max_size=2)
    if origin is not None:  # a list or a sequence
        return st.lists(_made(arguments[0]), max_size=2)
    return PLAIN[kind]


PLAIN: dict[Any, Document] = {
    type(None): st.none(),
    bool: st.booleans(),
    int: st.integers(-(2**40), 2**40),
    float: FLOATS,
    str: st.text(max_size=5),
    dict: st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3) | st.lists(FLOATS), max_size=2),
    datetime: MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC).isoformat()),
}


def _bounded(kind: Any, limits: tuple[Any, ...]) -> Document:
    flat = [part for one in limits for part in (one, *getattr(one, "metadata", ()))]
    found = {
        name: limit for one in flat for name in ("ge", "gt", "le") if (limit := getattr(one, name, None)) is not None
    }
    if not found:
        return _made(kind)
    if kind is int:
        return st.integers(found.get("ge", found.get("gt", -1) + 1), found.get("le", 100))
    return st.floats(found.get("ge", found.get("gt")), found.get("le", 10), exclude_min="gt" in found)


def _object(model: type[BaseModel], **given: Document) -> Document:
    hints = typing.get_type_hints(model, include_extras=True)
    required: dict[str, Document] = {}
    forbidden = model.model_config.get("extra") == "forbid"
    optional = {} if forbidden else {LATER: st.just({"unknown": [1]})}
    for name, field in model.model_fields.items():
        made = given[name] if name in given else _bounded(hints[name], tuple(field.metadata))
        written = field.alias or name
        # The service always writes the marks of types and versions.
        always = field.is_required() or (get_origin(hints[name]) is Literal and len(get_args(hints[name])) == 1)
        (required if always else optional)[written] = made
    return st.fixed_dictionaries(required, optional=optional)


def _arrays(kind: str, shape: Document = SHAPES) -> Document:
    return shape.flatmap(lambda shape: hnp.arrays(kind, shape))


def _tensors(model: Any) -> Document:
    kinds = ["f8"] if issubclass(model, F64TensorModel) else list(WRITTEN.values())
    further = list(FURTHER.values()) if issubclass(model, CompressedTensorModel) else []
    return st.sampled_from(kinds + further).flatmap(_arrays).map(lambda array: model.from_numpy(array).model_dump())


def _tree(tensor: type[TensorModel]) -> Document:
    leaves = st.none() | st.booleans() | st.integers() | FLOATS | st.text(max_size=3) | _tensors(tensor)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
        max_leaves=4,
    )


@st.composite
def _learned(draw: Any, model: type[BaseModel]) -> Any:
    """A result of the noise learner v3: a rate for each generator."""
    qubits = draw(st.integers(1, 3))
    terms = st.lists(st.integers(0, qubits - 1), min_size=1, unique=True).flatmap(
        lambda at: st.tuples(st.text("XYZ", min_size=len(at), max_size=len(at)), st.just(at)).map(list)
    )
    generators = draw(st.lists(st.lists(terms, min_size=1, max_size=2), min_size=1, max_size=3))
    rates = hnp.arrays("f8", len(generators), elements=st.floats(0, 1)).map(
        lambda array: F64TensorModel.from_numpy(array).model_dump()
    )
    given = {
        "generators_sparse": st.just(generators),
        "num_qubits": st.just(qubits),
        "rates": rates,
        "rates_std": rates,
    }
    return draw(_object(model, **given))


@st.composite
def _lindblad_error(draw: Any, model: type[BaseModel]) -> Any:
    labels = draw(st.lists(st.text("IXYZ", min_size=2, max_size=2), min_size=1, max_size=3))
    hints = typing.get_type_hints(model)
    generators = _object(hints["generators"], value_=st.just({"data": labels}))
    return draw(
        _object(model, generators=generators, rates=hnp.arrays("f8", len(labels), elements=st.floats(0, 1)).map(packed))
    )


@st.composite
def _data_bin(draw: Any, model: type[BaseModel]) -> Any:
    shape = draw(SHAPES)
    values = typing.get_type_hints(model)["fields"]
    if get_origin(values) is dict:
        fields = draw(st.dictionaries(st.text(min_size=1, max_size=3), _register(shape), min_size=1, max_size=3))
    else:
        more = st.lists(st.integers(1, 3), max_size=2).map(lambda axes: (*shape, *axes))
        exact = st.just(shape)
        each = {
            name: _arrays("f8", exact if name in ("evs", "stds") else more).map(packed) for name in values.model_fields
        }
        fields = draw(
            st.fixed_dictionaries(
                {"evs": each.pop("evs")}, optional={name: one | st.none() for name, one in each.items()}
            )
        )
    given = {"field_names": list(fields), "field_types": ["text"] * len(fields), "shape": list(shape), "fields": fields}
    return draw(_object(model, **{name: st.just(value) for name, value in given.items()}))


@st.composite
def _register(draw: Any, shape: tuple[int, ...]) -> Any:
    """Bits, or complex numbers of the other measurement types."""
    shots, num_bits = draw(st.integers(1, 4)), draw(st.integers(1, 20))
    if draw(st.booleans()):
        return packed(draw(hnp.arrays("c16", (*shape, shots, num_bits))))
    bits = draw(hnp.arrays(bool, (*shape, shots, num_bits)))
    padding = [(0, 0)] * (bits.ndim - 1) + [(-num_bits % 8, 0)]
    array = np.packbits(np.pad(bits, padding), axis=-1)
    return {"__type__": "BitArray", "__value__": {"array": packed(array), "num_bits": num_bits}}


@st.composite
def _span(draw: Any, model: type[BaseModel], *, twirled: bool) -> Any:
    start, stop = sorted(draw(st.tuples(MOMENTS, MOMENTS)))
    pairs = st.tuples(st.integers(0, 5), st.integers(0, 5))
    shape = draw(st.lists(st.integers(1, 5), min_size=2 if twirled else 1, max_size=3))
    entry = [
        shape,
        *([draw(st.booleans())] if twirled else []),
        *draw(pairs),
        *draw(pairs),
        *([draw(st.integers(1, 9))] if twirled else []),
    ]
    given = {
        "start": _wrapped_time(start),
        "stop": _wrapped_time(stop),
        "data_slices": {str(draw(st.integers(0, 3))): entry},
    }
    return draw(_object(model, **{name: st.just(value) for name, value in given.items()}))


def _wrapped_time(moment: datetime) -> Any:
    return {"__type__": "datetime", "__value__": moment.isoformat()}


@st.composite
def _chunk_part(draw: Any, model: type[BaseModel]) -> Any:
    steps = range(draw(st.integers(0, 3)), draw(st.integers(3, 9)), draw(st.integers(1, 3)))
    given: dict[str, Any] = {"size": len(steps)}
    if "permutation" in model.model_fields:
        given["permutation"] = draw(st.permutations(range(draw(st.integers(0, 3)))))
        given["element_range"] = [steps.start, steps.stop, steps.step]
    return draw(_object(model, **{name: st.just(value) for name, value in given.items()}))


def _layer(model: type[BaseModel]) -> Document:
    """The noise of a layer of two qubits."""
    return _object(model, qubits=st.lists(st.integers(0, 155), min_size=2, max_size=2, unique=True))


def _circuit(model: type[BaseModel]) -> Document:
    circuit = QuantumCircuit(2)
    circuit.cz(0, 1)
    file = io.BytesIO()
    qpy.dump(circuit, file, version=13)
    text = base64.b64encode(zlib.compress(file.getvalue())).decode()
    return st.just({"__type__": "QuantumCircuit", "__value__": text})


# Models whose fields depend on each other, or have an encoding of their own.
SPECIAL: dict[str, Callable[[Any], Document]] = {
    "TensorModel": _tensors,
    "NdarrayWrapperModel": lambda _: _arrays("f8").map(packed),
    "DataBinModel": _data_bin,
    "DoubleSliceSpanModel": lambda model: _span(model, twirled=False),
    "TwirledSliceSpanV2Model": lambda model: _span(model, twirled=True),
    "ChunkPart": _chunk_part,
    "TypedQpyCircuitModel": _circuit,
    "LayerNoiseModel": _layer,
    "LayerNoiseModelMetadataModel": _layer,
    "PauliLindbladErrorModel": _lindblad_error,
    "PauliLindbladErrorMetadataModel": _lindblad_error,
    "NoiseLearnerV3ResultModel": _learned,
}
