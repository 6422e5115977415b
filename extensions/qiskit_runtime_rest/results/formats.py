"""All formats of results: how to recognise each, and which reader of another module reads it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve, field, frozen

from .checks import Malformed, expect, member
from .counted import counted_pub, has_counts
from .directed import EstimatorReader, places_of, read_sampler_pub, settings_of
from .executor import SAMPLER_ROLES, ExecutorItem, executor_item, executor_metadata, sampler_pub_of, utc_time
from .noise_learner import layer_noise, learned_noise
from .packed_arrays import is_compressed, replace_tensors
from .primitives import (
    plain_estimator_pub,
    plain_sampler_pub,
    quasi_distribution,
    v1_estimate,
    v1_pairs,
    wrapped_estimator_pub,
    wrapped_sampler_pub,
)
from .wrapped_values import is_wrapped, unwrap, value_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .result_item import ResultItem

__all__ = ["COUNTS", "DECODED_PROGRAMS", "Format", "recognise"]

DECODED_PROGRAMS: Final = frozenset(
    {"sampler", "estimator", "executor", "noise-learner", "noise-learner-v3", "calibrate"}
)
"""Programs whose results have a known format. Another format, or text, is an error for them."""

COUNTS: Final = "counts"
"""In place of a program: read counts as a result. Jobs of the circuit runners have theirs as JSON."""

_PUBS: Final = ("SamplerPubResult", "PubResult", "EstimatorPubResult")


@frozen
class Format:
    """How to read a document.

    Args:
        kind: `sampler`, `estimator`, `executor`, `noise-learner`, `noise-learner-v3`, `calibrate`,
            `quasi-distributions`, `values`, `text` or `json`.
        items: the encoded items.
        read_item: reads one of `items` at its position.
        read_metadata: reads the metadata of the whole result.
        passthrough: reads the data that the submitter of an executor job attached to it.
        runtime_decoder: the program whose decoders in qiskit-ibm-runtime build Qiskit's objects from these bytes;
            None if this package builds them itself.
    """

    kind: str = field()
    items: list[Any] = field(kw_only=True, factory=list)
    read_item: Callable[[Any, int], ResultItem] = field(kw_only=True)
    read_metadata: Callable[[], Any] = field(kw_only=True)
    passthrough: Callable[[], Any] = field(kw_only=True, default=lambda: None)
    runtime_decoder: str | None = field(kw_only=True, default=None)


def recognise(document: Any, *, program_id: str | None) -> Format | None:
    """The format of a JSON document; None if it is unknown.

    Raises:
        Malformed: the format is known, and a part of the document is missing.
    """
    for recognised in _FORMATS:
        if (found := recognised(document, program_id)) is not None:
            return found
    return None


def _wrapped_primitive(document: Any, program_id: str | None) -> Format | None:
    """A `PrimitiveResult`, or a part of one, or a list of such parts, that someone wrote with IBM's encoder."""
    if is_wrapped(document, "PrimitiveResult"):
        inside = value_of(document, "PrimitiveResult")
        pubs = expect(member(inside, "pub_results", what="a PrimitiveResult"), list, what="pub_results")
        metadata = inside.get("metadata")
    else:
        parts = document if isinstance(document, list) else [document]
        if not parts or not all(is_wrapped(part, *_PUBS, "DataBin", "BitArray") for part in parts):
            return None
        pubs, metadata = [_wrapped_pub(part) for part in parts], None
    empty = "estimator" if program_id == "estimator" else "sampler"
    kind = _wrapped_kind(pubs[0]) if pubs else empty
    read = wrapped_estimator_pub if kind == "estimator" else wrapped_sampler_pub
    return _pubs(kind, pubs, read, metadata)


def _wrapped_pub(part: Any) -> Any:
    """The pub that has this part. Bits alone get the name of Qiskit's `measure_all`."""
    if is_wrapped(part, "BitArray"):
        part = {"__type__": "DataBin", "__value__": {"fields": {"meas": part}}}
    return {"__type__": "PubResult", "__value__": {"data": part}} if is_wrapped(part, "DataBin") else part


