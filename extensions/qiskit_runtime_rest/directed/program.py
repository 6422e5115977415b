"""The params of an executor job: circuits, their arguments, and what comes back with the result.

Source: the models of schema version v2.0 of the program `executor`.
"""

from __future__ import annotations

import base64
import io
import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias, TypedDict

from attrs import field, frozen

from ..arguments import is_iterable, is_one_of, positive_whole, real_number
from ..base.text import shown
from ..errors import InvalidInput, MissingExtra
from .circuit_text import CircuitText
from .tensors import write_bytes
from .values import read_values

__all__ = [
    "CIRCUIT_FORMATS",
    "CircuitFormat",
    "ExecutorOptions",
    "Item",
    "ProgramItem",
    "executor_params",
    "program_params",
]

SCHEMA_VERSION: Final = "v2.0"
DEFAULT_SHOTS: Final = 4096
MOST_EXECUTIONS: Final = 10_000_000
MEASUREMENT_LEVELS: Final = ("classified", "kerneled", "avg_kerneled", "both")

CircuitFormat: TypeAlias = Literal["openqasm3", "qpy"]

ProgramItem: TypeAlias = str | Sequence[Any]
"""An OpenQASM 3 text, or (text, parameter values)."""


class ExecutorOptions(TypedDict, total=False):
    """Options of executor jobs.

    Keys:
        init_qubits: reset the qubits before each shot; the default is True.
        rep_delay: seconds between two shots, for backends with dynamic repetition rates.
        scheduler_timing: return the schedule of each circuit in the metadata of its item.
        stretch_values: return the resolved stretches of each circuit in the metadata of its item.
        meas_level: `classified` (bits), `kerneled`, `avg_kerneled` or `both`.
        experimental: sent as they are.

    Source: `OptionsModel` and `QuantumProgramModel` of schema version v2.0.
    """

    init_qubits: bool
    rep_delay: float | None
    scheduler_timing: bool
    stretch_values: bool
    meas_level: Literal["classified", "kerneled", "avg_kerneled", "both"]
    experimental: Mapping[str, Any]


@frozen
class Item:
    """One circuit of a program with its arguments.

    Args:
        text: OpenQASM 3, parameters declared in the order of their names.
        rows: the packed arguments (float64) of each execution.
        shape: the shape of the rows.
        repetitions: how often all of them are executed.

    The result of the item begins with these axes, the repetitions first if there are several.
    """

    text: str = field()
    rows: Sequence[bytes] = field(kw_only=True)
    shape: tuple[int, ...] = field(kw_only=True)
    repetitions: int = field(kw_only=True, default=1)

    @property
    def executions(self) -> tuple[int, ...]:
        """The shape of the executions."""
        return self.shape if self.repetitions == 1 else (self.repetitions, *self.shape)

    def to_dict(self) -> dict[str, Any]:
        """As in the params, without the circuit."""
        width = len(self.rows[0]) // 8
        arguments = write_bytes(b"".join(self.rows), dtype="f64", shape=(*self.shape, width))
        return {
            "item_type": "circuit",
            "circuit_arguments": arguments,
            "shape": list(self.executions),
            "chunk_size": "auto",
        }


def executor_params(
    items: ProgramItem | Iterable[ProgramItem],
    *,
    shots: int | None = None,
    options: ExecutorOptions | None = None,
    passthrough_data: Any = None,
    circuits: CircuitFormat = "openqasm3",
) -> dict[str, Any]:
    """Params of the program `executor`; arguments as of `client.executor`. Raises: InvalidInput."""
    alone = isinstance(items, str) or (isinstance(items, tuple) and bool(items) and _is_one_item(items))
    if not alone and (not is_iterable(items) or isinstance(items, bytes | Mapping)):
        raise InvalidInput(f"items={shown(items)}: expected OpenQASM 3 texts, or tuples (text, parameter values).")
    read = []
    for index, item in enumerate([items] if alone else items):
        try:
            read.append(_item(item))
        except InvalidInput as error:
            raise InvalidInput(f"item {index}: {error}") from None
    if not read:
        raise InvalidInput("no circuit to run: pass at least one OpenQASM 3 text.")
    return program_params(
        read,
        shots=DEFAULT_SHOTS if shots is None else positive_whole(shots, "shots"),
        options=options,
        passthrough_data=passthrough_data,
        circuits=circuits,
    )


