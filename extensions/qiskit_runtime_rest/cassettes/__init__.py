"""Recorded reality: what a user did on the live service, sanitised, served again to any client.

    with record("bell.har", Settings()) as service, service.connect() as client: ...
    with replay("bell.har") as service, service.connect() as client: ...

An extra, `qiskit-runtime-rest[contract]`.
"""

from ..errors import MissingExtra

try:
    from .exchange import Exchange
    from .har import load
    from .judgement import Judgement, judged
    from .loopback import Loopback
    from .recording import Recorder, Recording, Unsanitised, record
    from .replaying import API_KEY, Replay, replay
    from .serve import serve, served
    from .services import environment
except ModuleNotFoundError as error:
    raise MissingExtra("cassettes", extra="contract", module=error.name) from None

__all__ = [
    "API_KEY",
    "Exchange",
    "Judgement",
    "Loopback",
    "Recorder",
    "Recording",
    "Replay",
    "Unsanitised",
    "environment",
    "judged",
    "load",
    "record",
    "replay",
    "serve",
    "served",
]
