"""Which devices a service has: those of today, or those that its user chose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .device import Device, load
from .snapshots import find

__all__ = ["PRESENT", "chosen"]

PRESENT = (
    "ibm_aachen",
    "ibm_berlin",
    "ibm_boston",
    "ibm_fez",
    "ibm_kingston",
    "ibm_marrakesh",
    "ibm_miami",
    "ibm_pittsburgh",
)
"""The devices of 2026-09 that qiskit-ibm-runtime has snapshots of; ibm_phoenix has none."""

_EXPECTED = (
    "expected NAME (a snapshot of qiskit-ibm-runtime), NAME=SNAPSHOT, or NAME=CONFIGURATION.json,PROPERTIES.json"
)


def chosen(choice: str | Iterable[str] | Mapping[str, str]) -> tuple[Device, ...]:
    """The devices of `NAME` or `NAME=SOURCE` texts, or of a mapping from names to sources.

    A source is the name of a snapshot of qiskit-ibm-runtime, or two files: `CONFIGURATION.json,PROPERTIES.json`.

    Raises:
        ValueError: a text is not of this form, there is no such snapshot, or a file cannot be read.
    """
    if isinstance(choice, str):
        choice = [choice]
    pairs = choice.items() if isinstance(choice, Mapping) else (_pair(text) for text in choice)
    sources = dict(pairs)
    if not sources:
        raise ValueError(f"devices: {_EXPECTED}.")
    return tuple(_device(name, source) for name, source in sources.items())


def _pair(text: str) -> tuple[str, str]:
    name, equals, source = text.partition("=")
    return name, source if equals else name


def _device(name: str, source: str) -> Device:
    if not name or "/" in name:
        raise ValueError(f"{name!r} cannot be the name of a device: {_EXPECTED}.")
    try:
        return load(name, find(source))
    except KeyError:
        raise ValueError(f"There is no snapshot {source!r}: {_EXPECTED}.") from None
