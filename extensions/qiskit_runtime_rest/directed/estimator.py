"""The estimator as programs of the executor.

A pub is one item, or one for each noise factor. Behind its circuit, rotations with parameters turn each qubit into the
basis of an observable and flip its outcome: all bases, randomizations and parameter sets are rows of one tensor.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve, field, frozen

from ..errors import InvalidInput
from ..results.arrays import Array
from ..results.directed import ALL_ROWS, broadcast_strides
from .circuit_text import CircuitText, circuit_of, pubs_of
from .observables import Observables, Pauli, commuting_bases, read_observables
from .options import (
    DEFAULT_LEVEL,
    DEFAULT_PRECISION,
    Twirling,
    ZeroNoise,
    calibration_shots,
    executor_options,
    read_options,
    twirling_of,
    zero_noise_of,
)
from .passthrough import Planned, passthrough
from .program import CircuitFormat, Item, program_params
from .rotations import (
    ANGLES,
    FLIPS,
    angle_names,
    balanced_flips,
    basis_change,
    flip,
    flips_array,
    packed,
    seed_of,
)
from .tensors import write_tensor
from .values import Values, broadcast_shape, read_values

__all__ = ["estimator_programs"]


@frozen
class _Pub:
    """A pub as it is measured.

    Args:
        circuit, values, observables: what it consists of.
        shape: the shape of its result.
        qubits: those that are measured.
        bases: the letters of each basis, by position in `qubits`.
        rows: the parameter set and the basis of each row, by basis.
    """

    circuit: CircuitText = field()
    values: Values = field()
    observables: Observables = field()
    shape: tuple[int, ...] = field()
    qubits: Sequence[int] = field()
    bases: Sequence[str] = field()
    rows: Sequence[tuple[int, int]] = field()

    def labels(self) -> list[dict[str, float]]:
        """The observables by the letters of their strings on the measured qubits."""
        place = {qubit: index for index, qubit in enumerate(self.qubits)}
        return [
            {_label(pauli, place): coefficient for pauli, coefficient in one.items()} for one in self.observables.sums
        ]


def estimator_programs(params: Mapping[str, Any], *, circuits: CircuitFormat = "openqasm3") -> list[Planned]:
    """Programs that do what the params of the program `estimator` say; one for each precision.

    Raises:
        InvalidInput: they cannot be followed without the service's own program.
        MissingExtra: circuits are to be folded, and the parser of OpenQASM is not installed.
    """
    options = read_options(params)
    level = params.get("resilience_level", DEFAULT_LEVEL)
    mitigated = bool(options.get("resilience.measure_mitigation", level >= 1))
    twirling = twirling_of(options, enabled=mitigated)
    if mitigated and not twirling.enabled:
        raise InvalidInput(
            "twirling.enable_measure=False: the mitigation of readout errors needs twirled measurements."
        )
    zero_noise = zero_noise_of(options, enabled=level >= 2)
    seed = seed_of(params, options.get("seed_estimator"))
    read = []
    for position, pub in enumerate(pubs_of(params)):
        try:
            read.append(_read(pub))
        except InvalidInput as error:
            raise InvalidInput(f"pub {position}: {error}") from None
    planned = []
    for precision, positions in _by_precision(params, options, twirling).items():
        randomizations, shots = twirling.split(math.ceil(round(1 / precision**2, 6)))
        chance = random.Random(seed)
        items: list[Item] = []
        described = []
        for position in positions:
            pub = read[position]
            chosen = chance.getrandbits(63)
            flips, repetitions = (
                balanced_flips(randomizations, len(pub.qubits), seed=chosen) if twirling.enabled else ([0], 1)
            )
            turned = _turned(pub, flips, repetitions, twirled=twirling.enabled) if pub.rows else None
            try:
                own, factors = _amplified(turned, zero_noise, seed=chance.getrandbits(63))
            except InvalidInput as error:
                raise InvalidInput(f"pub {position}: {error}") from None
            described.append(
                {
                    **_described(pub, flips, first=len(items), number=len(own)),
                    "noise_factors": factors,
                    "metadata": {
                        "shots": randomizations * shots,
                        "target_precision": precision,
                        "circuit_metadata": {},
                        "resilience": _resilience(zero_noise),
                        "num_randomizations": randomizations,
                    },
                }
            )
            items += own
        calibration = None
        qubits = sorted({qubit for position in positions for qubit in read[position].qubits})
        if mitigated and qubits:
            number = math.ceil(calibration_shots(options, randomizations=randomizations, shots=shots) / shots)
            flips, repetitions = balanced_flips(number, len(qubits), seed=chance.getrandbits(63))
            calibration = {
                "item": len(items),
                "register": REGISTER,
                "qubits": qubits,
                "flips": _flips(flips, len(qubits)),
            }
            items.append(_calibration(qubits, flips, repetitions))
        settings = {
            "positions": positions,
            "pubs": described,
            "calibration": calibration,
            "zero_noise": None if zero_noise is None else _zero_noise(zero_noise),
            "metadata": {
                "twirling": {"enable_gates": False, "enable_measure": twirling.enabled},
                "resilience": {
                    "measure_mitigation": mitigated,
                    "zne_mitigation": zero_noise is not None,
                    "pec_mitigation": False,
                },
            },
        }
        program = program_params(
            items or [_anything()],
            shots=shots,
            options=executor_options({name: value for name, value in options.items() if name != "execution.meas_type"}),
            passthrough_data=passthrough("estimator", settings),
            circuits=circuits,
        )
        planned.append(Planned(program, tuple(positions)))
    return planned


def _by_precision(params: Mapping[str, Any], options: Mapping[str, Any], twirling: Twirling) -> dict[float, list[int]]:
    """The pubs of each precision."""
    shots = twirling.product or options.get("default_shots")
    default = (
        params.get("precision")
        or (1 / math.sqrt(shots) if shots else None)
        or options.get("default_precision")
        or DEFAULT_PRECISION
    )
    groups: dict[float, list[int]] = {}
    for position, pub in enumerate(pubs_of(params)):
        groups.setdefault((pub[3:] and pub[3]) or default, []).append(position)
    return groups


def _read(pub: Sequence[Any]) -> _Pub:
    whole = circuit_of(pub)
    circuit = CircuitText(whole.without_final_measurements())
    values = read_values(pub[2] if len(pub) > 2 else None, circuit, order=sorted(circuit.used_inputs))
    observables = read_observables(pub[1], qubits=None if circuit.qubits is None else len(circuit.qubits))
    shape = broadcast_shape(observables.shape, values.shape, what="observables and parameter values")
    which = zip(broadcast_strides(observables.shape, to=shape), broadcast_strides(values.shape, to=shape), strict=True)
    wanted: dict[int, set[int]] = {}
    for observable, parameters in which:
        wanted.setdefault(parameters, set()).add(observable)
    qubits = observables.qubits
    place = {qubit: index for index, qubit in enumerate(qubits)}
    bases: dict[str, int] = {}
    rows = []
    chosen: dict[frozenset[int], list[str]] = {}
    for parameters, some in wanted.items():
        key = frozenset(some)
        if key not in chosen:
            paulis = {pauli for index in some for pauli in observables.sums[index]}
            chosen[key] = [_basis(basis, place) for basis in commuting_bases(paulis)]
        rows += [(parameters, bases.setdefault(basis, len(bases))) for basis in chosen[key]]
    rows.sort(key=lambda row: (row[1], row[0]))
    return _Pub(circuit, values, observables, shape, qubits, list(bases), rows)


def _label(pauli: Pauli, place: Mapping[int, int]) -> str:
    letters = ["I"] * len(place)
    for qubit, letter in pauli:
        letters[place[qubit]] = letter
    return "".join(letters)


def _basis(basis: Mapping[int, str], place: Mapping[int, int]) -> str:
    return "".join(basis.get(qubit, "Z") for qubit in place)


def _turned(pub: _Pub, flips: Sequence[int], repetitions: int, *, twirled: bool) -> Item:
    """The item of a pub: its circuit with turns and flips before the measurements."""
    turned = [place for place in range(len(pub.qubits)) if twirled or any(basis[place] != "Z" for basis in pub.bases)]
    names = angle_names(pub.circuit, len(turned))
    operands = [pub.circuit.operand(qubit) for qubit in pub.qubits]
    changes = [basis_change(operands[place], name) for place, name in zip(turned, names, strict=True)]
    lines = [*changes, *_measured(operands, pub.circuit.free_name(REGISTER))]
    turns = [
        [packed([ANGLES[basis[place], bool(number >> place & 1)] for place in turned]) for number in flips]
        for basis in pub.bases
    ]
    # The randomizations of a row follow each other: so the tensor is smallest when it is compressed.
    rows = [pub.values.rows[parameters] + turn for parameters, basis in pub.rows for turn in turns[basis]]
    text = pub.circuit.with_parts(inputs=names, appended="\n".join(lines))
    return Item(text, rows=rows, shape=(len(rows),), repetitions=repetitions)


def _amplified(item: Item | None, zero_noise: ZeroNoise | None, *, seed: int) -> tuple[list[Item], list[float]]:
    """The item, or one for each noise factor, and these; none if nothing is to be measured."""
    if zero_noise is None:
        return [] if item is None else [item], []
    if item is None:
        return [], list(zero_noise.factors)
    texts, factors = _folded(item.text, zero_noise, seed=seed)
    return [evolve(item, text=text) for text in texts], factors


REGISTER = "observed"


def _measured(operands: Sequence[str], register: str) -> list[str]:
    return [
        f"barrier {', '.join(operands)};",
        f"bit[{len(operands)}] {register};",
        *(f"{register}[{index}] = measure {operand};" for index, operand in enumerate(operands)),
    ]


def _folded(text: str, zero_noise: ZeroNoise, *, seed: int) -> tuple[list[str], list[float]]:
    """The circuit for each noise factor, and the factors that folding reaches."""
    from .folding import folded

    pairs = [folded(text, factor=factor, amplifier=zero_noise.amplifier, seed=seed) for factor in zero_noise.factors]
    factors = [factor for _, factor in pairs]
    if len(set(factors)) < len(set(zero_noise.factors)):
        raise InvalidInput(
            f"resilience.zne.noise_factors={list(zero_noise.factors)}: the circuit has too few two-qubit gates for "
            f"them; folding reaches {', '.join(f'{factor:g}' for factor in factors)}."
        )
    return [folded_text for folded_text, _ in pairs], factors


def _calibration(qubits: Sequence[int], flips: Sequence[int], repetitions: int) -> Item:
    """The item that measures readout errors: no gates but the flips."""
    head = CircuitText('OPENQASM 3.0;\ninclude "stdgates.inc";')
    names = angle_names(head, len(qubits))
    operands = [f"${qubit}" for qubit in qubits]
    lines = [
        *(flip(operand, name) for operand, name in zip(operands, names, strict=True)),
        *_measured(operands, REGISTER),
    ]
    rows = [packed([FLIPS[bool(number >> bit & 1)] for bit in range(len(qubits))]) for number in flips]
    text = head.with_parts(inputs=names, appended="\n".join(lines))
    return Item(text, rows=rows, shape=(len(flips),), repetitions=repetitions)


def _anything() -> Item:
    """An item for a job that has nothing to measure: a program needs one."""
    return Item("OPENQASM 3.0;\nbit[1] observed;\nobserved[0] = measure $0;", rows=[b""], shape=(1,))


def _described(pub: _Pub, flips: Sequence[int], *, first: int, number: int) -> dict[str, Any]:
    every = [(parameters, basis) for basis in range(len(pub.bases)) for parameters in range(len(pub.values.rows))]
    rows = ALL_ROWS if pub.rows == every else write_tensor(Array.of([list(row) for row in pub.rows], dtype="int32"))
    return {
        "items": list(range(first, first + number)),
        "register": pub.circuit.free_name(REGISTER),
        "shape": list(pub.shape),
        "parameters_shape": list(pub.values.shape),
        "observables_shape": list(pub.observables.shape),
        "observables": pub.labels(),
        "qubits": list(pub.qubits),
        "bases": list(pub.bases),
        "rows": rows if pub.rows else None,
        "flips": _flips(flips, len(pub.qubits)) if number else None,
    }


def _flips(flips: Sequence[int], bits: int) -> dict[str, Any]:
    return write_tensor(flips_array(flips, bits))


def _zero_noise(zero_noise: ZeroNoise) -> dict[str, Any]:
    return {
        "noise_factors": list(zero_noise.factors),
        "extrapolator": list(zero_noise.extrapolators),
        "extrapolated_noise_factors": list(zero_noise.points),
    }


def _resilience(zero_noise: ZeroNoise | None) -> dict[str, Any]:
    return {} if zero_noise is None else {"zne": _zero_noise(zero_noise)}
