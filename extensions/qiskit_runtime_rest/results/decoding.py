"""Decoding where the caller wants it: here, or on an executor of another process or machine."""

from __future__ import annotations

from concurrent.futures import Executor

from ..plans.effects import InThread, OnExecutor
from ..plans.plan import Plan
from .hollow import HOLLOW_FROM_BYTES, Source
from .result import Result, Unpacked, decode

__all__ = ["decode_on", "unpack"]


def decode_on(executor: Executor | None, source: Source, *, program_id: str | None) -> Plan[Result]:
    """Decode `source`; with an `executor`, all of it and there, so that nothing is left to do here.

    Raises:
        ResultDecodeError: damaged or truncated.
    """
    if executor is not None:
        unpacked: Unpacked = yield OnExecutor(executor, unpack, (source[:], program_id))
        return Result(source, program_id=program_id, unpacked=unpacked)
    if len(source) >= HOLLOW_FROM_BYTES:
        result: Result = yield InThread(lambda: decode(source, program_id=program_id))
        return result
    return decode(source, program_id=program_id)


def unpack(raw: bytes, program_id: str | None = None) -> Unpacked:
    """Everything in a result, read: what an executor is asked for.

    Raises:
        ResultDecodeError: damaged or truncated.
    """
    return decode(raw, program_id=program_id).unpacked()
