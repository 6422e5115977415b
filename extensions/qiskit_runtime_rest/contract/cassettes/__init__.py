"""Recorded reality: what a user did on the live service, sanitised, served again to any client.

    with record("bell.har", Settings()) as environment: ...   # or: qrr contract record bell.har -- python bell.py
    with replay("bell.har") as service, service.connect() as client: ...

An extra, `qiskit-runtime-rest[contract]`.
"""

from .exchange import Exchange
from .har import load
from .judgement import Judgement, judged
from .recording import Recorder, Recording, Unsanitised, record
from .replaying import API_KEY, Replay, Replayed, replay
from .serve import serve, served
from .services import environment

__all__ = [
    "API_KEY",
    "Exchange",
    "Judgement",
    "Recorder",
    "Recording",
    "Replay",
    "Replayed",
    "Unsanitised",
    "environment",
    "judged",
    "load",
    "record",
    "replay",
    "serve",
    "served",
]
