"""Typed, light, Qiskit-free client of the Qiskit Runtime (IBM Quantum Compute Service) REST API v1.

    from qiskit_runtime_rest import RuntimeClient

    with RuntimeClient() as client:
        job = client.sampler([qasm3], backend="ibm_fez", shots=1000)
        print(job.result()[0].counts())

Names are loaded when first used, so that importing this package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .client.backends import AsyncBackend, Backend
    from .client.client import AsyncRuntimeClient, RuntimeClient
    from .client.job import AsyncJob, Job
    from .client.listing import Listing
    from .client.logic.jobs import Recovered
    from .client.logic.options import ClientOptions
    from .client.sessions import AsyncSession, Session
    from .config.job_options import EstimatorOptions, RunOptions, SamplerOptions, SessionSubmitOptions, SubmitOptions
    from .config.settings import Settings
    from .directed.program import ExecutorOptions
    from .errors import (
        ApiError,
        AuthenticationError,
        BackendReserved,
        ClientClosed,
        ConfigurationError,
        Conflict,
        ContractViolation,
        ContractWarning,
        EdgeBlocked,
        InvalidInput,
        InvalidRequest,
        JobCancelled,
        JobError,
        JobFailed,
        JobTimeLimit,
        MissingExtra,
        NotFound,
        PendingJobsLimit,
        PermissionDenied,
        QuotaExceeded,
        RateLimited,
        RemovedInV1,
        ResultDecodeError,
        ResultNotSaved,
        ResultUnavailable,
        RuntimeRestError,
        ServerError,
        SessionClosed,
        SubmissionUnknown,
        SubmissionWarning,
        TransportError,
        UnexpectedAnswer,
        WaitStopped,
        WaitTimeout,
    )
    from .http.retry_policy import RetryPolicy
    from .results import Result
    from .submission import JobRequest, SubmissionPolicy, Submitted
    from .waiting import PollInterval, StatusUpdate

__all__ = [
    "ApiError",
    "AsyncBackend",
    "AsyncJob",
    "AsyncRuntimeClient",
    "AsyncSession",
    "AuthenticationError",
    "Backend",
    "BackendReserved",
    "ClientClosed",
    "ClientOptions",
    "ConfigurationError",
    "Conflict",
    "ContractViolation",
    "ContractWarning",
    "EdgeBlocked",
    "EstimatorOptions",
    "ExecutorOptions",
    "InvalidInput",
    "InvalidRequest",
    "Job",
    "JobCancelled",
    "JobError",
    "JobFailed",
    "JobRequest",
    "JobTimeLimit",
    "Listing",
    "MissingExtra",
    "NotFound",
    "PendingJobsLimit",
    "PermissionDenied",
    "PollInterval",
    "QuotaExceeded",
    "RateLimited",
    "Recovered",
    "RemovedInV1",
    "Result",
    "ResultDecodeError",
    "ResultNotSaved",
    "ResultUnavailable",
    "RetryPolicy",
    "RunOptions",
    "RuntimeClient",
    "RuntimeRestError",
    "SamplerOptions",
    "ServerError",
    "Session",
    "SessionClosed",
    "SessionSubmitOptions",
    "Settings",
    "StatusUpdate",
    "SubmissionPolicy",
    "SubmissionUnknown",
    "SubmissionWarning",
    "SubmitOptions",
    "Submitted",
    "TransportError",
    "UnexpectedAnswer",
    "WaitStopped",
    "WaitTimeout",
    "__version__",
]

_ELSEWHERE = {
    "AsyncBackend": "client.backends",
    "AsyncJob": "client.job",
    "AsyncRuntimeClient": "client.client",
    "AsyncSession": "client.sessions",
    "Backend": "client.backends",
    "ClientOptions": "client.logic.options",
    "EstimatorOptions": "config.job_options",
    "ExecutorOptions": "directed.program",
    "Job": "client.job",
    "Listing": "client.listing",
    "PollInterval": "waiting",
    "Recovered": "client.logic.jobs",
    "Result": "results",
    "RetryPolicy": "http.retry_policy",
    "RunOptions": "config.job_options",
    "RuntimeClient": "client.client",
    "SamplerOptions": "config.job_options",
    "Session": "client.sessions",
    "SessionSubmitOptions": "config.job_options",
    "Settings": "config.settings",
    "StatusUpdate": "waiting",
    "JobRequest": "submission",
    "SubmissionPolicy": "submission",
    "SubmitOptions": "config.job_options",
    "Submitted": "submission",
}
"""Module of each public name that is not an error."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_ELSEWHERE.get(name, 'errors')}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
