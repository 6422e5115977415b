"""One submission, checked before it is sent, and its outcome."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, Unpack

from ..arguments import backend_name, is_one_of, is_text, whole_seconds
from ..base.text import shown
from ..errors import InvalidInput
from .pubs import EstimatorPub, SamplerPub, estimator_params, sampler_params

if TYPE_CHECKING:
    from ..config.job_options import EstimatorOptions, SamplerOptions, SubmitOptions
    from ..config.options import Primitives
    from ..directed.program import CircuitFormat, ExecutorOptions, ProgramItem

__all__ = ["TAG_PREFIX", "VIA", "JobRequest", "Part", "Submitted", "check_tags"]

J = TypeVar("J")
R = TypeVar("R")

VIA = ("service", "executor")
PRIMITIVES = ("sampler", "estimator")

TAG_PREFIX = "qrr-"
"""Begins the tag that the client adds to each submission."""

MOST_TAGS = 8
LONGEST_TAG = 86
LONGEST_EXECUTION_SECONDS = 10_800
LOG_LEVELS = ("critical", "error", "warning", "info", "debug")
SESSION_ADVICE = "pass the session's id, or submit with the session's own sampler(), estimator() or submit()"
OPTIONAL: Mapping[str, tuple[type, str]] = {
    "session_id": (str, SESSION_ADVICE),
    "private": (bool, "pass True or False"),
    "calibration_id": (str, "pass a calibration's id"),
}
"""Optional arguments: the type of each, and the advice for another one."""


def check_tags(tags: Sequence[str]) -> None:
    """Check tags as the service does.

    Raises:
        InvalidInput: they are not valid.
    """
    if isinstance(tags, str) or not isinstance(tags, Sequence):
        raise InvalidInput(f"tags={shown(tags)}: expected a list of texts.")
    if len(tags) > MOST_TAGS:
        raise InvalidInput(f"{len(tags)} tags: a job takes at most {MOST_TAGS}.")
    for tag in tags:
        if not is_text(tag) or len(tag) > LONGEST_TAG:
            raise InvalidInput(f"tag {shown(tag)}: expected a text of at most {LONGEST_TAG} characters.")


@dataclass(frozen=True)
class Part(Generic[R]):
    """One of the jobs of a primitive: its `request`, and the positions of its pubs; None: all pubs."""

    request: R
    positions: tuple[int, ...] | None


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """One submission, checked; a value that pickles. `params` are sent as they are.

    `JobRequest.sampler`, `JobRequest.estimator` and `JobRequest.executor` build the params from circuits. Of a backend
    handle, the name is kept; `max_execution_time` is rounded up to whole seconds.

    Source: schema `JobRunParams` of the contract, operation `create_job`.
    """

    program_id: str
    backend: str = ""
    params: Mapping[str, Any] = field(repr=False)
    tags: Sequence[str] | None = None
    session_id: str | None = None
    private: bool | None = None
    max_execution_time: float | None = None
    log_level: str | None = None
    calibration_id: str | None = None

    def __post_init__(self) -> None:
        """Refuse what the service would refuse.

        Raises:
            InvalidInput: an argument is not valid; says what to pass instead.
        """
        if not is_text(self.program_id) or not self.program_id:
            raise InvalidInput(
                f"program_id={shown(self.program_id)}: expected the name of a program, such as 'sampler'."
            )
        object.__setattr__(self, "backend", backend_name(self.backend))
        if not isinstance(self.params, Mapping):
            raise InvalidInput(
                f"params is {type(self.params).__name__}: expected a dict of the program's params, by name."
            )
        if self.tags is not None:
            check_tags(self.tags)
        if self.max_execution_time is not None:
            limit = whole_seconds(self.max_execution_time, "max_execution_time", most=LONGEST_EXECUTION_SECONDS)
            object.__setattr__(self, "max_execution_time", limit)
        for name, (kind, advice) in OPTIONAL.items():
            value = getattr(self, name)
            if value is not None and not isinstance(value, kind):
                raise InvalidInput(f"{name} is {type(value).__name__}, not {kind.__name__}: {advice}.")
        if self.log_level is not None and not (
            isinstance(self.log_level, str) and self.log_level.lower() in LOG_LEVELS
        ):
            raise InvalidInput(f"log_level={shown(self.log_level)}: must be one of {', '.join(LOG_LEVELS)}.")

    def to_dict(self) -> dict[str, Any]:
        """The body of `create_job`, without the arguments that were left out."""
        body = {
            "program_id": self.program_id,
            "backend": self.backend,
            "params": dict(self.params),
            "tags": list(self.tags or ()) or None,
            "session_id": self.session_id,
            "private": self.private,
            "cost": self.max_execution_time,
            "log_level": self.log_level and self.log_level.lower(),
            "calibration_id": self.calibration_id,
        }
        return {name: value for name, value in body.items() if value is not None}

    def to_json(self) -> bytes:
        """The body as it is sent.

        Raises:
            InvalidInput: the params are not JSON.
        """
        return self._written(ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    def _written(self, **how: Any) -> bytes:
        try:
            return json.dumps(self.to_dict(), **how).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidInput(f"params cannot be written as JSON: {error}.") from None

    @classmethod
    def sampler(
        cls,
        pubs: SamplerPub | Iterable[SamplerPub],
        *,
        shots: int | None = None,
        options: SamplerOptions | None = None,
        via: Primitives | None = None,
        **request: Unpack[SubmitOptions],
    ) -> Self:
        """A submission to the sampler: arguments as of `client.sampler`. Raises: InvalidInput."""
        params = sampler_params(pubs, shots=shots, options=options)
        return cls._made("sampler", params, request).run_by(via)

    @classmethod
    def estimator(
        cls,
        pubs: EstimatorPub | Iterable[EstimatorPub],
        *,
        precision: float | None = None,
        options: EstimatorOptions | None = None,
        resilience_level: int | None = None,
        via: Primitives | None = None,
        **request: Unpack[SubmitOptions],
    ) -> Self:
        """A submission to the estimator: arguments as of `client.estimator`. Raises: InvalidInput."""
        params = estimator_params(pubs, precision=precision, options=options, resilience_level=resilience_level)
        return cls._made("estimator", params, request).run_by(via)

    @classmethod
    def _made(cls, program_id: str, params: Mapping[str, Any], request: Mapping[str, Any]) -> Self:
        return cls(program_id=program_id, params=params, **request)

    def run_by(self, via: Primitives | None) -> Self:
        """This request, or with `via="executor"` that of the executor job that does the same.

        Raises:
            InvalidInput: the executor alone cannot do it, or not in one job.
        """
        asked = self.split(via)
        if len(asked) > 1:
            raise InvalidInput(
                f"the pubs need {len(asked)} jobs, one for each number of shots: make a request of each, or submit "
                f"them with client.{self.program_id}(..., via='executor')."
            )
        return asked[0].request

    def split(self, via: Primitives | None) -> list[Part[Self]]:
        """This request, or with `via="executor"` the requests of executor jobs that do the same.

        Raises:
            InvalidInput: the executor alone cannot do it.
        """
        if via is not None and not is_one_of(via, VIA):
            raise InvalidInput(f"via={shown(via)}: must be one of {', '.join(VIA)}.")
        if via != "executor" or self.program_id not in PRIMITIVES:
            return [Part(self, None)]
        from ..directed.primitives import PROGRAMS

        planned = PROGRAMS[self.program_id](self.params)
        return [Part(replace(self, program_id="executor", params=one.params), one.positions) for one in planned]

    @classmethod
    def executor(
        cls,
        items: ProgramItem | Iterable[ProgramItem],
        *,
        shots: int | None = None,
        options: ExecutorOptions | None = None,
        passthrough_data: Any = None,
        circuits: CircuitFormat = "openqasm3",
        **request: Unpack[SubmitOptions],
    ) -> Self:
        """A submission to the executor: arguments as of `client.executor`. Raises: InvalidInput."""
        from ..directed.program import executor_params

        params = executor_params(
            items, shots=shots, options=options, passthrough_data=passthrough_data, circuits=circuits
        )
        return cls._made("executor", params, request)

    @staticmethod
    def is_request(document: Mapping[str, Any]) -> bool:
        """Whether `from_dict` reads this JSON object: it names a program, and has params."""
        return (
            isinstance(document, Mapping)
            and "params" in document
            and ("program_id" in document or "program" in document)
        )

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """The request in a JSON object: the body of `create_job`, or the description of a job.

        A description is the answer of `get_job` with its params, such as the dashboard's download
        `job-<id>-info.json`. Its program, backend, params, tags and privacy are submitted again; its session and its
        limit of QPU time are not, since they were those of another day.

        Raises:
            InvalidInput: something is missing or not valid.
        """
        if not cls.is_request(document):
            raise InvalidInput("expected a request with program_id, backend and params, or the description of a job.")
        names = ["backend", "params", "tags", "private"]
        if is_body := "program_id" in document:
            names += ["session_id", "log_level", "calibration_id"]
        described = document["program_id"] if is_body else document["program"]
        program: Any = described.get("id") if isinstance(described, Mapping) else described
        known = {name: document[name] for name in names if document.get(name) is not None}
        if isinstance(known.get("params"), str):  # some downloads have them as a text
            try:
                known["params"] = json.loads(known["params"])
            except ValueError as error:
                raise InvalidInput(f"params is a text that is not JSON: {error}.") from None
        if not known.get("params"):
            raise InvalidInput("params is empty, as in the description of a private job: nothing can be submitted.")
        if is_body:
            known["max_execution_time"] = document.get("cost")
        else:
            known["tags"] = [tag for tag in known.get("tags", ()) if not str(tag).startswith(TAG_PREFIX)]
        return cls(program_id=program, **known)

    def changed(self, **changes: Any) -> Self:
        """This request with other arguments. Raises: InvalidInput."""
        return replace(self, **changes)

    def tagged(self, tag: str) -> Self:
        """This request with one more tag."""
        return replace(self, tags=[*(self.tags or ()), tag])

    @property
    def has_room_for_a_tag(self) -> bool:
        """Whether the service accepts one more tag."""
        return len(self.tags or ()) < MOST_TAGS

    def digest(self) -> str:
        """A hash of the body. Raises: InvalidInput."""
        return hashlib.sha256(self._written(sort_keys=True, default=repr)).hexdigest()


@dataclass(frozen=True)
class Submitted(Generic[J]):
    """The outcome of one request of `submit_all`: its `job`, or an `error`. `index`: its position, from 0.

    The error is one of this package's, or the one that the function that builds the request raised. With a `job`, it is
    the one that `on_progress` raised.
    """

    index: int
    job: J | None = None
    error: Exception | None = None