def _plain_primitive(document: Any, program_id: str | None) -> Format | None:
    pubs = document.get("results") if isinstance(document, dict) else None
    if not isinstance(pubs, list) or not all(isinstance(pub, dict) and "data" in pub for pub in pubs):
        return None
    kind = _plain_kind(pubs[0]) if pubs else program_id
    if kind not in ("sampler", "estimator"):
        return None
    read = plain_estimator_pub if kind == "estimator" else plain_sampler_pub
    return _pubs(kind, pubs, read, document.get("metadata"))


def _pubs(kind: str, pubs: list[Any], read: Callable[[Any], ResultItem], metadata: Any) -> Format:
    return Format(kind, items=pubs, read_item=lambda pub, _: read(pub), read_metadata=partial(_metadata, metadata))


def _wrapped_kind(pub: Any) -> str:
    inside = value_of(pub, *_PUBS)
    if pub["__type__"] != "PubResult":
        return "sampler" if pub["__type__"] == "SamplerPubResult" else "estimator"
    data = value_of(member(inside, "data", what="a pub"), "DataBin")
    return "estimator" if "evs" in member(data, "fields", what="a DataBin") else "sampler"


def _plain_kind(pub: Any) -> str | None:
    data = pub["data"]
    if not isinstance(data, dict) or "counts" in data or "memory" in data:
        return None
    return "estimator" if "evs" in data else "sampler"


def _noise_learner(document: Any, program_id: str | None) -> Format | None:
    inside = document
    if is_wrapped(document, "NoiseLearnerResult"):
        inside = value_of(document, "NoiseLearnerResult")
    elif not (program_id == "noise-learner" and isinstance(document, dict) and "schema_version" not in document):
        layers = document.get("data") if isinstance(document, dict) else None
        if not isinstance(layers, list) or not layers or not is_wrapped(layers[0], "_json"):
            return None
    layers = expect(member(inside, "data", what="a noise learner result"), list, what="layers")
    return Format(
        "noise-learner",
        items=layers,
        read_item=lambda layer, _: layer_noise(layer),
        read_metadata=partial(_metadata, inside.get("metadata")),
        runtime_decoder="noise-learner",
    )


def _versioned(document: Any, program_id: str | None) -> Format | None:
    if not isinstance(document, dict) or "schema_version" not in document or "data" not in document:
        return None
    version = expect(document["schema_version"], str, what="schema_version")
    items = expect(document["data"], list, what="data")
    learned = any(isinstance(item, dict) and "generators_sparse" in item for item in items)
    if learned or (not items and program_id in ("noise-learner", "noise-learner-v3")):
        return Format(
            "noise-learner-v3",
            items=items,
            read_item=lambda item, _: learned_noise(item),
            read_metadata=partial(_metadata, document.get("metadata")),
            runtime_decoder="noise-learner",
        )
    if items and not all(isinstance(item, dict) and "results" in item for item in items):
        return None
    return _executor(document, items, compressed=is_compressed(version))


def _executor(document: dict[str, Any], items: list[Any], *, compressed: bool) -> Format:
    def passthrough() -> Any:
        return replace_tensors(document.get("passthrough_data"), compressed=compressed)

    def read_metadata() -> Any:
        return executor_metadata(document.get("metadata"))

    def read_item(item: Any, _: int) -> ResultItem:
        return executor_item(item, compressed=compressed)

    executed = Format(
        "executor",
        items=items,
        read_item=read_item,
        read_metadata=read_metadata,
        passthrough=passthrough,
        runtime_decoder="executor",
    )
    if document.get("semantic_role") in SAMPLER_ROLES:
        return _client_side_sampler(document, executed)
    settings = settings_of(document.get("passthrough_data"))
    return executed if settings is None else _directed(settings, executed)


def _directed(settings: dict[str, Any], executed: Format) -> Format:
    """A sampler or an estimator that this package ran as a program of the executor."""

    def item(position: int) -> ExecutorItem:
        return expect(executed.read_item(executed.items[position], position), ExecutorItem, what="an item")

    def read_pub(_: Any, position: int) -> ResultItem:
        return read_sampler_pub(item(position), settings, position)

    def read_metadata() -> Any:
        return {**settings.get("metadata", {}), "executor": executed.read_metadata(), "version": 2}

    kind = settings["program"]
    return evolve(
        executed,
        kind=kind,
        items=expect(member(settings, "pubs", what="the settings of a job"), list, what="pubs"),
        read_item=read_pub if kind == "sampler" else _estimator(settings, item),
        read_metadata=read_metadata,
        runtime_decoder=None,
    )


