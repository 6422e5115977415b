"""Everything this package raises.

RuntimeRestError
├── ConfigurationError          settings that cannot work, found before anything is sent
├── InvalidInput                arguments that the service would refuse or misread, found before anything is sent
├── MissingExtra                an optional part of this package is not installed
├── TransportError              no answer: refused, lost, timed out
│   └── ClientClosed                the client was closed, or is another event loop's
├── ApiError                    the service (or IAM, or the edge before it) answered with an error
│   ├── AuthenticationError         credentials refused, by IAM or by the service
│   ├── PermissionDenied            known, but not allowed
│   ├── InvalidRequest              the request breaks the contract or a rule of the service
│   ├── NotFound
│   ├── Conflict                    the state does not allow it
│   │   ├── SessionClosed
│   │   └── QuotaExceeded           the instance's usage limit or monthly quota is reached
│   ├── BackendReserved
│   ├── RateLimited                 too many requests; `retry_after` when the service says it
│   │   └── PendingJobsLimit        too many jobs wait already
│   ├── EdgeBlocked                 refused by the content network, not by the service
│   ├── ServerError
│   └── UnexpectedAnswer            a success whose body is not what the contract promises
├── JobError                    the job ended without a result
│   ├── JobFailed
│   │   └── JobTimeLimit            it ran longer than allowed (reason code 1305)
│   └── JobCancelled
├── ContractViolation           an answer breaks the contract, and `validate=` asked for the check
├── WaitTimeout                 the deadline passed; the job goes on
├── WaitStopped                 the caller's `stop` event was set; the job goes on
├── SubmissionUnknown           nobody can say yet whether the job was recorded
├── ResultUnavailable           there is no result to read (any more)
├── ResultNotSaved              a result could not be written to disk; bytes read already are in its `raw`
├── ResultDecodeError           the result's bytes are not of a known form
└── RemovedInV1                 the classic API had it, v1 has no counterpart
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
"""So many problems of an answer are told in a message; all are in `problems`."""

NAMED_JOBS = 3
"""So many jobs are named in a message about many."""


def _restore(cls: type[RuntimeRestError], message: str, state: dict[str, Any]) -> RuntimeRestError:
    error = cls.__new__(cls, message)
    error.args = (message,)
    error.__dict__.update(state)
    return error


class RuntimeRestError(Exception):
    """Base of all errors of this package. They pickle, so they cross process boundaries.

    Printed, an error is one line without control characters (that of a job that failed has the lines of its log),
    whatever the service said; attributes keep its words.
    """

    _kept: ClassVar[str] = ""

    def __str__(self) -> str:
        """The message, fit for terminals and logs."""
        return printable(super().__str__(), keep=self._kept)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by state: subclasses take keyword arguments that `args` does not keep."""
        return _restore, (type(self), str(self), dict(self.__dict__))


class ConfigurationError(RuntimeRestError):
    """Settings that cannot work; raised before anything is sent."""


class InvalidInput(RuntimeRestError, ValueError):
    """Arguments that the service would refuse or misread; raised before anything is sent."""


class MissingExtra(RuntimeRestError, ImportError):
    """A package that only an extra installs is missing.

    `extra`: name of the extra, as in `pip install 'qiskit-runtime-rest[extra]'`.
    """

    def __init__(self, feature: str, *, extra: str, module: str | None = None) -> None:
        """Say which `feature` needs which `extra`, and the command that installs it."""
        missing = f" ({module} is not installed)" if module else ""
        super().__init__(f"{feature} needs an extra{missing}: pip install 'qiskit-runtime-rest[{extra}]'")
        self.extra = extra


class TransportError(RuntimeRestError):
    """No answer came: connection refused or lost, name unknown, time out.

    `method`, `url`: the request. `sent`: whether bytes of it may have reached the service.
    """

    def __init__(self, message: str, *, method: str, url: str, sent: bool) -> None:
        """Keep the request's `method` and `url`, and whether it may have been `sent`."""
        super().__init__(message)
        self.method = method
        self.url = url
        self.sent = sent


class ClientClosed(TransportError, RuntimeError):
    """The client was closed, before the request or while it was under way; or it is another event loop's, or process's.

    Nothing was `sent`, unless the request was under way. The message says how to go on.
    """


