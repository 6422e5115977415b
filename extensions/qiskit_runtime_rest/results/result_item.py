"""The base of all items of results, and the conversions of their values to plain Python and to Qiskit's objects."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import attrs

from ..errors import RuntimeRestError
from .arrays import Array
from .bits import Bits
from .execution_spans import ExecutionSpans, to_qiskit_spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["ItemLacks", "ResultItem", "to_plain", "to_qiskit"]


class ItemLacks(RuntimeRestError, AttributeError, TypeError):
    """This kind of item has no such attribute or method."""


class ResultItem:
    """One item of a result: the outcome of a pub, the noise of a layer, the tensors of a program item.

    Each subclass has some of these attributes and methods. The others raise an error that names the kind of item and
    what it has, so that `result[0].counts()` and `result[0].evs` can be written without a cast.
    """

    __slots__ = ()

    what: ClassVar[str] = "a result's item"
    offers: ClassVar[str] = "metadata"
    metadata: Mapping[str, Any]

    def bits(self, register: str | Iterable[str] | None = None) -> Bits:  # noqa: ARG002
        """The measured bits of one register, or of several joined shot by shot (samplers, executors).

        Args:
            register: a name; or names, of which the first becomes the rightmost part of the bit strings; None joins
                all registers in the order of the circuit. Qiskit's `join_data` does the same.

        Raises:
            KeyError: no such register.
            TypeError: the register holds level-1 data, which has no bits; or the item has no registers at all.
            ValueError: the registers cannot be joined.
        """
        self._lacks("measured bits")

    def counts(
        self, *, register: str | Iterable[str] | None = None, index: int | tuple[int, ...] | None = None
    ) -> dict[str, int]:
        """How often each outcome was measured, by bit string; bit 0 is the rightmost character.

        Args:
            register: see `bits`.
            index: an element of the pub's shape; None counts a whole sweep together, as Qiskit's `get_counts()` does.

        Raises:
            IndexError: an index outside the shape; other errors as for `bits`.
        """
        return self.bits(register).counts(index=index)

    def bitstrings(
        self, *, register: str | Iterable[str] | None = None, index: int | tuple[int, ...] | None = None
    ) -> list[str]:
        """One bit string per shot, in the order measured; arguments and errors as for `counts`."""
        return self.bits(register).bitstrings(index=index)

    def ints(
        self, *, register: str | Iterable[str] | None = None, index: int | tuple[int, ...] | None = None
    ) -> list[int]:
        """One integer per shot, in the order measured; arguments and errors as for `counts`."""
        return self.bits(register).ints(index=index)

    @property
    def data(self) -> Mapping[str, Any]:
        """The item's data by name."""
        self._lacks("data")

    @property
    def evs(self) -> Any:
        """Expectation values (estimators)."""
        self._lacks("evs")

    @property
    def stds(self) -> Any:
        """Standard errors (estimators)."""
        self._lacks("stds")

    def to_dict(self) -> dict[str, Any]:
        """Plain Python that `json.dumps` accepts."""
        self._lacks("to_dict()")

    def to_rows(self) -> list[dict[str, Any]]:
        """The item as a table: a dict for each outcome (`outcome`, `shots`, `share`) or value (`ev`, `std`).

        In a sweep, `index_0` and so on are the coordinates in the pub's shape.

        Raises:
            TypeError: the item has neither bits nor expectation values.
        """
        self._lacks("rows")

    def to_numpy(self) -> dict[str, Any]:
        """The data as numpy arrays, by name; needs numpy."""
        self._lacks("to_numpy()")

    def to_qiskit(self) -> Any:
        """The corresponding object of Qiskit or qiskit-ibm-runtime; needs Qiskit."""
        self._lacks("to_qiskit()")

    def _lacks(self, name: str) -> NoReturn:
        raise ItemLacks(f"{self.what} has no {name}; it has {self.offers}")


def to_plain(value: Any) -> Any:
    """Plain Python that `json.dumps` accepts.

    Complex numbers become [real, imaginary], times ISO texts, sets sorted lists, other objects dicts of their fields.
    """
    if isinstance(value, Array):
        return to_plain(value.tolist())
    if isinstance(value, Bits):
        return value.to_dict()
    if isinstance(value, complex):
        return [value.real, value.imag]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name if isinstance(name, str) else str(name): to_plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(part) for part in value]
    if isinstance(value, set | frozenset):
        return sorted(map(to_plain, value), key=repr)
    if attrs.has(type(value)):
        return {part.name: to_plain(getattr(value, part.name)) for part in attrs.fields(type(value))}
    return value


def to_qiskit(value: Any) -> Any:
    """A value with its `Bits`, arrays and execution spans as `BitArray`, numpy arrays and Qiskit's spans."""
    if isinstance(value, Bits):
        return value.to_qiskit()
    if isinstance(value, Array):
        return value.to_numpy().copy()
    if isinstance(value, dict):
        return {name: to_qiskit(part) for name, part in value.items()}
    if isinstance(value, list):
        return [to_qiskit(part) for part in value]
    if isinstance(value, ExecutionSpans):
        return to_qiskit_spans(value)
    return value
