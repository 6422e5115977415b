"""Ways to submit: one job, or many, from a client, its `jobs`, or a session."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypedDict, TypeVar, Unpack

from ..arguments import Named, positive_whole
from ..errors import ConfigurationError, InvalidInput, QuotaExceeded, SubmissionUnknown
from ..plans.effects import OnExecutor, Together
from ..plans.faces import Face, operation
from ..plans.plan import Plan

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from ..http import Connection
    from ..submission import JobRequest, Submitter
    from ..submission.pubs import EstimatorPub, SamplerPub
    from ..waiting import PollInterval
    from .job import AsyncJob, Job

__all__ = ["SubmitOperations", "SubmitOptions", "Submitted"]

J = TypeVar("J", "Job", "AsyncJob")

Requested: TypeAlias = "JobRequest | Callable[[], JobRequest]"
"""A request, or a function that builds one where it is called."""


class SubmitOptions(TypedDict, total=False):
    """What every submission takes besides its program's params.

    Keys:
        backend: name, such as `ibm_torino`, or handle; jobs of a session run on the session's backend.
        tags: 8 at most, of 86 characters at most.
        session_id: run in this session.
        private: params are deleted when the job is over, and its result can be read once.
        max_execution_time: seconds of QPU time, 1 to 10800, after which the job is ended; a fraction is rounded up.
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
    """What one request of `submit_all` came to: a `job`, or the `error` in its place. `index`: its place, from 0.

    The error is one of this package's, or what the function that was to build the request raised.
    """

    index: int
    job: J | None = None
    error: Exception | None = None


