"""Every generated model is written as it was read: `Model.from_dict(x).to_dict() == x`."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
import pytest
from dateutil.parser import isoparse
from hypothesis import given

from qiskit_runtime_api import models

from .consumer.made import few, made
from .consumer.models import model_names, model_schemas
from .consumer.samples import Samples
from .consumer.schemas import Schema, Schemas, prepared

EXAMPLES = 2


def moment(text: str) -> Any:
    """Z becomes +00:00, and zeros after the seconds come and go: the moment stays, and so does the offset."""
    read = isoparse(text)
    return read, read.utcoffset()


REWRITTEN: Mapping[type, Callable[[str], Any]] = {datetime.datetime: moment}
"""Types whose values may be written differently than read, and the value that must stay the same."""


def schema_of(name: str) -> Schema:
    """The schema of a model, without null."""
    schema = Schemas(prepared()).resolved(model_schemas()[name])
    return {**{key: said for key, said in schema.items() if key != "nullable"}, "type": "object"}


def trip(name: str, value: Any) -> dict[type, str]:
    """Read and write a value; gives the types of values that were written differently, each with a place."""
    before = copy.deepcopy(value)
    read = getattr(models, name).from_dict(value)
    assert value == before, "reading changed what was read"
    return {type(kept): at for kept, at in changed(read, value, read.to_dict(), name)}


def changed(read: Any, came: Any, written: Any, at: str) -> Iterator[tuple[Any, str]]:
    """The parsed values of each part of `came` that is `written` differently, with its place."""
    if type(came) is type(written) and came == written:
        return
    if isinstance(came, dict) and isinstance(written, dict) and came.keys() == written.keys():
        for key in came:
            yield from changed(part(read, key), came[key], written[key], f"{at}.{key}")
    elif isinstance(came, list) and isinstance(written, list) and len(came) == len(written):
        for index, each in enumerate(came):
            yield from changed(read[index], each, written[index], f"{at}[]")
    else:
        same = REWRITTEN.get(type(read), type)
        assert same(written) == same(came), f"{at}: {came!r} became {written!r}"
        yield read, at


def part(read: Any, key: str) -> Any:
    """The value in a model, or a dict, for a key of the JSON."""
    if not attrs.has(type(read)):
        return read[key]
    own = getattr(read, key, getattr(read, f"{key}_", None))
    return own if own is not None else read.additional_properties.get(key)


def test_every_model_has_its_schema() -> None:
    assert sorted(model_schemas()) == model_names()


@pytest.mark.parametrize("name", model_names())
def test_a_model_is_written_as_it_was_read(name: str) -> None:
    schemas, schema = Schemas(prepared()), schema_of(name)
    for sample in Samples(schemas).each(schema):
        rewritten = trip(name, sample.value)
        assert rewritten.keys() <= REWRITTEN.keys(), (sample.what, rewritten)

    @few(EXAMPLES)
    @given(value=made(schema, schemas))
    def read_and_write(value: Any) -> None:
        rewritten = trip(name, value)
        assert rewritten.keys() <= REWRITTEN.keys(), rewritten

    read_and_write()


def test_only_listed_types_are_written_differently() -> None:
    samples = Samples(Schemas(prepared()))
    assert {kind for name in model_names() for kind in trip(name, samples.whole(schema_of(name)))} == REWRITTEN.keys()
