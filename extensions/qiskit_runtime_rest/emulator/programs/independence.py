"""Circuits taken apart where their qubits never meet, since small circuits are simulated in next to no time.

IBM's newer client-side estimator measures every qubit of the device, whatever the circuit uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from attrs import frozen
from numpy.random import SeedSequence
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import Clbit
from qiskit.primitives.containers import BitArray
from qiskit.primitives.containers.bindings_array import BindingsArray
from rustworkx import PyGraph, connected_components

Bits = dict[str, BitArray]

_REGISTER = "part"
# As many qubits cost no more than one: starting the simulator takes longer than such a simulation.
_ONE_GO_QUBITS = 6


@frozen(kw_only=True)
class Part:
    """What happens on some qubits, as a circuit of the same width with the classical bits they are read into."""

    qubits: list[int]
    circuit: QuantumCircuit
    clbits: Sequence[Clbit]


def independent_parts(circuit: QuantumCircuit) -> list[Part]:
    """The parts of a circuit that share no qubits or classical bits; those that nothing is read from are left out.

    Small parts are put together again. Empty for a circuit in which something depends on classical bits.
    """
    if circuit.has_control_flow_op() or circuit.num_vars or circuit.num_stretches:
        return []
    graph: PyGraph[int, None] = PyGraph(multigraph=False)
    graph.add_nodes_from(range(circuit.num_qubits))
    written: dict[Clbit, int] = {}
    acting = []
    for instruction in circuit.data:
        if instruction.name != "barrier":
            places = [circuit.find_bit(qubit).index for qubit in instruction.qubits]
            places += [written.setdefault(clbit, places[0]) for clbit in instruction.clbits]
            graph.add_edges_from_no_data([(places[0], place) for place in places[1:]])
            acting.append((places[0], instruction))
    groups = _packed([group for group in connected_components(graph) if not group.isdisjoint(written.values())])
    parts = [_part(circuit, group, written) for group in groups]
    part_of = {qubit: part for part in parts for qubit in part.qubits}
    for qubit, instruction in acting:
        if qubit in part_of:
            part_of[qubit].circuit.append(instruction, copy=False)
    return parts


def _packed(groups: Iterable[set[int]]) -> list[set[int]]:
    packed: list[set[int]] = []
    for group in sorted(groups, key=min):
        if packed and len(packed[-1]) + len(group) <= _ONE_GO_QUBITS:
            packed[-1] |= group
        else:
            packed.append(set(group))
    return packed


def _part(circuit: QuantumCircuit, qubits: set[int], written: Mapping[Clbit, int]) -> Part:
    clbits = [clbit for clbit, qubit in written.items() if qubit in qubits]
    empty = QuantumCircuit(circuit.qubits, clbits, ClassicalRegister(bits=clbits, name=_REGISTER))
    return Part(qubits=sorted(qubits), circuit=empty, clbits=clbits)


def run_parts(
    parts: Sequence[Part],
    *,
    whole: QuantumCircuit,
    bindings: BindingsArray,
    shots: int,
    seed: int,
    run: Callable[[Part, BindingsArray, int], Bits],
) -> Bits:
    """Run each part, with its own parameter values and seed, and put the bits into the registers of the whole."""
    found = {register.name: np.zeros((*bindings.shape, shots, register.size), dtype=bool) for register in whole.cregs}
    values = bindings.as_array(whole.parameters)
    column = {parameter: number for number, parameter in enumerate(whole.parameters)}
    for part, own in zip(parts, SeedSequence(seed).generate_state(len(parts)).tolist(), strict=True):
        names = tuple(part.circuit.parameters)
        chosen = BindingsArray({names: values[..., [column[name] for name in names]]}, shape=bindings.shape)
        bits = run(part, chosen, own)[_REGISTER].to_bool_array(order="little")
        for position, clbit in enumerate(part.clbits):
            for register, index in whole.find_bit(clbit).registers:
                found[register.name][..., index] = bits[..., position]
    return {name: BitArray.from_bool_array(array, order="little") for name, array in found.items()}