def _calibration(document: Any, program_id: str | None) -> Format | None:
    """The result of a calibration: when it ran."""
    if program_id != "calibrate" or not isinstance(document, dict):
        return None
    times = {name: utc_time(member(document, name, what="a calibration")) for name in ("start", "stop")}
    version = document.get("schema_version")
    return Format("calibrate", read_item=_no_item, read_metadata=lambda: {"schema_version": version, **times})


def _no_item(_: Any, position: int) -> ResultItem:
    raise Malformed(f"there is no item {position}")


def _parts(document: Any, _: str | None) -> Format | None:
    """A list of the results of several jobs that this package made of one primitive."""
    if not isinstance(document, list) or not document or not all(isinstance(one, dict) for one in document):
        return None
    settings = [settings_of(one.get("passthrough_data")) for one in document]
    known = [one for one in settings if one is not None]
    if len(known) < len(document):
        return None
    parts = [_executor(one, one["data"], compressed=is_compressed(one["schema_version"])) for one in document]
    places = places_of(known)

    def read_pub(_: Any, position: int) -> ResultItem:
        job, place = places[position]
        return parts[job].read_item(parts[job].items[place], place)

    def read_metadata() -> Any:
        return {**parts[0].read_metadata(), "executor": [part.read_metadata()["executor"] for part in parts]}

    return evolve(
        parts[0],
        items=places,
        read_item=read_pub,
        read_metadata=read_metadata,
        passthrough=lambda: [part.passthrough() for part in parts],
    )


def _estimator(settings: dict[str, Any], item: Callable[[int], ExecutorItem]) -> Callable[[Any, int], ResultItem]:
    reader = EstimatorReader(settings, item)
    return lambda _, position: reader.read(position)


def _client_side_sampler(document: dict[str, Any], executed: Format) -> Format:
    settings = expect(
        member(document.get("passthrough_data"), "post_processor", what="passthrough data of a sampler"),
        dict,
        what="post_processor",
    )

    def read_pub(item: Any, position: int) -> ResultItem:
        item_executed = expect(executed.read_item(item, position), ExecutorItem, what="an item")
        return sampler_pub_of(item_executed, position=position, post_processor=settings)

    def read_metadata() -> Any:
        return {"executor": executed.read_metadata(), **{name: settings.get(name) for name in ("options", "shots")}}

    return evolve(executed, kind="sampler", read_item=read_pub, read_metadata=read_metadata)


def _v1_primitive(document: Any, _: str | None) -> Format | None:
    if not isinstance(document, dict):
        return None
    if "quasi_dists" in document:
        return Format(
            "quasi-distributions",
            items=v1_pairs(document, "quasi_dists"),
            read_item=lambda pair, _: quasi_distribution(pair),
            read_metadata=dict,
        )
    if "values" in document and "metadata" in document:
        return Format(
            "values",
            items=v1_pairs(document, "values"),
            read_item=lambda pair, _: v1_estimate(pair),
            read_metadata=dict,
        )
    return None


def _counted(document: Any, program_id: str | None) -> Format | None:
    """`Result.to_dict()` of Qiskit, and what its encoder writes of a `Result`."""
    inside = value_of(document, "Result") if is_wrapped(document, "Result") else document
    experiments = inside.get("results") if program_id == COUNTS and isinstance(inside, dict) else None
    if not isinstance(experiments, list) or not experiments or not all(map(has_counts, experiments)):
        return None
    about = {name: value for name, value in inside.items() if name != "results"}
    return _pubs("sampler", experiments, counted_pub, about)


def _metadata(value: Any) -> Any:
    found = unwrap(value)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Malformed("the metadata of a result must be an object")
    return found


_FORMATS: Final = (
    _calibration,
    _wrapped_primitive,
    _noise_learner,
    _versioned,
    _parts,
    _plain_primitive,
    _v1_primitive,
    _counted,
)
