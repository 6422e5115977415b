"""Results with counts: what the circuit runners returned, and backends before the primitives."""

from __future__ import annotations

from typing import Any

from .bits import Bits
from .checks import Malformed, check_bits, check_size, expect
from .primitives import SamplerPub

__all__ = ["counted_pub", "has_counts"]


def has_counts(experiment: Any) -> bool:
    """Whether it is one experiment of `Result.to_dict()` of Qiskit, with counts or with the outcome of each shot."""
    data = experiment.get("data") if isinstance(experiment, dict) else None
    return isinstance(data, dict) and (isinstance(data.get("counts"), dict) or isinstance(data.get("memory"), list))


def counted_pub(experiment: dict[str, Any]) -> SamplerPub:
    """Read one experiment. Without the outcome of each shot, shots with the same outcome follow each other.

    Raises:
        Malformed: another value.
    """
    header = expect(experiment.get("header") or {}, dict, what="header of an experiment")
    samples = _samples(experiment["data"])
    sizes = expect(header.get("creg_sizes") or [], list, what="creg_sizes")
    widest = max((_int(sample).bit_length() for sample in samples), default=0)
    num_bits = check_bits(header.get("memory_slots") or sum(_size(one) for one in sizes) or widest)
    whole = Bits.from_samples(samples, num_bits=num_bits)
    data = {}
    first = 0
    for one in sizes:
        data[str(one[0])] = whole.slice_bits(range(first, first + _size(one)))
        first += _size(one)
    if first > num_bits:
        raise Malformed("creg_sizes have more bits than memory_slots")
    about = {name: experiment[name] for name in ("shots", "time_taken") if experiment.get(name) is not None}
    return SamplerPub(data or {"meas": whole}, metadata=about, shape=())


def _samples(data: dict[str, Any]) -> list[str]:
    memory = data.get("memory")
    if isinstance(memory, list):
        return [expect(outcome, str, what="an outcome") for outcome in memory]
    counts = {outcome: expect(number, int, what="a number of shots") for outcome, number in data["counts"].items()}
    if min(counts.values(), default=0) < 0:
        raise Malformed("a number of shots is negative")
    check_size((sum(counts.values()),), bits=64)
    return [outcome for outcome, number in counts.items() for _ in range(number)]


def _int(sample: str) -> int:
    try:
        return int(sample, 16)
    except ValueError:
        raise Malformed(f"outcome {sample!r}: expected a hexadecimal text") from None


def _size(register: Any) -> int:
    name_and_size = expect(register, list, what="a register of creg_sizes")
    if len(name_and_size) != 2:
        raise Malformed("a register of creg_sizes must have a name and a size")
    return check_bits(name_and_size[1])
