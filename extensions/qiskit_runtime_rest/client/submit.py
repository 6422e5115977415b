"""Submit one job or many, from a client, its `jobs` or a session.

Generated from logic/submit.py by `make generate`: change it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .logic.public import Awaited, Blocking
from .logic.submit import SubmitLogic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from concurrent.futures import Executor
    from typing import Any, Unpack

    from ..config.job_options import EstimatorOptions, SamplerOptions, SessionSubmitOptions, SubmitOptions
    from ..config.options import Primitives
    from ..directed.program import CircuitFormat, ExecutorOptions, ProgramItem
    from ..submission import Submitted
    from ..submission.pubs import EstimatorPub, SamplerPub
    from .job import AsyncJob, Job
    from .logic.submit import Requested
__all__ = ["AsyncSessionSubmissions", "AsyncSubmissions", "SessionSubmissions", "Submissions"]


class Submissions(Blocking, SubmitLogic["Job"]):
    """The ways to submit jobs with a `RuntimeClient` and its `jobs`."""

    def sampler(
        self,
        pubs: SamplerPub | Iterable[SamplerPub],
        *,
        shots: int | None = None,
        options: SamplerOptions | None = None,
        via: Primitives | None = None,
        transpile: bool | int = False,
        check_gates: bool | None = None,
        timeout: float | None = None,
        **request: Unpack[SubmitOptions],
    ) -> Job:
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
            timeout: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.

        Raises: InvalidInput, ApiError, TransportError, SubmissionUnknown. Source: operation `create_job`.
        """
        return self._run(
            self._sampler(
                pubs, shots=shots, options=options, via=via, transpile=transpile, check_gates=check_gates, **request
            ),
            timeout,
        )

    def estimator(
        self,
        pubs: EstimatorPub | Iterable[EstimatorPub],
        *,
        precision: float | None = None,
        options: EstimatorOptions | None = None,
        resilience_level: int | None = None,
        via: Primitives | None = None,
        transpile: bool | int = False,
        check_gates: bool | None = None,
        timeout: float | None = None,
        **request: Unpack[SubmitOptions],
    ) -> Job:
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
            timeout: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.

        Raises: InvalidInput, ApiError, TransportError, SubmissionUnknown. Source: operation `create_job`.
        """
        return self._run(
            self._estimator(
                pubs,
                precision=precision,
                options=options,
                resilience_level=resilience_level,
                via=via,
                transpile=transpile,
                check_gates=check_gates,
                **request,
            ),
            timeout,
        )

    def executor(
        self,
        items: ProgramItem | Iterable[ProgramItem],
        *,
        shots: int | None = None,
        options: ExecutorOptions | None = None,
        passthrough_data: Any = None,
        circuits: CircuitFormat = "openqasm3",
        timeout: float | None = None,
        **request: Unpack[SubmitOptions],
    ) -> Job:
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
            timeout: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.

        Raises: InvalidInput, ApiError, TransportError, SubmissionUnknown. Source: operation `create_job`.
        """
        return self._run(
            self._executor(
                items, shots=shots, options=options, passthrough_data=passthrough_data, circuits=circuits, **request
            ),
            timeout,
        )

    def submit(
        self,
        program_id: str,
        *,
        params: Mapping[str, Any],
        timeout: float | None = None,
        **request: Unpack[SubmitOptions],
    ) -> Job:
        """Submit a job of any program; its params are sent unchanged.

        Args:
            program_id: `sampler`, `estimator`, `noise-learner`, `executor`, ...
            params: JSON, as the contract's schema of the program says.
            request: backend, tags, session_id, private, max_execution_time ...: see `SubmitOptions`.
            timeout: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.

        Raises: InvalidInput, ApiError, TransportError, SubmissionUnknown. Source: operation `create_job`.
        """
        return self._run(self._submit(program_id, params=params, **request), timeout)

    def submit_all(
        self,
        requests: Iterable[Requested],
        *,
        max_in_flight: int = 8,
        resume: str | None = None,
        on_progress: Callable[[Submitted[Job]], Any] | None = None,
        executor: Executor | None = None,
        timeout: float | None = None,
    ) -> list[Submitted[Job]]:
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
            timeout: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.

        Raises: InvalidInput, ConfigurationError. An error of a single request is in its `Submitted`.

        Source: operation `create_job`.
        """
        return self._run(
            self._submit_all(
                requests, max_in_flight=max_in_flight, resume=resume, on_progress=on_progress, executor=executor
            ),
            timeout,
        )


class AsyncSubmissions(Awaited, SubmitLogic["AsyncJob"]):
    """The ways to submit jobs with an `AsyncRuntimeClient` and its `jobs`."""

    async def sampler(
        self,
        pubs: SamplerPub | Iterable[SamplerPub],
        *,
        shots: int | None = None,
        options: SamplerOptions | None = None,
        via: Primitives | None = None,
        transpile: bool | int = False,
        check_gates: bool | None = None,
        timeout: float | None = None,
        **request: Unpack[SubmitOptions],
    ) -> AsyncJob:
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
            timeout: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.

        Raises: InvalidInput, ApiError, TransportError, SubmissionUnknown. Source: operation `create_job`.
        """
        return await self._run(
            self._sampler(
                pubs, shots=shots, options=options, via=via, transpile=transpile, check_gates=check_gates, **request
            ),
            timeout,
        )

    async def estimator(
        self,
        pubs: EstimatorPub | Iterable[EstimatorPub],
        *,
        precision: float | None = None,
        options: EstimatorOptions | None = None,
        resilience_level: int | None = None,
        via: Primitives | None = None,
        transpile: bool | int = False,
        check_gates: bool | None = None,
        timeout: float | None = None,
        **request: Unpack[SubmitOptions],
    ) -> AsyncJob:
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
            timeout: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.

        Raises: InvalidInput, ApiError, TransportError, SubmissionUnknown. Source: operation `create_job`.
        """
        return await self._run(
            self._estimator(
                pubs,
                precision=precision,
                options=options,
                resilience_level=resilience_level,
                via=via,
                transpile=transpile,
                check_gates=check_gates,
                **request,
            ),
            timeout,
        )

    async def executor(
        self,
        items: ProgramItem | Iterable[ProgramItem],
        *,
        shots: int | None = None,
        options: ExecutorOptions | None = None,
        passthrough_data: Any = None,
        circuits: CircuitFormat = "openqasm3",
        timeout: float | None = None,
        **request: Unpack[SubmitOptions],
    ) -> AsyncJob:
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
            timeout: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.

        Raises: InvalidInput, ApiError, TransportError, SubmissionUnknown. Source: operation `create_job`.
        """
        return await self._run(
            self._executor(
                items, shots=shots, options=options, passthrough_data=passthrough_data, circuits=circuits, **request
            ),
            timeout,
        )

    async def submit(
        self,
        program_id: str,
        *,
        params: Mapping[str, Any],
        timeout: float | None = None,
        **request: Unpack[SubmitOptions],
    ) -> AsyncJob:
        """Submit a job of any program; its params are sent unchanged.

        Args:
            program_id: `sampler`, `estimator`, `noise-learner`, `executor`, ...
            params: JSON, as the contract's schema of the program says.
            request: backend, tags, session_id, private, max_execution_time ...: see `SubmitOptions`.
            timeout: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.

        Raises: InvalidInput, ApiError, TransportError, SubmissionUnknown. Source: operation `create_job`.
        """
        return await self._run(self._submit(program_id, params=params, **request), timeout)

    async def submit_all(
        self,
        requests: Iterable[Requested],
        *,
        max_in_flight: int = 8,
        resume: str | None = None,
        on_progress: Callable[[Submitted[AsyncJob]], Any] | None = None,
        executor: Executor | None = None,
        timeout: float | None = None,
    ) -> list[Submitted[AsyncJob]]:
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
            timeout: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.

        Raises: InvalidInput, ConfigurationError. An error of a single request is in its `Submitted`.

        Source: operation `create_job`.
        """
        return await self._run(
            self._submit_all(
                requests, max_in_flight=max_in_flight, resume=resume, on_progress=on_progress, executor=executor
            ),
            timeout,
        )


class SessionSubmissions(Submissions, SubmitLogic["Job"]):
    """The same with a session of a `RuntimeClient`, which knows the backend."""

    def sampler(
        self,
        pubs: SamplerPub | Iterable[SamplerPub],
        *,
        shots: int | None = None,
        options: SamplerOptions | None = None,
        via: Primitives | None = None,
        transpile: bool | int = False,
        check_gates: bool | None = None,
        timeout: float | None = None,
        **request: Unpack[SessionSubmitOptions],
    ) -> Job:
        """Submit circuits to the sampler, and return the job (not its result).

        Arguments and errors are those of the client's method; `backend` may be left out.
        """
        return self._run(
            self._sampler(
                pubs, shots=shots, options=options, via=via, transpile=transpile, check_gates=check_gates, **request
            ),
            timeout,
        )

    def estimator(
        self,
        pubs: EstimatorPub | Iterable[EstimatorPub],
        *,
        precision: float | None = None,
        options: EstimatorOptions | None = None,
        resilience_level: int | None = None,
        via: Primitives | None = None,
        transpile: bool | int = False,
        check_gates: bool | None = None,
        timeout: float | None = None,
        **request: Unpack[SessionSubmitOptions],
    ) -> Job:
        """Submit circuits and observables to the estimator, and return the job (not its result).

        Arguments and errors are those of the client's method; `backend` may be left out.
        """
        return self._run(
            self._estimator(
                pubs,
                precision=precision,
                options=options,
                resilience_level=resilience_level,
                via=via,
                transpile=transpile,
                check_gates=check_gates,
                **request,
            ),
            timeout,
        )

    def executor(
        self,
        items: ProgramItem | Iterable[ProgramItem],
        *,
        shots: int | None = None,
        options: ExecutorOptions | None = None,
        passthrough_data: Any = None,
        circuits: CircuitFormat = "openqasm3",
        timeout: float | None = None,
        **request: Unpack[SessionSubmitOptions],
    ) -> Job:
        """Submit circuits to the executor, which runs them as they are, and return the job (not its result).

        Arguments and errors are those of the client's method; `backend` may be left out.
        """
        return self._run(
            self._executor(
                items, shots=shots, options=options, passthrough_data=passthrough_data, circuits=circuits, **request
            ),
            timeout,
        )

    def submit(
        self,
        program_id: str,
        *,
        params: Mapping[str, Any],
        timeout: float | None = None,
        **request: Unpack[SessionSubmitOptions],
    ) -> Job:
        """Submit a job of any program; its params are sent unchanged.

        Arguments and errors are those of the client's method; `backend` may be left out.
        """
        return self._run(self._submit(program_id, params=params, **request), timeout)


class AsyncSessionSubmissions(AsyncSubmissions, SubmitLogic["AsyncJob"]):
    """The same with a session of an `AsyncRuntimeClient`, which knows the backend."""

    async def sampler(
        self,
        pubs: SamplerPub | Iterable[SamplerPub],
        *,
        shots: int | None = None,
        options: SamplerOptions | None = None,
        via: Primitives | None = None,
        transpile: bool | int = False,
        check_gates: bool | None = None,
        timeout: float | None = None,
        **request: Unpack[SessionSubmitOptions],
    ) -> AsyncJob:
        """Submit circuits to the sampler, and return the job (not its result).

        Arguments and errors are those of the client's method; `backend` may be left out.
        """
        return await self._run(
            self._sampler(
                pubs, shots=shots, options=options, via=via, transpile=transpile, check_gates=check_gates, **request
            ),
            timeout,
        )

    async def estimator(
        self,
        pubs: EstimatorPub | Iterable[EstimatorPub],
        *,
        precision: float | None = None,
        options: EstimatorOptions | None = None,
        resilience_level: int | None = None,
        via: Primitives | None = None,
        transpile: bool | int = False,
        check_gates: bool | None = None,
        timeout: float | None = None,
        **request: Unpack[SessionSubmitOptions],
    ) -> AsyncJob:
        """Submit circuits and observables to the estimator, and return the job (not its result).

        Arguments and errors are those of the client's method; `backend` may be left out.
        """
        return await self._run(
            self._estimator(
                pubs,
                precision=precision,
                options=options,
                resilience_level=resilience_level,
                via=via,
                transpile=transpile,
                check_gates=check_gates,
                **request,
            ),
            timeout,
        )

    async def executor(
        self,
        items: ProgramItem | Iterable[ProgramItem],
        *,
        shots: int | None = None,
        options: ExecutorOptions | None = None,
        passthrough_data: Any = None,
        circuits: CircuitFormat = "openqasm3",
        timeout: float | None = None,
        **request: Unpack[SessionSubmitOptions],
    ) -> AsyncJob:
        """Submit circuits to the executor, which runs them as they are, and return the job (not its result).

        Arguments and errors are those of the client's method; `backend` may be left out.
        """
        return await self._run(
            self._executor(
                items, shots=shots, options=options, passthrough_data=passthrough_data, circuits=circuits, **request
            ),
            timeout,
        )

    async def submit(
        self,
        program_id: str,
        *,
        params: Mapping[str, Any],
        timeout: float | None = None,
        **request: Unpack[SessionSubmitOptions],
    ) -> AsyncJob:
        """Submit a job of any program; its params are sent unchanged.

        Arguments and errors are those of the client's method; `backend` may be left out.
        """
        return await self._run(self._submit(program_id, params=params, **request), timeout)
