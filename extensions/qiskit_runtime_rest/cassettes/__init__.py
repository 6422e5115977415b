"""Cassettes: requests to the live service and its responses, recorded without secrets, replayed to any client.

    with record("bell.har", Settings()) as service, service.connect() as client: ...
    with replay("bell.har") as service, service.connect() as client: ...

An extra, `qiskit-runtime-rest[contract]`.
"""

from ..errors import MissingExtra

try:
    from .entry import Entry
    from .har import load
    from .judgement import Judgement, judged
    from .loopback import Loopback, serve, served
    from .recording import Recorder, Recording, Unsanitised, record
    from .replaying import API_KEY, Replay, replay
    from .services import environment
except ModuleNotFoundError as error:
    raise MissingExtra("cassettes", extra="contract", module=error.name) from None

__all__ = [
    "API_KEY",
    "Entry",
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