class ApiError(RuntimeRestError):
    """An answer that is an error.

    Attributes:
        status: HTTP status.
        code: the service's code, an int where it is numeric, a str where it is a word, None without one.
        message: what the service said.
        solution: what the service advises, or None.
        more_info: address of the service's page on this error, or None.
        trace: the service's trace id, or None.
        request_id: id of the request in the answer's headers, or None.
        ray_id: id given by the content network (`CF-RAY`), or None.
        retry_after: seconds the service asks to wait (3600 for any more), or None.
        method, url: the request that was answered.
        excerpt: start of the body when it is not the service's error format, else None.

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
        """Compose one line for people out of what the answer said."""
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
            f"asks to wait {self.retry_after:g} s" if self.retry_after is not None else "",
            f"trace {self.trace}" if self.trace else "",
            f"request {self.request_id}" if self.request_id else "",
            f"Ray ID {self.ray_id}" if self.ray_id else "",
        ]
        parts = [head, self.solution or "", f"[{'; '.join(fact for fact in facts if fact)}]"]
        if self.excerpt:
            parts.append(f"The body began: {self.excerpt!r}")
        return " ".join(part for part in parts if part and part != "[]")


class AuthenticationError(ApiError):
    """The credentials were refused, by IAM (`message` is its own) or by the service (status 401)."""


class PermissionDenied(ApiError):
    """The service knows the caller and does not allow this (status 403)."""


class InvalidRequest(ApiError):
    """The request breaks the contract or a rule of the service (status 400, 413, 415, 422)."""


class NotFound(ApiError):
    """No such job, session, backend ... for this instance (status 404)."""


class Conflict(ApiError):
    """The state of the thing does not allow it, e.g. cancelling a finished job (status 409)."""


class SessionClosed(Conflict):
    """The session takes no jobs any more (code 4001)."""


class QuotaExceeded(Conflict):
    """The instance's usage limit (409 on `create_job`) or monthly quota (code 4317) is reached.

    `resets_at`: when the usage period ends, as the service writes it, or None.
    """

    resets_at: str | None = None


class SubmissionWarning(UserWarning):
    """Something about a submission that its owner should know, and that does not stop it."""


class BackendReserved(ApiError):
    """The backend is reserved for somebody else right now (status 423, code 1233)."""


class RateLimited(ApiError):
    """Too many requests (status 429, code 1202); `retry_after` in seconds when the service says it."""


class PendingJobsLimit(RateLimited):
    """Too many jobs of this instance wait already (code 3458)."""


class EdgeBlocked(ApiError):
    """The content network refused the request before it reached the service; give `ray_id` to support."""


class ServerError(ApiError):
    """The service, or the edge on its behalf, failed (status 408, 499 and 5xx)."""


class UnexpectedAnswer(ApiError):
    """A success whose body is not what the contract promises: HTML, cut short, of another shape."""


class ContractViolation(RuntimeRestError):
    """An answer that is not what the contract of its API version says; only with `validate=` (see `Settings`).

    Attributes:
        operation: method and path in the contract, such as `GET /v1/jobs/{id}`.
        status: HTTP status.
        api_version: the version whose contract it is.
        problems: what is wrong, each with its place, as in `$.state.status: is a number, not string`.
        answer: the answer's JSON (its text, if it is none): what was done has been done, and nothing is lost.

    Credentials that an answer echoes are blanked in all of them.
    """

    def __init__(
        self, *, operation: str, status: int, api_version: str, problems: Sequence[str], answer: Any = None
    ) -> None:
        """Compose one message out of the first problems."""
        self.operation = operation
        self.status = status
        self.api_version = api_version
        self.problems = tuple(problems)
        self.answer = answer
        more = "; and more" if len(self.problems) > NAMED_PROBLEMS else ""
        super().__init__(
            f"the answer to {operation} (HTTP {status}) breaks the contract of API version {api_version}: "
            f"{'; '.join(self.problems[:NAMED_PROBLEMS])}{more}. The request itself was fine, and what it asked for "
            "was done. `qrr contract drift` tells whether the contract has changed; validate='off' stops the check."
        )


class ContractWarning(UserWarning):
    """An answer breaks the contract, and `validate="warn"` was chosen."""


class JobError(RuntimeRestError):
    """A job ended without a result.

    Attributes:
        job_id: the job.
        status: the job's status word as the service wrote it.
        reason: why, in the service's words, or None.
        code: the service's reason code, or None.
        solution: what the service advises, or None.
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
        """Compose one message out of the job's state."""
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
    """The job ran longer than its time limit and was ended by the service (reason code 1305)."""


class JobCancelled(JobError):
    """Somebody cancelled the job."""


