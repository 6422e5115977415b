"""Typed, light, Qiskit-free client of the Qiskit Runtime (IBM Quantum Compute Service) REST API v1.

    from qiskit_runtime_rest import RuntimeClient

    with RuntimeClient() as client:
        job = client.sampler([qasm3], backend="ibm_torino", shots=1000)
        print(job.result()[0].counts())

Names are loaded when first used, so that importing this package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .backends import AsyncBackend, Backend
    from .client import AsyncRuntimeClient, RuntimeClient
    from .connection import RetryPolicy
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
    from .job import AsyncJob, Job
    from .results import Result
    from .sessions import AsyncSession, Session
    from .settings import Settings
    from .submission import JobRequest, SubmissionPolicy
    from .submit import SubmitOptions, Submitted
    from .waiting import Pace, StatusUpdate

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
    "ConfigurationError",
    "Conflict",
    "ContractViolation",
    "ContractWarning",
    "EdgeBlocked",
    "InvalidInput",
    "InvalidRequest",
    "Job",
    "JobCancelled",
    "JobError",
    "JobFailed",
    "JobRequest",
    "JobTimeLimit",
    "MissingExtra",
    "NotFound",
    "Pace",
    "PendingJobsLimit",
    "PermissionDenied",
    "QuotaExceeded",
    "RateLimited",
    "RemovedInV1",
    "Result",
    "ResultDecodeError",
    "ResultNotSaved",
    "ResultUnavailable",
    "RetryPolicy",
    "RuntimeClient",
    "RuntimeRestError",
    "ServerError",
    "Session",
    "SessionClosed",
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
    "AsyncBackend": "backends",
    "AsyncJob": "job",
    "AsyncRuntimeClient": "client",
    "AsyncSession": "sessions",
    "Backend": "backends",
    "Job": "job",
    "Pace": "waiting",
    "Result": "results",
    "RetryPolicy": "connection",
    "RuntimeClient": "client",
    "Session": "sessions",
    "Settings": "settings",
    "StatusUpdate": "waiting",
    "JobRequest": "submission",
    "SubmissionPolicy": "submission",
    "SubmitOptions": "submit",
    "Submitted": "submit",
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
