"""All errors of this package.

RuntimeRestError
├── ConfigurationError          settings that cannot work; nothing was sent
├── InvalidInput                arguments that the service would refuse or misread; nothing was sent
├── MissingExtra                an optional part of this package is not installed
├── TransportError              no response: connection refused, lost or timed out
│   └── ClientClosed                the client was closed, or belongs to another event loop
├── ApiError                    an error response of the service, of IAM or of the content network
│   ├── AuthenticationError         IAM or the service refused the credentials
│   ├── PermissionDenied            the credentials are valid, but do not allow this
│   ├── InvalidRequest              the request breaks the contract or a rule of the service
│   ├── NotFound                    no such job, session, backend ...
│   ├── Conflict                    the state of the job, session ... does not allow this
│   │   ├── SessionClosed               the session accepts no more jobs
│   │   └── QuotaExceeded               the instance's usage limit or monthly quota is reached
│   ├── BackendReserved             the backend is reserved for another user
│   ├── RateLimited                 too many requests; `retry_after` if the service gives it
│   │   └── PendingJobsLimit            too many jobs are pending
│   ├── EdgeBlocked                 the content network refused the request, not the service
│   ├── ServerError                 the service failed
│   └── UnexpectedAnswer            a success with a body that does not follow the contract
├── JobError                    the job ended without a result
│   ├── JobFailed                   the job failed
│   │   └── JobTimeLimit                it ran longer than its limit (reason code 1305)
│   └── JobCancelled                the job was cancelled
├── ContractViolation           a response breaks the contract; only with `validate=`
├── WaitTimeout                 the deadline of the wait passed; the job continues
├── WaitStopped                 the caller's `stop` event was set; the job continues
├── SubmissionUnknown           it is unknown whether the job was created
├── ResultUnavailable           there is no result to read, or not any more
├── ResultNotSaved              a result cannot be written to disk; its `raw` has the bytes read so far
├── ResultDecodeError           the result's bytes have no known format
└── RemovedInV1                 the classic API had this feature, v1 has no counterpart
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from .base.text import LINES, printable

__all__ = [
    "ApiError",
    "AuthenticationError",
    "BackendReserved",
    "ClientClosed",
    "ConfigurationError",
    "Conflict",
    "ContractViolation",
    "ContractWarning",
    "EdgeBlocked",
    "InvalidInput",
    "InvalidRequest",
    "JobCancelled",
    "JobError",
    "JobFailed",
    "JobTimeLimit",
    "MissingExtra",
    "NotFound",
    "PendingJobsLimit",
    "PermissionDenied",
    "QuotaExceeded",
    "RateLimited",
    "RemovedInV1",
    "ResultDecodeError",
    "ResultNotSaved",
    "ResultUnavailable",
    "RuntimeRestError",
    "ServerError",
    "SessionClosed",
    "SubmissionUnknown",
    "SubmissionWarning",
    "TransportError",
    "UnexpectedAnswer",
    "WaitStopped",
    "WaitTimeout",
]

NAMED_PROBLEMS = 3
"""Maximum number of problems in a message; `problems` has all."""

NAMED_JOBS = 3
"""Maximum number of job ids in a message; `job_ids` has all."""


def _restore(cls: type[RuntimeRestError], message: str, state: dict[str, Any]) -> RuntimeRestError:
    error = cls.__new__(cls, message)
    error.args = (message,)
    error.__dict__.update(state)
    return error


class RuntimeRestError(Exception):
    """Base of all errors of this package. They pickle, so they cross process boundaries.

    `str(error)` is one line without control characters; that of a failed job also has the lines of its log. Attributes
    keep the texts of the service unchanged.
    """

    _kept: ClassVar[str] = ""

    def __str__(self) -> str:
        """The message, safe for terminals and logs."""
        return printable(super().__str__(), keep=self._kept)

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the traceback up to the last line of the user's code."""
        from .base.notebooks import users_traceback

        return users_traceback(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the state: `args` does not contain the keyword arguments of subclasses."""
        return _restore, (type(self), str(self), dict(self.__dict__))


class ConfigurationError(RuntimeRestError):
    """Settings that cannot work; raised before anything is sent."""


class InvalidInput(RuntimeRestError, ValueError):
    """Arguments that the service would refuse or misread; raised before anything is sent."""


class MissingExtra(RuntimeRestError, ImportError):
    """A package is missing that one of the extras installs.

    `extra`: name of the extra, as in `pip install 'qiskit-runtime-rest[extra]'`.
    """

    def __init__(self, feature: str, *, extra: str, module: str | None = None) -> None:
        """Name the `feature`, its `extra`, and the command that installs it."""
        missing = f" ({module} is not installed)" if module else ""
        super().__init__(f"{feature} needs an extra{missing}: pip install 'qiskit-runtime-rest[{extra}]'")
        self.extra = extra


class TransportError(RuntimeRestError):
    """There was no response: the connection was refused, lost or timed out, or the host name is unknown.

    `method`, `url`: the request. `sent`: whether bytes of it may have reached the service.
    """

    def __init__(self, message: str, *, method: str, url: str, sent: bool) -> None:
        """Keep the request's `method` and `url`, and whether it may have been `sent`."""
        super().__init__(message)
        self.method = method
        self.url = url
        self.sent = sent


class ClientClosed(TransportError, RuntimeError):
    """The client was closed, before or during the request; or it belongs to another event loop or process.

    `sent` is False unless the request had started. The message says what to do.
    """


class ApiError(RuntimeRestError):
    """An error response.

    Attributes:
        status: HTTP status.
        code: the service's error code: an int if it is numeric, a str if it is a word, or None.
        message: the service's message.
        solution: the service's advice, or None.
        more_info: URL of the service's page about this error, or None.
        trace: the service's trace id, or None.
        request_id: id of the request from the response headers, or None.
        ray_id: id from the content network (`CF-RAY`), or None.
        retry_after: seconds to wait before the next request, at most 3600, or None.
        method, url: the request.
        excerpt: start of the body if it does not have the service's error format, else None.

    Source: schemas `ErrorContainer` and `GenericErrorDto` of the contract.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: int | str | None = None,
        solution: str | None = None,
        more_info: str | None = None,
        trace: str | None = None,
        request_id: str | None = None,
        ray_id: str | None = None,
        retry_after: float | None = None,
        method: str = "",
        url: str = "",
        excerpt: str | None = None,
    ) -> None:
        """Compose one line from the facts of the response."""
        self.message = message
        self.status = status
        self.code = code
        self.solution = solution
        self.more_info = more_info
        self.trace = trace
        self.request_id = request_id
        self.ray_id = ray_id
        self.retry_after = retry_after
        self.method = method
        self.url = url
        self.excerpt = excerpt
        super().__init__(self._describe())

    def _describe(self) -> str:
        head = f"{self.message.rstrip('.')} (HTTP {self.status}"
        head += f", code {self.code})." if self.code is not None else ")."
        facts = [
            f"{self.method} {self.url}".strip(),
            f"retry after {self.retry_after:g} s" if self.retry_after is not None else "",
            f"trace {self.trace}" if self.trace else "",
            f"request {self.request_id}" if self.request_id else "",
            f"Ray ID {self.ray_id}" if self.ray_id else "",
        ]
        parts = [head, self.solution or "", f"[{'; '.join(fact for fact in facts if fact)}]"]
        if self.excerpt:
            parts.append(f"The body began: {self.excerpt!r}")
        return " ".join(part for part in parts if part and part != "[]")


class AuthenticationError(ApiError):
    """IAM or the service (status 401) refused the credentials; `message` is theirs."""


class PermissionDenied(ApiError):
    """The credentials are valid, but do not allow this (status 403)."""


class InvalidRequest(ApiError):
    """The request breaks the contract or a rule of the service (status 400, 413, 415, 422)."""


class NotFound(ApiError):
    """No such job, session, backend ... for this instance (status 404)."""


class Conflict(ApiError):
    """The current state does not allow this, such as cancelling a finished job (status 409)."""


class SessionClosed(Conflict):
    """The session accepts no more jobs (code 4001)."""


class QuotaExceeded(Conflict):
    """The instance's usage limit (409 on `create_job`) or monthly quota (code 4317) is reached.

    `resets_at`: the end of the usage period in the service's format, or None.
    """

    resets_at: str | None = None


class SubmissionWarning(UserWarning):
    """A problem with a submission that does not stop it."""


class BackendReserved(ApiError):
    """The backend is reserved for another user at the moment (status 423, code 1233)."""


class RateLimited(ApiError):
    """Too many requests (status 429, code 1202); `retry_after` in seconds if the service gives it."""


class PendingJobsLimit(RateLimited):
    """Too many jobs of this instance are pending (code 3458)."""


class EdgeBlocked(ApiError):
    """The content network refused the request before it reached the service; send `ray_id` to support."""


class ServerError(ApiError):
    """The service or its content network failed (status 408, 499 and 5xx)."""


class UnexpectedAnswer(ApiError):
    """A success with a body that does not follow the contract: HTML, truncated, or of another shape."""


class ContractViolation(RuntimeRestError):
    """A response that breaks the contract of its API version; only with `validate=` (see `Settings`).

    Attributes:
        operation: method and path in the contract, such as `GET /v1/jobs/{id}`.
        status: HTTP status.
        api_version: the API version of the contract.
        problems: each problem with its place, such as `$.state.status: is a number, not string`.
        answer: the JSON of the response, or its text if it is not JSON. The request itself has succeeded.

    Credentials in the response are replaced by `***` in all of them.
    """

    def __init__(
        self, *, operation: str, status: int, api_version: str, problems: Sequence[str], answer: Any = None
    ) -> None:
        """Compose one message from the first problems."""
        self.operation = operation
        self.status = status
        self.api_version = api_version
        self.problems = tuple(problems)
        self.answer = answer
        more = "; and more" if len(self.problems) > NAMED_PROBLEMS else ""
        super().__init__(
            f"the response to {operation} (HTTP {status}) breaks the contract of API version {api_version}: "
            f"{'; '.join(self.problems[:NAMED_PROBLEMS])}{more}. The request itself has succeeded. Run `qrr contract "
            "drift` to see whether the contract has changed, or switch this check off with validate='off'."
        )


class ContractWarning(UserWarning):
    """A response breaks the contract, and `validate` is "warn"."""


class JobError(RuntimeRestError):
    """A job ended without a result.

    Attributes:
        job_id: the job.
        status: the job's status as the service wrote it.
        reason: the service's reason, or None.
        code: the service's reason code, or None.
        solution: the service's advice, or None.
        log_tail: last lines of the job's log, or None.
        summary: the message without the log.

    Source: schema `JobState` of the contract.
    """

    _kept = LINES

    def __init__(
        self,
        *,
        job_id: str,
        status: str,
        reason: str | None = None,
        code: int | str | None = None,
        solution: str | None = None,
        log_tail: str | None = None,
    ) -> None:
        """Compose one message from the job's state."""
        self.job_id = job_id
        self.status = status
        self.reason = reason
        self.code = code
        self.solution = solution
        self.log_tail = log_tail
        head = f"job {job_id}: {status}"
        if reason:
            head += f": {reason.rstrip('.')}"
        if code is not None:
            head += f" (code {code})"
        self.summary = " ".join(printable(part) for part in (f"{head}.", solution) if part)
        super().__init__(f"{self.summary} \nThe log ends:\n{log_tail}" if log_tail else self.summary)


class JobFailed(JobError):
    """The job failed."""


class JobTimeLimit(JobFailed):
    """The job ran longer than its time limit, and the service ended it (reason code 1305)."""


class JobCancelled(JobError):
    """The job was cancelled."""


class WaitTimeout(RuntimeRestError, TimeoutError):
    """The deadline of the wait passed; the job or session continues, unless `status` says that it has completed.

    Attributes:
        job_id: the job, or the first of several unfinished jobs; empty for a session.
        status: its last known status (or that of the session), or None.
        waited: seconds.
        job_ids: all unfinished jobs.
        session_id: the session that is still open, or None.
    """

    def __init__(
        self,
        *,
        job_id: str,
        status: str | None,
        waited: float,
        job_ids: Sequence[str] = (),
        session_id: str | None = None,
    ) -> None:
        """Say how to wait again."""
        self.job_id = job_id
        self.status = status
        self.waited = waited
        self.job_ids = tuple(job_ids) or ((job_id,) if job_id else ())
        self.session_id = session_id
        if session_id is not None:
            how = f"wait again with client.sessions.get({session_id!r}).wait()"
            if status == "closed":
                how = f"The service does not list all its jobs yet; {how}."
            else:
                how = f"It continues; {how}, or close() it."
        elif len(self.job_ids) > 1:
            how = "They continue; wait again with client.jobs.wait_all(error.job_ids)."
        elif status == "Completed":
            how = (
                f"It has completed; read its result with client.jobs.get({job_id!r}).result() or `qrr result {job_id}`."
            )
        else:
            how = f"It continues; wait again with client.jobs.get({job_id!r}).wait() or `qrr wait {job_id}`."
        super().__init__(f"{_unfinished(self.job_ids, session_id, status)} after {waited:.1f} s of waiting. {how}")


class WaitStopped(RuntimeRestError):
    """The `stop` event of a wait was set; the job or session continues. Attributes as for `WaitTimeout`."""

    def __init__(
        self, *, job_id: str, status: str | None, job_ids: Sequence[str] = (), session_id: str | None = None
    ) -> None:
        """Keep the unfinished jobs."""
        self.job_id = job_id
        self.status = status
        self.job_ids = tuple(job_ids) or ((job_id,) if job_id else ())
        self.session_id = session_id
        continues = "They continue" if len(self.job_ids) > 1 else "It continues"
        super().__init__(f"stopped waiting: {_unfinished(self.job_ids, session_id, status)}. {continues}.")


def _unfinished(job_ids: Sequence[str], session_id: str | None, status: str | None) -> str:
    if session_id is None and len(job_ids) != 1:
        named = ", ".join([*job_ids[:NAMED_JOBS], "..."] if len(job_ids) > NAMED_JOBS else job_ids)
        return f"{len(job_ids)} jobs are not finished ({named})"
    name = f"job {job_ids[0]}" if session_id is None else f"session {session_id}"
    return f"{name} is {status}" if status else f"the status of {name} is unknown"


class SubmissionUnknown(RuntimeRestError):
    """A job was sent without a usable response: it is unknown whether the job exists.

    Attributes:
        tag: the unique tag of the job, to find it by, or None.
        request: the body that was sent.
        look_again: looks for the job with the client that sent it; None in another process.
    """

    def __init__(
        self,
        message: str,
        *,
        tag: str | None = None,
        request: dict[str, Any] | None = None,
    ) -> None:
        """Keep the `tag` to find the job by."""
        super().__init__(message)
        self.tag = tag
        self.request = request
        self.look_again: Callable[[], Any] | None = None

    def recover(self) -> Any:
        """Look for the job again: return its handle (await it on an async client), or raise this error again."""
        if self.look_again is None:
            raise self
        return self.look_again()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without the client. In another process, look for the job with `client.jobs.find(tag)`."""
        return _restore, (type(self), str(self), {**self.__dict__, "look_again": None})


class ResultUnavailable(RuntimeRestError):
    """There is no result to read: not yet, not any more, or never.

    Attributes:
        job_id: the job.
        saved: path of a copy that an earlier read saved (`client.load_result(saved)` reads it), or None.
        raw: for a result that can be read only once: the bytes received before the connection ended.
    """

    def __init__(self, message: str, *, job_id: str | None = None, saved: str | None = None, raw: bytes = b"") -> None:
        """Keep the copy and the bytes that exist."""
        super().__init__(message)
        self.job_id = job_id
        self.saved = saved
        self.raw = raw


class ResultNotSaved(RuntimeRestError):
    """A result cannot be written to disk; detected before it was read, or during the read.

    Attributes:
        job_id: the job.
        path: the folder for the copy.
        raw: the bytes of the result; b"" if it was not read, so that the service still has it.
    """

    def __init__(self, message: str, *, job_id: str, path: str, raw: bytes = b"") -> None:
        """Keep the bytes unchanged."""
        super().__init__(message)
        self.job_id = job_id
        self.path = path
        self.raw = raw


class ResultDecodeError(RuntimeRestError):
    """The bytes of a result have no known format; `raw` keeps them, so nothing is lost."""

    def __init__(self, message: str, *, raw: bytes = b"") -> None:
        """Keep the bytes unchanged."""
        super().__init__(message)
        self.raw = raw


class RemovedInV1(RuntimeRestError):
    """The classic API had this, and v1 has no counterpart. `replacement`: the feature to use instead, or None."""

    def __init__(self, message: str, *, replacement: str | None = None) -> None:
        """Name the removed feature, and the `replacement`."""
        super().__init__(f"{message} {replacement}" if replacement else message)
        self.replacement = replacement
