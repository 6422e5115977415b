"""Observables: sums of Pauli strings, and the bases in which they are measured together."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import field, frozen

from ..errors import InvalidInput

__all__ = ["Observables", "commuting_bases", "read_observables"]

_LETTERS: Final[Mapping[str, Sequence[tuple[str, float]]]] = {
    **{letter: ((letter, 1.0),) for letter in "IXYZ"},
    "0": (("I", 0.5), ("Z", 0.5)),
    "1": (("I", 0.5), ("Z", -0.5)),
    "+": (("I", 0.5), ("X", 0.5)),
    "-": (("I", 0.5), ("X", -0.5)),
    "r": (("I", 0.5), ("Y", 0.5)),
    "l": (("I", 0.5), ("Y", -0.5)),
}
"""Letters of observables as sums of Paulis; the projectors as well."""

MOST_PROJECTORS: Final = 12

Pauli = tuple[tuple[int, str], ...]
"""The letters of a Pauli string that are not I, each with its qubit, by ascending qubit."""


@frozen
class Observables:
    """An array of observables.

    Args:
        sums: the coefficients of each, by Pauli string, in C order.
        shape: the shape of the array.
    """

    sums: tuple[Mapping[Pauli, float], ...] = field()
    shape: tuple[int, ...] = field(kw_only=True)

    @property
    def qubits(self) -> list[int]:
        """The qubits that one of them acts on."""
        return sorted({qubit for one in self.sums for pauli in one for qubit, _ in pauli})


def read_observables(value: Any, *, qubits: int | None) -> Observables:
    """Read Pauli strings, dicts from Pauli string to coefficient, or nested lists of these.

    Args:
        value: the observables; the rightmost letter belongs to qubit 0.
        qubits: letters that a string must have; None: any number.

    Raises:
        InvalidInput: they are malformed.
    """
    shape = []
    inner = value
    while isinstance(inner, list):
        shape.append(len(inner))
        if not inner:
            raise InvalidInput("there are no observables: the list is empty.")
        inner = inner[0]
    leaves = list(_leaves(value, shape))
    return Observables(tuple(_sum(leaf, qubits) for leaf in leaves), shape=tuple(shape))


def _leaves(value: Any, shape: Sequence[int]) -> Iterator[Any]:
    if isinstance(value, list) != bool(shape) or (shape and len(value) != shape[0]):
        raise InvalidInput("the nested lists of observables are ragged.")
    if not shape:
        yield value
        return
    for part in value:
        yield from _leaves(part, shape[1:])


def _sum(leaf: Any, qubits: int | None) -> dict[Pauli, float]:
    terms = leaf if isinstance(leaf, Mapping) else {leaf: 1.0}
    found: dict[Pauli, float] = {}
    for label, coefficient in terms.items():
        if isinstance(coefficient, bool) or not isinstance(coefficient, int | float) or not math.isfinite(coefficient):
            raise InvalidInput(f"the coefficient {coefficient!r} of {label!r} is not a finite number.")
        if not label or set(label) - set(_LETTERS):
            raise InvalidInput(f"the observable {label!r}: expected letters among {' '.join(_LETTERS)}.")
        if qubits is not None and len(label) != qubits:
            raise InvalidInput(f"the observable {label!r} has {len(label)} letters: the circuit has {qubits} qubits.")
        for pauli, factor in _paulis(label):
            found[pauli] = found.get(pauli, 0.0) + coefficient * factor
    return found


def _paulis(label: str) -> Iterator[tuple[Pauli, float]]:
    acting = [(qubit, letter) for qubit, letter in enumerate(reversed(label)) if letter != "I"]
    if sum(len(_LETTERS[letter]) - 1 for _, letter in acting) > MOST_PROJECTORS:
        raise InvalidInput(f"the observable {label!r} has more than {MOST_PROJECTORS} projectors.")
    for chosen in itertools.product(*(_LETTERS[letter] for _, letter in acting)):
        letters = tuple(
            (qubit, letter) for (qubit, _), (letter, _) in zip(acting, chosen, strict=True) if letter != "I"
        )
        yield letters, math.prod(factor for _, factor in chosen)


def commuting_bases(paulis: Iterable[Pauli]) -> list[dict[int, str]]:
    """Few bases, each a letter by qubit, so that each Pauli string agrees with one of them on all of its qubits.

    The strings with most letters come first, and each joins the first basis that it fits.
    """
    bases: list[dict[int, str]] = []
    for pauli in sorted(paulis, key=lambda one: (-len(one), one)):
        for basis in bases:
            if all(basis.get(qubit, letter) == letter for qubit, letter in pauli):
                basis.update(pauli)
                break
        else:
            if pauli:
                bases.append(dict(pauli))
    return bases
