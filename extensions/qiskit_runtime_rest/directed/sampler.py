"""The sampler as programs of the executor: one item a pub."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import InvalidInput
from .circuit_text import CircuitText, circuit_of, pubs_of
from .options import DEFAULT_SHOTS, Twirling, executor_options, read_options, twirling_of
from .passthrough import Planned, passthrough
from .program import CircuitFormat, Item, program_params
from .rotations import FLIPS, angle_names, flip, flips_array, packed, random_flips, seed_of
from .tensors import write_tensor
from .values import read_values

__all__ = ["sampler_programs"]


def sampler_programs(params: Mapping[str, Any], *, circuits: CircuitFormat = "openqasm3") -> list[Planned]:
    """Programs that do what the params of the program `sampler` say; one for each number of shots.

    Raises:
        InvalidInput: they cannot be followed without the service's own program.
    """
    options = read_options(params)
    twirling = twirling_of(options, enabled=False)
    if twirling.enabled and options.get("execution.meas_type", "classified") != "classified":
        raise InvalidInput("twirling.enable_measure: only measurements that are classified can be twirled.")
    default = params.get("shots") or twirling.product or options.get("default_shots") or DEFAULT_SHOTS
    groups: dict[tuple[int, int], list[int]] = {}
    for index, pub in enumerate(pubs_of(params)):
        shots = (pub[2:] and pub[2]) or default
        groups.setdefault(twirling.split(shots), []).append(index)
    seed = seed_of(params, None)
    planned = []
    for (randomizations, shots), positions in groups.items():
        items, described = [], []
        for position in positions:
            pub = pubs_of(params)[position]
            try:
                item, flips = _item(pub, twirling, randomizations, seed=seed + position)
            except InvalidInput as error:
                raise InvalidInput(f"pub {position}: {error}") from None
            items.append(item)
            described.append({"flips": flips})
        settings = {
            "positions": positions,
            "twirling": twirling.enabled,
            "meas_type": options.get("execution.meas_type", "classified"),
            "pubs": described,
        }
        program = program_params(
            items,
            shots=shots,
            options=executor_options(options),
            passthrough_data=passthrough("sampler", settings),
            circuits=circuits,
        )
        planned.append(Planned(program, tuple(positions)))
    return planned


def _item(pub: list[Any], twirling: Twirling, randomizations: int, *, seed: int) -> tuple[Item, dict[str, Any]]:
    circuit = circuit_of(pub)
    values = read_values(pub[1] if len(pub) > 1 else None, circuit, order=sorted(circuit.used_inputs))
    if not twirling.enabled:
        return Item(circuit.with_parts(), rows=values.rows, shape=values.shape), {}
    pairs = [pair for measurement in circuit.final_measurements for pair in measurement.pairs]
    names = angle_names(circuit, len(pairs))
    inserted, place = {}, 0
    for measurement in circuit.final_measurements:
        lines = []
        for qubit, _, _ in measurement.pairs:
            lines.append(flip(qubit, names[place]))
            place += 1
        inserted[measurement.start] = " ".join([*lines, ""])
    flips = random_flips(randomizations, len(pairs), seed=seed)
    turns = [packed([FLIPS[bool(number >> bit & 1)] for bit in range(len(pairs))]) for number in flips]
    item = Item(
        circuit.with_parts(inputs=names, inserted=inserted),
        rows=[row + turn for turn in turns for row in values.rows],
        shape=(randomizations, *values.shape),
    )
    return item, _by_register(circuit, pairs, flips, axes=len(values.shape) + 1)


def _by_register(
    circuit: CircuitText, pairs: list[tuple[str, str, int]], flips: list[int], *, axes: int
) -> dict[str, Any]:
    """The flips of each register as a tensor, which broadcasts against its bits."""
    found = {}
    for register in dict.fromkeys(register for _, register, _ in pairs):
        places = [(place, bit) for place, (_, name, bit) in enumerate(pairs) if name == register]
        own = [sum((number >> place & 1) << bit for place, bit in places) for number in flips]
        found[register] = write_tensor(flips_array(own, circuit.bits[register] or 1, axes=axes))
    return found
