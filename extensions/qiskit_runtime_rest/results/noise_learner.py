"""Noise learner results: Pauli-Lindblad error channels of layers of gates."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import field, fields, frozen

from .arrays import Array
from .checks import Malformed, expect, member
from .optional import qiskit_module
from .packed_arrays import read_tensor
from .result_item import ResultItem, to_plain
from .wrapped_values import Encoded, unwrap

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LayerNoise", "LearnedNoise", "PauliLindbladError", "layer_noise", "learned_noise"]


@frozen
class PauliLindbladError:
    """An error channel exp(sum of rate times dissipator of its generator).

    Args:
        generators: one Pauli label per term; qubit 0 is the rightmost letter.
        rates: one dimensionless rate per generator.
    """

    generators: tuple[str, ...] = field()
    rates: tuple[float, ...] = field()

    def __attrs_post_init__(self) -> None:
        """Check that there is a rate for each generator."""
        if len(self.generators) != len(self.rates):
            raise Malformed(f"{len(self.generators)} generators with {len(self.rates)} rates")


@frozen(repr=False)
class LayerNoise(ResultItem):
    """The noise of one layer, from the noise learner (v2).

    Args:
        circuit: the encoded layer; `circuit.to_qiskit()` decodes it, and needs Qiskit.
        qubits: the physical qubit of each of the circuit's qubits.
        error: the error channel; None if it is unknown or was switched off.
    """

    what: ClassVar[str] = "a noise learner's layer"
    offers: ClassVar[str] = "circuit, qubits, error"

    circuit: Encoded = field(kw_only=True)
    qubits: tuple[int, ...] = field(kw_only=True)
    error: PauliLindbladError | None = field(kw_only=True)
    metadata: Mapping[str, Any] = field(kw_only=True, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain Python; the circuit stays encoded."""
        return {
            "circuit": to_plain(self.circuit.value),
            "qubits": list(self.qubits),
            "error": None if self.error is None else to_plain(self.error),
        }

    def to_qiskit(self) -> Any:
        """The `LayerError` of qiskit-ibm-runtime; needs Qiskit and qiskit-ibm-runtime."""
        learner = qiskit_module("qiskit_ibm_runtime.results.noise_learner")
        error = None
        if self.error is not None:
            generators = qiskit_module("qiskit.quantum_info").PauliList(list(self.error.generators))
            error = learner.PauliLindbladError(generators, list(self.error.rates))
        return learner.LayerError(self.circuit.to_qiskit(), list(self.qubits), error)

    def __repr__(self) -> str:
        """Qubits and number of terms."""
        terms = "no error" if self.error is None else f"{len(self.error.rates)} terms"
        return f"LayerNoise(<{len(self.qubits)} qubits>, {terms})"

    def _repr_html_(self) -> str:
        rows = "" if self.error is None else _rows(zip(self.error.generators, self.error.rates, strict=True))
        return f"<table><caption>{escape(repr(self))}</caption><tr><th>generator</th><th>rate</th></tr>{rows}</table>"


