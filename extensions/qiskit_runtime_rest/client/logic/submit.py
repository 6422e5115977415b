"""Submit one job or many, from a client, its `jobs` or a session."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, Unpack

from ...base.callers import warn
from ...base.text import shown
from ...errors import (
    ApiError,
    ConfigurationError,
    InvalidInput,
    QuotaExceeded,
    SubmissionUnknown,
    SubmissionWarning,
)
from ...plans.effects import InThread, OnExecutor, Together
from ...plans.plan import Plan
from .public import public, refuse_secrets

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from ...config.job_options import EstimatorOptions, SamplerOptions, SessionSubmitOptions
    from ...config.options import Primitives
    from ...directed.program import CircuitFormat, ExecutorOptions, ProgramItem
    from ...http import Connection
    from ...submission import Claim, Entry, JobRequest, Submitted, Submitter
    from ...submission.pubs import EstimatorPub, SamplerPub
    from ...waiting import PollInterval
    from .job import JobLogic

__all__ = ["J", "SubmitLogic", "unexpected_argument"]

log = logging.getLogger("qiskit_runtime_rest.submission")

J = TypeVar("J", bound="JobLogic")

NO_PROGRAM = (404, 410)
"""Statuses of an answer that says that there is no such program."""

Requested: TypeAlias = "JobRequest | Callable[[], JobRequest]"
"""A request, or a function that builds one."""


class SubmitLogic(Generic[J]):
    """The ways to submit jobs, of a client, of its `jobs` and of a session."""

    _connection: Connection
    _submitter: Submitter
    _poll_interval: PollInterval | None

    _job: type[J]
    """The class of the handles."""

    @public(
        "jobs.create_job",
        "jobs.list_jobs",
        "instances.get_instance_usage",
        "sessions.create_session",
        "sessions.update_session",
        "backends.get_backend_configuration",
        "backends.get_backend_properties",
    )
    def _sampler(
        self,
        pubs: SamplerPub | Iterable[SamplerPub],
        *,
        shots: int | None = None,
        options: SamplerOptions | None = None,
        via: Primitives | None = None,
        transpile: bool | int = False,
        check_gates: bool | None = None,
        **request: Unpack[SessionSubmitOptions],
    ) -> Plan[J]:
        """Submit circuits to the sampler, and return the job (not its result).

        Args:
            pubs: circuits in native gates, or tuples (circuit, parameter values, shots). A circuit is OpenQASM 3 text,
                a path, or a circuit of Qiskit, pytket or Cirq.
            shots: for pubs without shots of their own; None: the service decides.
            options: see `SamplerOptions`.
            via: the program that runs it: `service` (its own), or `executor`, with the rest of the work in the client;
                None: as the client's `primitives=` says. With `executor`, pubs with different numbers of shots become
                several jobs in a batch, behind one handle.
            transpile: bring the circuits into the device's gates with Qiskit first; True, or an optimization level from
                0 to 3. Observables follow the circuits' qubits.
            check_gates: refuse circuits that are not in the device's gates before they are sent; that reads the
                configuration of a backend once. None: check circuits of other packages, and leave texts to the service.
            request: backend, tags, session_id, private, max_execution_time ...: see `SubmitOptions`.

        Raises: InvalidInput, ApiError, TransportError, SubmissionUnknown. Source: operation `create_job`.
        """
        from ...submission import JobRequest

        fields = self._with_defaults("sampler", request)
        pubs, check_gates = yield from self._made_native(pubs, fields, transpile, check_gates, observables=False)
        asked = JobRequest.sampler(pubs, shots=shots, options=options, **fields)
        yield from self._check_gates(asked, check_gates)
        return (yield from self._primitive(asked, via))

    @public(
        "jobs.create_job",
        "jobs.list_jobs",
        "instances.get_instance_usage",
        "sessions.create_session",
        "sessions.update_session",
        "backends.get_backend_configuration",
        "backends.get_backend_properties",
    )
    def _estimator(
        self,
        pubs: EstimatorPub | Iterable[EstimatorPub],
        *,
        precision: float | None = None,
        options: EstimatorOptions | None = None,
        resilience_level: int | None = None,
        via: Primitives | None = None,
        transpile: bool | int = False,
        check_gates: bool | None = None,
        **request: Unpack[SessionSubmitOptions],
    ) -> Plan[J]:
        """Submit circuits and observables to the estimator, and return the job (not its result).

        Args:
            pubs: tuples (circuit, observables, parameter values, precision); the last two are optional. Circuits are as
                for `sampler`; observables are Pauli strings, dicts from Pauli string to coefficient, operators of
                Qiskit such as `SparsePauliOp`, or (nested) lists of these.
            precision: target standard error for pubs without one of their own; None: the service decides.
            options: see `EstimatorOptions`.
            resilience_level: 0 (no mitigation) to 2.
            via: as for `sampler`; pubs with different precisions become several jobs.
            transpile, check_gates: as for `sampler`.
            request: backend, tags, session_id, private, max_execution_time ...: see `SubmitOptions`.

        Raises: InvalidInput, ApiError, TransportError, SubmissionUnknown. Source: operation `create_job`.
        """
        from ...submission import JobRequest

        fields = self._with_defaults("estimator", request)
        pubs, check_gates = yield from self._made_native(pubs, fields, transpile, check_gates, observables=True)
        asked = JobRequest.estimator(
            pubs, precision=precision, options=options, resilience_level=resilience_level, **fields
        )
        yield from self._check_gates(asked, check_gates)
        return (yield from self._primitive(asked, via))

    @public("jobs.create_job", "jobs.list_jobs", "instances.get_instance_usage")
    def _executor(
        self,
        items: ProgramItem | Iterable[ProgramItem],
        *,
        shots: int | None = None,
        options: ExecutorOptions | None = None,
        passthrough_data: Any = None,
        circuits: CircuitFormat = "openqasm3",
        **request: Unpack[SessionSubmitOptions],
    ) -> Plan[J]:
        """Submit circuits to the executor, which runs them as they are, and return the job (not its result).

        Args:
            items: OpenQASM 3 texts in native gates, or tuples (text, parameter values). Values are numbers in any
                shape, the last axis over the parameters in the order in which the text declares them; or a dict of
                numbers by the names of the parameters.
            shots: shots for each parameter set of each item; by default 4096.
            options: see `ExecutorOptions`.
            passthrough_data: JSON that comes back with the result, as its `passthrough_data`.
            circuits: how circuits are sent: as texts, or as `qpy`, which needs Qiskit.
            request: backend, tags, session_id, private, max_execution_time ...: see `SubmitOptions`.

        Raises: InvalidInput, ApiError, TransportError, SubmissionUnknown. Source: operation `create_job`.
        """
        from ...submission import JobRequest

        asked = JobRequest.executor(
            items,
            shots=shots,
            options=options,
            passthrough_data=passthrough_data,
            circuits=circuits,
            **self._with_defaults("executor", request),
        )
        return (yield from self._send(asked))

    @public("jobs.create_job", "jobs.list_jobs", "instances.get_instance_usage")
    def _submit(
        self, program_id: str, *, params: Mapping[str, Any], **request: Unpack[SessionSubmitOptions]
    ) -> Plan[J]:
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
            requests: `JobRequest`s, or functions that build one; taken as they are needed. If a generator of them
                raises, its exception is the `error` of one `Submitted` more, the last one.
            max_in_flight: number of submissions at the same time.
            resume: a name for the whole. When the same requests are submitted again under the same name, for example
                after a crash, those that already have a job are not sent again. One with an unknown outcome is looked
                up first. Any number of processes on this machine may submit under the same name at the same time: for
                each request one of them sends, and the others wait for its job. Needs a client with `journal=`.
            on_progress: called with each `Submitted`, in the thread that made it. With an async client it may return
                an awaitable. If it raises, nothing more is sent: the exception is the `error` of that `Submitted`,
                beside its `job`, and of the remaining requests.
            executor: calls the functions among the requests; they and their results must pickle.

        Raises: InvalidInput, ConfigurationError. An error of a single request is in its `Submitted`.

        Source: operation `create_job`.
        """
        from ...arguments import is_iterable, positive_whole
        from ...submission import Claim, ClaimLost, Submitted
        from ...waiting import Notify

        at_once = positive_whole(max_in_flight, "max_in_flight")
        if not is_iterable(requests):
            raise InvalidInput(
                f"requests={shown(requests)}: expected a list of requests, such as JobRequest.sampler(...)."
            )
        if resume is not None and self._submitter.journal is None:
            raise ConfigurationError(
                "resume= needs a journal: create the client with journal=True, or with the path of a file."
            )

        ended_by: list[Exception] = []

        def submit_claimed(request: JobRequest, claimed: Claim | Entry | None) -> Plan[J]:
            with self._recoverable(request):
                known = None if claimed is None else (yield from self._submitter.find_claimed(request, claimed))
            if known is None and ended_by:
                raise ended_by[0]
            claim = claimed if isinstance(claimed, Claim) else None
            return self._made(request, known) if known else (yield from self._send(request, claim=claim))

        def submit_as(key: str | None, request: JobRequest) -> Plan[J]:
            while True:
                claimed = None if key is None else (yield from self._submitter.claim(key))
                try:
                    return (yield from submit_claimed(request, claimed))
                except ClaimLost:
                    log.info("the claim of %s ended before the submission", key)
                finally:
                    if isinstance(claimed, Claim):
                        self._submitter.release(claimed)

        def submit_one(index: int, requested: Requested) -> Plan[Submitted[J]]:
            outcome: Submitted[J]
            try:
                request = (yield from _built(requested, executor)).run_by(self._connection.settings.primitives)
                key = None if resume is None else f"{resume}/{index}/{request.digest()}"
                outcome = Submitted(index, job=(yield from submit_as(key, request)))
            except Exception as error:
                if isinstance(error, QuotaExceeded):
                    ended_by.append(error)
                outcome = Submitted(index, error=error)
            return (yield from notified(outcome))

        def notified(outcome: Submitted[J]) -> Plan[Submitted[J]]:
            if on_progress is not None:
                try:
                    yield Notify(on_progress, outcome)
                except Exception as error:
                    ended_by.append(error)
                    return replace(outcome, error=outcome.error or error)
            return outcome

        def plans() -> Iterator[Plan[Submitted[J]]]:
            taken = 0
            try:
                for requested in requests:
                    yield submit_one(taken, requested)
                    taken += 1
            except Exception as error:
                yield notified(Submitted(taken, error=error))

        outcomes: list[Submitted[J]] = yield Together(plans(), at_once)
        return outcomes

    def _primitive(self, request: JobRequest, via: Primitives | None) -> Plan[J]:
        """Submit a primitive by the program that is asked for, or else by the one that the service offers."""
        program = request.program_id
        wanted = self._connection.settings.primitives if via is None else via
        if wanted is None and program in self._submitter.missing_programs:
            wanted = "executor"
        parts = request.split(wanted)
        if len(parts) > 1:
            return (yield from self._batch([part.request for part in parts]))
        try:
            return (yield from self._send(parts[0].request))
        except ApiError as error:
            if wanted is not None or error.status not in NO_PROGRAM or "program" not in str(error).lower():
                raise
        self._submitter.missing_programs.add(program)
        warn(
            f"the service has no program {program!r} any more: it runs as a program of the executor from now on. "
            "primitives='executor' of the client says so from the beginning.",
            SubmissionWarning,
        )
        return (yield from self._primitive(request, "executor"))

    def _batch(self, requests: Sequence[JobRequest]) -> Plan[J]:
        """Submit the parts of a primitive in a batch, or in the session that they name, and return one handle."""
        from .sessions import SessionLogic, opened
        from .split_job import split_job

        batch: SessionLogic[J] | None = None
        if requests[0].session_id is None:
            raw = yield from opened({"mode": "batch", "backend": requests[0].backend})
            batch = SessionLogic(self._connection, raw["id"], raw=raw)
            requests = [replace(request, session_id=raw["id"]) for request in requests]
        jobs: list[J] = []
        try:
            for request in requests:
                job = yield from self._send(request)
                jobs.append(job)
        except Exception as error:
            if jobs:
                error.add_note(f"Submitted before this: {', '.join(job.id for job in jobs)}.")
            raise
        finally:
            if batch is not None:
                yield from batch._leave(failed=True)  # its failure must not hide the handle
        made: J = split_job(jobs)
        return made

    def _made_native(
        self,
        pubs: Any,
        fields: Mapping[str, Any],
        transpile: bool | int,
        check_gates: bool | None,
        *,
        observables: bool,
    ) -> Plan[tuple[Any, bool]]:
        """The pubs, transpiled if that is asked for, and whether to check their gates.

        A text, or a list of texts, costs nothing here.
        """
        if transpile is False and check_gates is not None:
            return pubs, check_gates
        from ...submission.circuits import is_foreign

        if transpile is False:
            if is_foreign(pubs) or not isinstance(pubs, list | tuple):
                return pubs, is_foreign(pubs)
            first = [pub[0] if isinstance(pub, list | tuple) and pub else pub for pub in pubs]
            return pubs, any(map(is_foreign, first))
        from qiskit_runtime_api.api import backends as backends_api

        from ...arguments import backend_name
        from ...http.calls import fetch
        from ...submission.transpiling import optimization_level, transpiled_pubs

        level = optimization_level(transpile)
        assert level is not None
        name = backend_name(fields.get("backend"))
        configuration = yield from self._device(name)
        properties = (yield from fetch(backends_api.get_backend_properties, id=name)).content
        native = yield InThread(
            lambda: transpiled_pubs(pubs, configuration, properties, level=level, observables=observables)
        )
        return native, bool(check_gates)

    def _device(self, name: str) -> Plan[bytes]:
        """The configuration of a backend, as the service sent it; read once by a client."""
        known = self._connection.configurations
        if name not in known:
            from qiskit_runtime_api.api import backends as backends_api

            from ...http.calls import fetch, json_object

            response = yield from fetch(backends_api.get_backend_configuration, id=name)
            json_object(response)
            known[name] = response.content
        return known[name]

    def _check_gates(self, request: JobRequest, wanted: bool) -> Plan[None]:
        if not wanted:
            return
        import json

        from ...submission.native_gates import check_native

        configuration = json.loads((yield from self._device(request.backend)))
        for place, pub in enumerate(request.params["pubs"]):
            if isinstance(pub[0], str):  # QPY is left to the service
                check_native(pub[0], configuration, what=f"pub {place}")

    def _send(self, request: JobRequest, *, claim: Claim | None = None) -> Plan[J]:
        refuse_secrets(self, vars(request))
        with self._recoverable(request):
            created = yield from self._submitter.submit(request, claim=claim)
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
        try:
            return self._job(self._connection, created["id"], raw=known, poll_interval=self._poll_interval)
        except Exception as error:
            error.add_note(f"The job is {created['id']}.")  # `job_class` is the caller's
            raise

    def _with_defaults(self, method: str, options: SessionSubmitOptions) -> dict[str, Any]:
        from ...config.job_options import RunOptions

        known = ("backend", *RunOptions.__annotations__)
        unknown = [name for name in options if name not in known]
        if unknown:
            raise unexpected_argument(getattr(self, method), unknown[0], known)
        return {**self._defaults(), **options}

    def _defaults(self) -> SessionSubmitOptions:
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
