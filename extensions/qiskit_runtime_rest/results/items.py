"""What all items of results share, and the readable errors of an item that is asked for what it has not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from ..errors import RuntimeRestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .bits import Bits

__all__ = ["ItemLacks", "ResultItem"]


class ResultItem:
    """One item of a result: a pub's outcome, a layer's noise, a program item's tensors.

    The subclasses say what there is. What an item of another kind would have raises an error that says what this
    one is, so that `result[0].counts()` and `result[0].evs` can be written without a cast.
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
            ValueError: registers that cannot be joined.
        """
        self._lacks("measured bits")

    def counts(
        self, *, register: str | Iterable[str] | None = None, index: int | tuple[int, ...] | None = None
    ) -> dict[str, int]:
        """How often each outcome was measured, by bit string; bit 0 is the rightmost character.

        Args:
            register: see `bits`.
            index: which element of the pub's shape; None adds all of a sweep up, as Qiskit's `get_counts()` does.

        Raises:
            IndexError: an index outside the shape; other errors as for `bits`.
        """
        return self.bits(register).counts(index=index)

    def bitstrings(
        self, *, register: str | Iterable[str] | None = None, index: int | tuple[int, ...] | None = None
    ) -> list[str]:
        """One bit string a shot, in the order measured; arguments and errors as for `counts`."""
        return self.bits(register).bitstrings(index=index)

    def ints(
        self, *, register: str | Iterable[str] | None = None, index: int | tuple[int, ...] | None = None
    ) -> list[int]:
        """One integer a shot, in the order measured; arguments and errors as for `counts`."""
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

    def to_numpy(self) -> dict[str, Any]:
        """The data as numpy arrays, by name; needs numpy."""
        self._lacks("to_numpy()")

    def to_qiskit(self) -> Any:
        """The object that Qiskit users know; needs Qiskit."""
        self._lacks("to_qiskit()")

    def _lacks(self, name: str) -> NoReturn:
        raise ItemLacks(f"{self.what} has no {name}; it has {self.offers}")


class ItemLacks(RuntimeRestError, AttributeError, TypeError):
    """This kind of item has no such attribute or method."""