@frozen(repr=False)
class LearnedNoise(ResultItem):
    """The noise of one instruction, from the noise learner v3.

    Args:
        generators: for each rate its Pauli terms, sparse: pairs of letters and the qubits that they act on.
        num_qubits: number of qubits that the generators act on.
        rates: one dimensionless rate per generator.
        rates_std: standard deviations of the rates.
        metadata: `learning_protocol` (`lindblad` or `trex`) and the results of post selection.
    """

    what: ClassVar[str] = "a noise learner's instruction"
    offers: ClassVar[str] = "generators, num_qubits, rates, rates_std, metadata"

    generators: tuple[tuple[tuple[str, tuple[int, ...]], ...], ...] = field(kw_only=True)
    num_qubits: int = field(kw_only=True)
    rates: tuple[float, ...] = field(kw_only=True)
    rates_std: tuple[float, ...] = field(kw_only=True)
    metadata: Mapping[str, Any] = field(kw_only=True, factory=dict)

    def __attrs_post_init__(self) -> None:
        """Check that there is a rate and a deviation for each generator."""
        if not len(self.generators) == len(self.rates) == len(self.rates_std):
            raise Malformed(
                f"{len(self.generators)} generators with {len(self.rates)} rates and {len(self.rates_std)} deviations"
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain Python."""
        return {name: to_plain(getattr(self, name)) for name in (part.name for part in fields(type(self)))}

    def to_numpy(self) -> dict[str, Any]:
        """`rates` and `rates_std` as arrays; needs numpy."""
        return {
            name: Array.of(list(getattr(self, name)), dtype="float64").to_numpy() for name in ("rates", "rates_std")
        }

    def to_qiskit(self) -> Any:
        """Qiskit's `PauliLindbladMap`, with one rate for each term; needs Qiskit."""
        terms = [
            (letters, list(qubits), rate)
            for generator, rate in zip(self.generators, self.rates, strict=True)
            for letters, qubits in generator
        ]
        return qiskit_module("qiskit.quantum_info").PauliLindbladMap.from_sparse_list(terms, num_qubits=self.num_qubits)

    def __repr__(self) -> str:
        """Qubits and number of terms."""
        return f"LearnedNoise(<{self.num_qubits} qubits>, {len(self.rates)} rates)"

    def _repr_html_(self) -> str:
        labels = (" = ".join(f"{letters}{list(qubits)}" for letters, qubits in terms) for terms in self.generators)
        rows = _rows(zip(labels, self.rates, strict=True))
        return f"<table><caption>{escape(repr(self))}</caption><tr><th>generator</th><th>rate</th></tr>{rows}</table>"


def layer_noise(value: Any) -> LayerNoise:
    """Read one layer: a serialised `LayerError`, or the older pair of objects."""
    entry = unwrap(value)
    if isinstance(entry, list) and len(entry) == 2:
        found = {**expect(entry[0], dict, what="a layer"), "error": entry[1]}
    elif isinstance(entry, Encoded) and entry.kind == "LayerError":
        found = expect(entry.value, dict, what="a layer")
    else:
        raise Malformed("an entry of a noise learner result is not a layer")
    circuit = member(found, "circuit", what="a layer")
    if isinstance(circuit, str):
        circuit = Encoded("QuantumCircuit", value=circuit)
    return LayerNoise(
        circuit=expect(circuit, Encoded, what="the circuit of a layer"),
        qubits=tuple(_integers(member(found, "qubits", what="a layer"))),
        error=_error(found.get("error")),
    )


def learned_noise(value: Any) -> LearnedNoise:
    """Read one instruction's noise, schema versions v0.1 to v0.3."""
    generators = expect(member(value, "generators_sparse", what="learned noise"), list, what="generators")
    return LearnedNoise(
        generators=tuple(
            tuple(_term(term) for term in expect(terms, list, what="a generator")) for terms in generators
        ),
        num_qubits=expect(member(value, "num_qubits", what="learned noise"), int, what="num_qubits"),
        rates=read_tensor(member(value, "rates", what="learned noise")).flat(),
        rates_std=read_tensor(member(value, "rates_std", what="learned noise")).flat(),
        metadata=expect(value.get("metadata") or {}, dict, what="metadata of learned noise"),
    )


def _term(value: Any) -> tuple[str, tuple[int, ...]]:
    letters, qubits = expect(value, list, what="a Pauli term")
    return expect(letters, str, what="Pauli letters"), tuple(_integers(qubits))


def _error(value: Any) -> PauliLindbladError | None:
    if value is None:
        return None
    found = expect(value.value if isinstance(value, Encoded) else value, dict, what="an error channel")
    generators = member(found, "generators", what="an error channel")
    rates = member(found, "rates", what="an error channel")
    return PauliLindbladError(
        tuple(expect(label, str, what="a Pauli label") for label in generators),
        tuple(float(rate) for rate in (rates.flat() if isinstance(rates, Array) else rates)),
    )


def _integers(value: Any) -> list[int]:
    listed = list(value.flat()) if isinstance(value, Array) else expect(value, list, what="qubits")
    return [expect(qubit, int, what="a qubit") for qubit in listed]


def _rows(pairs: Any) -> str:
    return "".join(f"<tr><td>{escape(label)}</td><td>{rate:.3g}</td></tr>" for label, rate in pairs)