class WaitTimeout(RuntimeRestError, TimeoutError):
    """The wait's deadline passed; what was waited for goes on, unless `status` says that it has completed.

    Attributes:
        job_id: the job; of many, the first that is left; empty when a session is not closed yet.
        status: the last status seen of it (or of the session), or None.
        waited: seconds.
        job_ids: all jobs that are left.
        session_id: the session that is not closed yet, or None.
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
        """Say how to come back."""
        self.job_id = job_id
        self.status = status
        self.waited = waited
        self.job_ids = tuple(job_ids) or ((job_id,) if job_id else ())
        self.session_id = session_id
        is_as = f"{_left(self.job_ids, session_id, status)} after {waited:.1f} s of waiting"
        if session_id is not None:
            how = f"come back with client.sessions.get({session_id!r}).wait()"
            how = f"Its jobs are not all listed; {how}." if status == "closed" else f"It goes on; {how}, or close() it."
        elif len(self.job_ids) > 1:
            how = "They go on; come back with client.jobs.wait_all(error.job_ids)."
        elif status == "Completed":
            how = (
                f"It has completed; read its result with client.jobs.get({job_id!r}).result() or `qrr result {job_id}`."
            )
        else:
            how = f"It goes on; come back with client.jobs.get({job_id!r}).wait() or `qrr wait {job_id}`."
        super().__init__(f"{is_as}. {how}")


class WaitStopped(RuntimeRestError):
    """The `stop` event given to a wait was set; what was waited for goes on. Attributes as of `WaitTimeout`."""

    def __init__(
        self, *, job_id: str, status: str | None, job_ids: Sequence[str] = (), session_id: str | None = None
    ) -> None:
        """Keep what is left."""
        self.job_id = job_id
        self.status = status
        self.job_ids = tuple(job_ids) or ((job_id,) if job_id else ())
        self.session_id = session_id
        super().__init__(f"stopped waiting: {_left(self.job_ids, session_id, status)}; what is left goes on.")


def _left(job_ids: Sequence[str], session_id: str | None, status: str | None) -> str:
    seen = status or "not seen yet"
    if session_id is not None:
        return f"session {session_id} is {seen}"
    if len(job_ids) == 1:
        return f"job {job_ids[0]} is {seen}"
    named = ", ".join([*job_ids[:NAMED_JOBS], "..."] if len(job_ids) > NAMED_JOBS else job_ids)
    return f"{len(job_ids)} jobs are left ({named})"


class SubmissionUnknown(RuntimeRestError):
    """A job was sent and no usable answer came: it may exist, or not.

    Attributes:
        tag: the unique tag that the job carries, by which it can be found, or None.
        request: the body that was sent.
        look_again: how the client that sent it looks for the job; None in another process.
    """

    def __init__(
        self,
        message: str,
        *,
        tag: str | None = None,
        request: dict[str, Any] | None = None,
    ) -> None:
        """Keep the `tag` by which the job can be looked up."""
        super().__init__(message)
        self.tag = tag
        self.request = request
        self.look_again: Callable[[], Any] | None = None

    def recover(self) -> Any:
        """Look for the job once more; its handle (awaited on an async client), or this error raised again."""
        if self.look_again is None:
            raise self
        return self.look_again()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without the client: in another process, look for the job with `client.jobs.find(tag)`."""
        return _restore, (type(self), str(self), {**self.__dict__, "look_again": None})


class ResultUnavailable(RuntimeRestError):
    """There is no result to read: not yet, not any more, or never.

    Attributes:
        job_id: the job.
        saved: path of a copy that an earlier read saved (`client.load_result(saved)` reads it), or None.
        raw: bytes that came before the connection ended, of a result that the service does not give again.
    """

    def __init__(self, message: str, *, job_id: str | None = None, saved: str | None = None, raw: bytes = b"") -> None:
        """Keep what there is."""
        super().__init__(message)
        self.job_id = job_id
        self.saved = saved
        self.raw = raw


class ResultNotSaved(RuntimeRestError):
    """A result could not be written to disk: before it was read, or while.

    Attributes:
        job_id: the job.
        path: the folder it was to be saved in.
        raw: its bytes, if it was read; b"" if it was not, and is still with the service.
    """

    def __init__(self, message: str, *, job_id: str, path: str, raw: bytes = b"") -> None:
        """Keep the bytes as they came."""
        super().__init__(message)
        self.job_id = job_id
        self.path = path
        self.raw = raw


class ResultDecodeError(RuntimeRestError):
    """The bytes of a result are not of a known form; `raw` keeps them, so nothing is lost."""

    def __init__(self, message: str, *, raw: bytes = b"") -> None:
        """Keep the bytes as they came."""
        super().__init__(message)
        self.raw = raw


class RemovedInV1(RuntimeRestError):
    """The classic API had this and v1 has no counterpart. `replacement` says what to use instead, if anything."""

    def __init__(self, message: str, *, replacement: str | None = None) -> None:
        """Say what was removed, and the `replacement`."""
        super().__init__(f"{message} {replacement}" if replacement else message)
        self.replacement = replacement