class SubmitOperations(Face, Generic[J]):
    """Ways to submit: those of a client, of its `jobs`, and of a session."""

    _connection: Connection
    _submitter: Submitter
    _poll_interval: PollInterval | None

    @property
    def _job(self) -> type[J]:
        """The class of the handles."""
        raise NotImplementedError

    @operation
    def sampler(
        self,
        pubs: SamplerPub | Iterable[SamplerPub],
        *,
        shots: int | None = None,
        options: Mapping[str, Any] | None = None,
        **request: Unpack[SubmitOptions],
    ) -> Plan[J]:
        """Submit circuits to the sampler; the outcome is the job, not its result.

        Args:
            pubs: OpenQASM 3 texts in native gates, or tuples (text, parameter values, shots).
            shots: for pubs that name none; None leaves it to the service.
            options: as in the contract's schema `JobRunParamsSampler`.
            request: backend, tags, session_id, private, max_execution_time ...: see `SubmitOptions`.

        Raises: InvalidInput, ApiError, TransportError, SubmissionUnknown. Source: operation `create_job`.
        """
        from ..submission import JobRequest

        fields = self._with_defaults("sampler", request)
        return (yield from self._submit(JobRequest.sampler(pubs, shots=shots, options=options, **fields)))

    @operation
    def estimator(
        self,
        pubs: EstimatorPub | Iterable[EstimatorPub],
        *,
        precision: float | None = None,
        options: Mapping[str, Any] | None = None,
        resilience_level: int | None = None,
        **request: Unpack[SubmitOptions],
    ) -> Plan[J]:
        """Submit circuits and observables to the estimator; the outcome is the job, not its result.

        Args:
            pubs: tuples (OpenQASM 3 text, observables, parameter values, precision), the last two left out at will.
            precision: target standard error for pubs that name none; None leaves it to the service.
            options: as in the contract's schema `JobRunParamsEstimator`.
            resilience_level: 0 (no mitigation) to 2.
            request: backend, tags, session_id, private, max_execution_time ...: see `SubmitOptions`.

        Raises: InvalidInput, ApiError, TransportError, SubmissionUnknown. Source: operation `create_job`.
        """
        from ..submission import JobRequest

        asked = JobRequest.estimator(
            pubs,
            precision=precision,
            options=options,
            resilience_level=resilience_level,
            **self._with_defaults("estimator", request),
        )
        return (yield from self._submit(asked))

    @operation
    def submit(self, program_id: str, *, params: Mapping[str, Any], **request: Unpack[SubmitOptions]) -> Plan[J]:
        """Submit a job with params of your own making, sent as they are.

        Args:
            program_id: `sampler`, `estimator`, `noise-learner`, `executor`, ...
            params: JSON, as the contract's schema of the program says.
            request: backend, tags, session_id, private, max_execution_time ...: see `SubmitOptions`.

        Raises: InvalidInput, ApiError, TransportError, SubmissionUnknown. Source: operation `create_job`.
        """
        from ..submission import JobRequest

        fields = self._with_defaults("submit", request)
        return (yield from self._submit(JobRequest(program_id=program_id, params=params, **fields)))

    @operation
    def submit_all(
        self,
        requests: Iterable[Requested],
        *,
        max_in_flight: int = 8,
        resume: str | None = None,
        on_progress: Callable[[Submitted[J]], Any] | None = None,
        executor: Executor | None = None,
    ) -> Plan[list[Submitted[J]]]:
        """Submit many jobs, each exactly once; the outcome has one `Submitted` for each request, in their order.

        Args:
            requests: `JobRequest`s, or functions that build one; taken as they are needed.
            max_in_flight: how many are being submitted at a time.
            resume: a name for the whole. Submitted again under the same name, after a crash say, requests that became
                jobs already are not sent again; one of which nobody wrote down what became of it is looked for first.
                Needs a client with `journal=`.
            on_progress: called with each `Submitted` as it comes, by the thread that has it. On an async client it may
                return an awaitable.
            executor: where functions among the requests are called; they and what they return have to pickle.

        Once the quota is used up nothing more is sent: the requests that are left get the same `QuotaExceeded`.

        Raises: InvalidInput, ConfigurationError. What becomes of a request is in its `Submitted`.
        """
        at_once = positive_whole(max_in_flight, "max_in_flight")
        if not isinstance(requests, Iterable):
            raise InvalidInput(
                f"requests={requests!r}: pass a list of requests, such as JobRequest.sampler(...) makes."
            )
        if resume is not None and self._submitter.journal is None:
            raise ConfigurationError("resume= needs a journal: make the client with journal=True, or with a path.")

        from ..waiting import Notify

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
                job = self._made(request, known) if known else (yield from self._submit(request, key=key))
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

    def _submit(self, request: JobRequest, *, key: str | None = None) -> Plan[J]:
        with self._recoverable(request):
            created = yield from self._submitter.submit(request, key=key)
        return self._made(request, created)

    @contextlib.contextmanager
    def _recoverable(self, request: JobRequest) -> Iterator[None]:
        """Let a `SubmissionUnknown` raised inside look for the job again."""
        try:
            yield
        except SubmissionUnknown as error:
            error.look_again = functools.partial(self._look_again, error, request)
            raise

    def _look_again(self, error: SubmissionUnknown, request: JobRequest) -> Any:
        return self._run(self._recover(error, request))

    def _recover(self, error: SubmissionUnknown, request: JobRequest) -> Plan[J]:
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
            raise _unexpected(getattr(self, method), unknown[0])
        return {**self._defaults(), **options}

    def _defaults(self) -> SubmitOptions:
        return {}


def _unexpected(method: Callable[..., Any], name: str) -> TypeError:
    """The error for an argument that `method` does not take, with the one that was meant, or all there are."""
    import difflib
    import inspect

    parameters = inspect.signature(method).parameters.values()
    own = [parameter.name for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD]
    names = [*own, *SubmitOptions.__annotations__]
    near = difflib.get_close_matches(name, names, n=1)
    meant = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(names)}."
    return TypeError(f"{method.__name__}() takes no argument {name!r}: {meant}")


def _built(requested: Requested, executor: Executor | None) -> Plan[JobRequest]:
    """The request, built on the `executor` if it is to be built."""
    from ..submission import JobRequest

    built: object = requested
    if callable(requested):
        built = requested() if executor is None else (yield OnExecutor(executor, requested))
    if not isinstance(built, JobRequest):
        raise InvalidInput(f"{type(built).__name__} is no request: make it with JobRequest.sampler(...), for example.")
    return built
