"""Submit one job or many, from a client, its `jobs` or a session."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypedDict, TypeVar, Unpack

from ...arguments import Named, positive_whole
from ...errors import ConfigurationError, InvalidInput, QuotaExceeded, SubmissionUnknown
from ...plans.effects import OnExecutor, Together
from ...plans.plan import Plan
from .public import public

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from ...http import Connection
    from ...submission import JobRequest, Submitter
    from ...submission.pubs import EstimatorPub, SamplerPub
    from ...waiting import PollInterval
    from ..job import AsyncJob, Job

__all__ = ["J", "SubmitLogic", "SubmitOptions", "Submitted", "unexpected_argument"]

J = TypeVar("J", "Job", "AsyncJob")

Requested: TypeAlias = "JobRequest | Callable[[], JobRequest]"
"""A request, or a function that builds one."""


class SubmitOptions(TypedDict, total=False):
    """Arguments of every submission, besides the params of its program.

    Keys:
        backend: name, such as `ibm_fez`, or handle; jobs of a session run on the session's backend.
        tags: at most 8, of at most 86 characters.
        session_id: run in this session.
        private: the service deletes the params when the job has ended, and gives the result only once.
        max_execution_time: seconds of QPU time, 1 to 10800, after which the service ends the job; rounded up.
        log_level: critical, error, warning, info or debug.
        calibration_id: run only with this calibration.

    Source: schema `JobRunParams` of the contract.
    """

    backend: str | Named
    tags: Sequence[str]
    session_id: str | None
    private: bool | None
    max_execution_time: float | None
    log_level: str | None
    calibration_id: str | None


@dataclass(frozen=True)
class Submitted(Generic[J]):
    """The outcome of one request of `submit_all`: its `job`, or an `error`. `index`: its position, from 0.

    The error is one of this package's, or the one that the function that builds the request raised.
    """

    index: int
    job: J | None = None
    error: Exception | None = None


class SubmitLogic(Generic[J]):
    """The ways to submit jobs, of a client, of its `jobs` and of a session."""

    _connection: Connection
    _submitter: Submitter
    _poll_interval: PollInterval | None

    _job: type[J]
    """The class of the handles."""

    @public("jobs.create_job", "jobs.list_jobs", "instances.get_instance_usage")
    def _sampler(
        self,
        pubs: SamplerPub | Iterable[SamplerPub],
        *,
        shots: int | None = None,
        options: Mapping[str, Any] | None = None,
        **request: Unpack[SubmitOptions],
    ) -> Plan[J]:
        """Submit circuits to the sampler, and return the job (not its result).

        Args:
            pubs: OpenQASM 3 texts in native gates, or tuples (text, parameter values, shots).
            shots: for pubs without shots of their own; None: the service decides.
            options: as in the contract's schema `JobRunParamsSampler`.
            request: backend, tags, session_id, private, max_execution_time ...: see `SubmitOptions`.

        Raises: InvalidInput, ApiError, TransportError, SubmissionUnknown. Source: operation `create_job`.
        """
        from ...submission import JobRequest

        fields = self._with_defaults("sampler", request)
        return (yield from self._send(JobRequest.sampler(pubs, shots=shots, options=options, **fields)))

    @public("jobs.create_job", "jobs.list_jobs", "instances.get_instance_usage")
    def _estimator(
        self,
        pubs: EstimatorPub | Iterable[EstimatorPub],
        *,
        precision: float | None = None,
        options: Mapping[str, Any] | None = None,
        resilience_level: int | None = None,
        **request: Unpack[SubmitOptions],
    ) -> Plan[J]:
        """Submit circuits and observables to the estimator, and return the job (not its result).

        Args:
            pubs: tuples (OpenQASM 3 text, observables, parameter values, precision); the last two are optional.
            precision: target standard error for pubs without one of their own; None: the service decides.
            options: as in the contract's schema `JobRunParamsEstimator`.
            resilience_level: 0 (no mitigation) to 2.
            request: backend, tags, session_id, private, max_execution_time ...: see `SubmitOptions`.

        Raises: InvalidInput, ApiError, TransportError, SubmissionUnknown. Source: operation `create_job`.
        """
        from ...submission import JobRequest

        asked = JobRequest.estimator(
            pubs,
            precision=precision,
            options=options,
            resilience_level=resilience_level,
            **self._with_defaults("estimator", request),
        )
        return (yield from self._send(asked))

    @public("jobs.create_job", "jobs.list_jobs", "instances.get_instance_usage")
    def _submit(self, program_id: str, *, params: Mapping[str, Any], **request: Unpack[SubmitOptions]) -> Plan[J]:
        """Submit a job of any program; its params are sent unchanged.

        Args:
            program_id: `sampler`, `estimator`, `noise-learner`, `executor`, ...
            params: JSON, as the contract's schema of the program says.
            request: backend, tags, session_id, private, max_execution_time ...: see `SubmitOptions`.

        Raises: InvalidInput, ApiError, TransportError, SubmissionUnknown. Source: operation `create_job`.
        """
        from ...submission import JobRequest

        fields = self._with_defaults("submit", request)
        return (yield from self._send(JobRequest(program_id=program_id, params=params, **fields)))

    @public("jobs.create_job", "jobs.list_jobs", "instances.get_instance_usage")
    def _submit_all(
        self,
        requests: Iterable[Requested],
        *,
        max_in_flight: int = 8,
        resume: str | None = None,
        on_progress: Callable[[Submitted[J]], Any] | None = None,
        executor: Executor | None = None,
    ) -> Plan[list[Submitted[J]]]:
        """Submit many jobs, each exactly once, and return one `Submitted` for each request, in the same order.

        When the quota is used up nothing more is sent: the remaining requests get the same `QuotaExceeded`.

        Args:
            requests: `JobRequest`s, or functions that build one; taken as they are needed.
            max_in_flight: number of submissions at the same time.
            resume: a name for the whole. When the same requests are submitted again under the same name, for example
                after a crash, those that already have a job are not sent again. One with an unknown outcome is looked
                up first. Needs a client with `journal=`.
            on_progress: called with each `Submitted`, in the thread that made it. With an async client it may return
                an awaitable.
            executor: calls the functions among the requests; they and their results must pickle.

        Raises: InvalidInput, ConfigurationError. An error of a single request is in its `Submitted`.

        Source: operation `create_job`.
        """
        at_once = positive_whole(max_in_flight, "max_in_flight")
        if not isinstance(requests, Iterable):
            raise InvalidInput(f"requests={requests!r}: expected a list of requests, such as JobRequest.sampler(...).")
        if resume is not None and self._submitter.journal is None:
            raise ConfigurationError(
                "resume= needs a journal: create the client with journal=True, or with the path of a file."
            )

        from ...waiting import Notify

        used_up: list[QuotaExceeded] = []

        def submit_one(index: int, requested: Requested) -> Plan[Submitted[J]]:
            outcome: Submitted[J]
            try:
                request = yield from _built(requested, executor)
                key = None if resume is None else f"{resume}/{index}/{request.digest()}"
                with self._recoverable(request):
                    known = None if key is None else (yield from self._submitter.find_in_journal(request, key))
                if known is None and used_up:
                    raise used_up[0]
                job = self._made(request, known) if known else (yield from self._send(request, key=key))
                outcome = Submitted(index, job=job)
            except Exception as error:
                if isinstance(error, QuotaExceeded):
                    used_up.append(error)
                outcome = Submitted(index, error=error)
            if on_progress is not None:
                yield Notify(on_progress, outcome)
            return outcome

        plans = (submit_one(index, requested) for index, requested in enumerate(requests))
        outcomes: list[Submitted[J]] = yield Together(plans, at_once)
        return outcomes

    def _send(self, request: JobRequest, *, key: str | None = None) -> Plan[J]:
        with self._recoverable(request):
            created = yield from self._submitter.submit(request, key=key)
        return self._made(request, created)

    @contextlib.contextmanager
    def _recoverable(self, request: JobRequest) -> Iterator[None]:
        """Let a `SubmissionUnknown` that is raised inside look up the job again."""
        try:
            yield
        except SubmissionUnknown as error:
            error.look_again = functools.partial(self._look_again, error, request)
            raise

    def _run(self, plan: Plan[Any]) -> Any:
        raise NotImplementedError

    def _look_again(self, error: SubmissionUnknown, request: JobRequest) -> Any:
        return self._run(self._find_again(error, request))

    def _find_again(self, error: SubmissionUnknown, request: JobRequest) -> Plan[J]:
        found = (yield from self._submitter.recover(error.tag)) if error.tag else None
        if found is None:
            raise error
        return self._made(request, found)

    def _made(self, request: JobRequest, created: Mapping[str, Any]) -> J:
        known = {"backend": request.backend, "program": {"id": request.program_id}, **created}
        return self._job(self._connection, created["id"], raw=known, poll_interval=self._poll_interval)

    def _with_defaults(self, method: str, options: SubmitOptions) -> dict[str, Any]:
        unknown = [name for name in options if name not in SubmitOptions.__annotations__]
        if unknown:
            raise unexpected_argument(getattr(self, method), unknown[0], SubmitOptions.__annotations__)
        return {**self._defaults(), **options}

    def _defaults(self) -> SubmitOptions:
        return {}


def unexpected_argument(function: Callable[..., Any], name: str, known: Iterable[str]) -> TypeError:
    """The error for an argument that `function` does not take; `known`: names that its `**` arguments may have."""
    import difflib
    import inspect

    parameters = inspect.signature(function).parameters.values()
    own = [each.name for each in parameters if each.kind is not each.VAR_KEYWORD and each.name != "self"]
    names = [*own, *known]
    near = difflib.get_close_matches(name, names, n=1)
    meant = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(names)}."
    return TypeError(f"{function.__name__}() takes no argument {name!r}: {meant}")


def _built(requested: Requested, executor: Executor | None) -> Plan[JobRequest]:
    """The request; a function is called, on the `executor` if there is one."""
    from ...submission import JobRequest

    built: object = requested
    if callable(requested):
        built = requested() if executor is None else (yield OnExecutor(executor, requested))
    if not isinstance(built, JobRequest):
        raise InvalidInput(
            f"expected a JobRequest, got {type(built).__name__}: make one with JobRequest.sampler(...), for example."
        )
    return built