def _is_one_item(item: tuple[Any, ...]) -> bool:
    return isinstance(item[0], str) and not all(isinstance(part, str) for part in item)


def _item(item: Any) -> Item:
    parts = (item,) if isinstance(item, str) else item
    if not isinstance(parts, list | tuple) or not 1 <= len(parts) <= 2 or not isinstance(parts[0], str):
        raise InvalidInput(
            f"an item is an OpenQASM 3 text or (text, parameter values), not {type(item).__name__}; "
            "with Qiskit, pass qiskit.qasm3.dumps(circuit)."
        )
    circuit = CircuitText(parts[0])
    values = read_values(parts[1] if len(parts) > 1 else None, circuit, order=circuit.inputs)
    return Item(circuit.with_parts(), rows=values.rows, shape=values.shape)


def program_params(
    items: Sequence[Item],
    *,
    shots: int,
    options: Mapping[str, Any] | None = None,
    passthrough_data: Any = None,
    circuits: CircuitFormat = "openqasm3",
) -> dict[str, Any]:
    """The params of a program of these items.

    Raises:
        InvalidInput: an option is unknown, or the job is too large.
        MissingExtra: `circuits` is `qpy`, and Qiskit is not installed.
    """
    if options is not None and not isinstance(options, Mapping):
        raise InvalidInput(f"options is {type(options).__name__}: expected a dict of options, by name.")
    given = {name: value for name, value in (options or {}).items() if value is not None}
    _check_options(given)
    executions = shots * sum(math.prod(item.executions) for item in items)
    if executions > MOST_EXECUTIONS:
        raise InvalidInput(
            f"{executions:,} executions (shots times parameter sets): a job takes {MOST_EXECUTIONS:,} at most. "
            "Submit several jobs."
        )
    level = given.pop("meas_level", "classified")
    program: dict[str, Any] = {
        "shots": shots,
        "circuits": _circuits([item.text for item in items], circuits),
        "items": [item.to_dict() for item in items],
        "meas_level": level,
    }
    if passthrough_data is not None:
        program["passthrough_data"] = passthrough_data
    return {"schema_version": SCHEMA_VERSION, "options": given, "quantum_program": program}


def _check_options(given: Mapping[str, Any]) -> None:
    known = ExecutorOptions.__annotations__
    for name, value in given.items():
        if name not in known:
            raise InvalidInput(f"the executor has no option {shown(name)}; it has {', '.join(known)}.")
        if name in ("init_qubits", "scheduler_timing", "stretch_values") and not isinstance(value, bool):
            raise InvalidInput(f"{name}={shown(value)}: pass True or False.")
    delay = given.get("rep_delay", 0)
    if not isinstance(delay, int | float) or not 0 <= real_number(delay) < math.inf:
        raise InvalidInput(f"rep_delay={shown(delay)}: expected a number of seconds.")
    if not is_one_of(given.get("meas_level", "classified"), MEASUREMENT_LEVELS):
        raise InvalidInput(f"meas_level={shown(given['meas_level'])}: must be one of {', '.join(MEASUREMENT_LEVELS)}.")


def _texts(texts: list[str]) -> dict[str, Any]:
    return {"data": texts}


def _qpy(texts: list[str]) -> dict[str, Any]:
    try:
        from qiskit import qasm3, qpy
    except ImportError as error:
        raise MissingExtra("circuits='qpy'", extra="qiskit", module="qiskit") from error
    written = io.BytesIO()
    qpy.dump([qasm3.loads(text) for text in texts], written)
    content = written.getvalue()
    return {
        "b64_data": base64.b64encode(zlib.compress(content)).decode(),
        "qpy_version": content[6],
        "num_programs": len(texts),
    }


CIRCUIT_FORMATS: Final = {"openqasm3": _texts, "qpy": _qpy}
"""How circuits are sent. The schema of the service has both; that it accepts texts is documented, not measured."""


def _circuits(texts: list[str], form: CircuitFormat) -> dict[str, Any]:
    if not is_one_of(form, CIRCUIT_FORMATS):
        raise InvalidInput(f"circuits={shown(form)}: must be one of {', '.join(CIRCUIT_FORMATS)}.")
    return CIRCUIT_FORMATS[form](texts)
