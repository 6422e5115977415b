"""Translate classic requests to v1, and the responses back."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import anyio
import anyio.to_thread

from ...config.settings import Settings
from ...errors import (
    ApiError,
    AuthenticationError,
    ConfigurationError,
    InvalidInput,
    RuntimeRestError,
    SubmissionUnknown,
    TransportError,
)
from ...waiting import JobSnapshot, PollInterval
from ..messages import (
    INVALID_CREDENTIALS,
    INVALID_INPUT,
    MISCONFIGURED,
    NO_SUCH_CALL,
    REMOVED,
    UNAVAILABLE,
    UNEXPECTED,
    ClassicAnswer,
    ClassicError,
    ClassicRequest,
)
from ..programs import Programs
from ..programs.local_jobs import LocalJobs
from ..store import KnownJobs, Store
from ..table import Match, Route, find_route
from .account import device_names, hub_instances, instance, job_tags, least_busy_backend, own_account, own_workloads
from .call import ERAS, Call, CallRecord, Era, Means, Note, Notes, read_body
from .callers import LIFETIME_SECONDS, AccessTokens, Caller, Service, caller_with, presented
from .instances import Instances, named_instance
from .jobs import classic_job, classic_jobs, era_body, is_oldest_form, job_options, known_program, submit, submitted_job
from .primitives import primitive_v1, primitive_v2
from .sessions import classic_session, classic_session_id, close_session, session_body, start_session

__all__ = ["Translator"]

Transformation = Callable[[Call], Awaitable[None]]

OF_REQUESTS: dict[str, Transformation] = {
    function.__name__: function
    for function in (
        classic_session,
        era_body,
        instance,
        job_options,
        job_tags,
        known_program,
        least_busy_backend,
        own_account,
        own_workloads,
        primitive_v2,
        session_body,
        start_session,
    )
}
OF_ANSWERS: dict[str, Transformation] = {
    function.__name__: function
    for function in (
        classic_job,
        classic_jobs,
        classic_session_id,
        device_names,
        hub_instances,
        primitive_v1,
        submitted_job,
    )
}
SENT_OTHERWISE: dict[str, Transformation] = {"POST /v1/jobs": submit}
"""Operations that are more than one request."""

MOST_CALLS = 10_000
CARRIED_HEADERS = ("retry-after",)
OF_A_JOB = "/jobs/{id}"
SWITCHING_PROTOCOLS = 101


class Translator:
    """Answers classic calls. Belongs to one event loop; close it there."""

    def __init__(
        self,
        *,
        settings: Mapping[str, Any] | None = None,
        instances: Mapping[str, str] | str | Path | None = None,
        era: str = "2023",
        credentials: Literal["caller", "settings"] = "caller",
        store: str | Path | None = None,
    ) -> None:
        """Nothing is sent yet.

        Args:
            settings: arguments of `Settings`: base_url, iam_url, instance, api_key, ...
            instances: from `hub/group/project` to CRN; see `Instances`.
            era: which classic API is spoken where a call does not show it: 2021 or 2023.
            credentials: whose API key is used: the one each caller brings, or for all calls that of the settings.
            store: the file for programs and for what jobs were asked with; None: one in the user's state directory.

        Raises:
            ConfigurationError: something cannot work; the message says what to do.
        """
        if era not in ERAS:
            raise ConfigurationError(f"era={era!r}: it is one of {', '.join(ERAS)}.")
        own = Settings(**(settings or {}))
        self._own = _own_caller(own) if credentials == "settings" else None
        self._era: Era = "2021" if era == "2021" else "2023"
        self._tokens = AccessTokens()
        known = Instances(instances, default=own.instance)
        kept = Store(Path(store) if store is not None else None)
        with kept.transaction():
            pass  # what cannot be written is told now, and not to whoever has just submitted a job
        self._means = Means(
            service=Service(settings or {}, any_instance=known.any),
            instances=known,
            jobs=KnownJobs(kept),
            local_jobs=LocalJobs(kept),
            programs=Programs(kept),
        )
        self.notes = Notes()
        self.calls: deque[CallRecord] = deque(maxlen=MOST_CALLS)

    async def answer(self, request: ClassicRequest) -> ClassicAnswer:
        """Answer a call; one that cannot be answered gets a classic error."""
        match = find_route(request.method, request.path)
        notes: list[Note] = []
        told = ""
        try:
            answer = await self._answer(request, match, notes)
        except (ClassicError, RuntimeRestError) as error:
            refusal = classic_error(error)
            answer, told = refusal.answer, refusal.message
        self._record(request, match, answer.status, notes, told)
        return answer

    async def stream(self, request: ClassicRequest) -> AsyncIterator[str]:
        """The messages of `/stream/jobs/{id}`: what is listened to, interim results, the result.

        Raises:
            ClassicError: before the first message: the call cannot be answered.
        """
        match = find_route(request.method, request.path)
        notes: list[Note] = []
        status, told = SWITCHING_PROTOCOLS, ""
        try:
            if match is None or match.route.here != "stream":
                raise ClassicError(NO_SUCH_CALL)
            async with self._call(request, match, notes) as call:
                async for message in self._messages(call):
                    yield message
        except (ClassicError, RuntimeRestError) as error:
            refusal = classic_error(error)
            status, told = refusal.status, refusal.message
            raise refusal from error
        finally:  # also when the listener leaves early
            self._record(request, match, status, notes, told)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._means.service.aclose()

    # One call

    async def _answer(self, request: ClassicRequest, match: Match | None, notes: list[Note]) -> ClassicAnswer:
        if match is None:
            raise ClassicError(NO_SUCH_CALL, f"{request.method} {request.path[:200]}")
        route = match.route
        if route.here is None and route.v1 is None:
            raise ClassicError(REMOVED, f"{route.method} {route.path}: {route.removed}.", solution=_instead(route))
        match route.here:
            case "login":
                return await self._login(request, notes, route)
            case "logout":
                return await self._logout(request)
            case "stream":
                raise ClassicError(INVALID_INPUT, "This is a WebSocket.", solution="Connect with ws:// or wss://.")
            case str(here):
                return await self._programs(here.removeprefix("programs."), request, match, notes)
        async with self._call(request, match, notes) as call:
            if (local := call.kept.get("local_job")) is not None:
                if route.method == "PUT":
                    call.note("tags", f"ignored: {local.program_id} runs here")
                return await anyio.to_thread.run_sync(self._means.local_jobs.answer, local, route)
            return await self._translated(call)

    async def _translated(self, call: Call) -> ClassicAnswer:
        route = call.route
        assert route.v1 is not None
        try:
            for name in route.request:
                await OF_REQUESTS[name](call)
                if call.answer is not None:
                    return call.answer
            if route.v1 in SENT_OTHERWISE:
                await SENT_OTHERWISE[route.v1](call)
            else:
                call.sent = await call.ask(route.v1, names=call.names, query=call.query, body=call.body)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await close_session(call)
            raise
        for name in route.answer:
            await OF_ANSWERS[name](call)
        return call.answer or _as_sent(call)

    @contextlib.asynccontextmanager
    async def _call(self, request: ClassicRequest, match: Match, notes: list[Note]) -> AsyncIterator[Call]:
        body = read_body(request)
        query = {name: list(values) for name, values in request.query.items()}
        caller = self._caller(request, match.route, notes)
        if caller is None:
            if not match.route.public:
                raise ClassicError(INVALID_CREDENTIALS)
            caller = self._own or Caller("anonymous")
        name, _ = named_instance(query, body, request.headers)
        crn = self._means.instances.crn(name)
        async with self._means.service.client(caller, crn) as client:
            call = Call(
                request=request,
                route=match.route,
                names=dict(match.names),
                era="2021" if is_oldest_form(body) else self._era,
                means=self._means,
                caller=caller,
                query=query,
                body=body,
                client=client,
                notes=notes,
            )
            call.kept["name"] = name
            await self._find_local_job(call)
            yield call

    async def _find_local_job(self, call: Call) -> None:
        """Keep the job that a call is about, if it ran here and not on the service."""
        if OF_A_JOB in call.route.path and self._means.local_jobs.has(call.names["id"]):
            job_id, owner = call.names["id"], await call.owner()
            call.kept["local_job"] = await anyio.to_thread.run_sync(
                lambda: self._means.local_jobs.get(job_id, owner=owner)
            )

    # Who is calling

    def _caller(self, request: ClassicRequest, route: Route, notes: list[Note]) -> Caller | None:
        brought = presented(request.headers)
        if brought is None:
            return None
        header, token = brought
        if self._own is not None and not self._tokens.issued(token):
            notes.append(_replaced(route, header))
            return self._own
        return self._tokens.caller(token)

    async def _login(self, request: ClassicRequest, notes: list[Note], route: Route) -> ClassicAnswer:
        body = read_body(request)
        key = body.get("apiToken") if isinstance(body, dict) else None
        if not isinstance(key, str) or not key.strip():
            raise ClassicError(INVALID_INPUT, "apiToken: give your API key.")
        caller = self._own or caller_with(key.strip())
        if self._own is not None:
            notes.append(_replaced(route, "apiToken"))
        await self._means.service.check(caller)
        token = self._tokens.issue(caller)
        return ClassicAnswer.of_json({"id": token, "ttl": LIFETIME_SECONDS, "userId": caller.owner[:24]})

    async def _logout(self, request: ClassicRequest) -> ClassicAnswer:
        brought = presented(request.headers)
        if brought is None:
            raise ClassicError(INVALID_CREDENTIALS)
        _, token = brought
        if self._own is None or self._tokens.issued(token):
            self._tokens.caller(token)
        self._tokens.revoke(token)
        return ClassicAnswer(status=204)

    async def _programs(self, here: str, request: ClassicRequest, match: Match, notes: list[Note]) -> ClassicAnswer:
        caller = self._caller(request, match.route, notes)
        if caller is None and not match.route.public:
            raise ClassicError(INVALID_CREDENTIALS)
        owner = await self._means.service.owner(caller) if caller else None
        return await anyio.to_thread.run_sync(
            lambda: self._means.programs.handle(here, request, match.names, owner=owner, era=self._era)
        )

    # Streams

    async def _messages(self, call: Call) -> AsyncIterator[str]:
        job_id = call.names["id"]
        local = call.kept.get("local_job")
        if local is not None:
            yield f"Listening to job {job_id}."
            messages = local.messages()
            while (message := await anyio.to_thread.run_sync(next, messages, None)) is not None:
                yield message
            return
        job = await self._job(call, job_id)
        yield f"Listening to job {job_id}."
        poll_interval, seen, since = PollInterval(), 0, time.monotonic()
        while True:
            interim = await call.ask("GET /v1/jobs/{id}/interim_results", names={"id": job_id})
            lines = interim.text.splitlines() if interim.status_code == 200 else []
            for line in lines[seen:]:
                yield line
            seen = max(seen, len(lines))
            if job.is_final:
                break
            await anyio.sleep(poll_interval.interval(time.monotonic() - since))
            before, job = job, await self._job(call, job_id)
            if job.status != before.status:
                since = time.monotonic()
        if job.failure is None:
            call.sent = await call.ask("GET /v1/jobs/{id}/results", names={"id": job_id})
            await OF_ANSWERS["primitive_v1"](call)
            yield (call.answer or _as_sent(call)).body.decode(errors="replace")

    @staticmethod
    async def _job(call: Call, job_id: str) -> JobSnapshot:
        found = await call.ask("GET /v1/jobs/{id}", names={"id": job_id})
        return JobSnapshot.from_json(found.json(), job_id=job_id)

    def _record(self, request: ClassicRequest, match: Match | None, status: int, notes: list[Note], error: str) -> None:
        for note in notes:
            self.notes.add(note)
        self.calls.append(
            CallRecord(
                method=request.method,
                path=request.path,
                host=request.host,
                where=request.where,
                route=match.route if match else None,
                status=status,
                error=error,
                notes=tuple(notes),
            )
        )


def classic_error(error: ClassicError | RuntimeRestError) -> ClassicError:
    """The classic error that says what `error` does."""
    match error:
        case ClassicError():
            return error
        case AuthenticationError():
            return ClassicError(INVALID_CREDENTIALS)
        case ApiError():
            waits = {"Retry-After": str(int(error.retry_after))} if error.retry_after else {}
            return ClassicError(
                UNEXPECTED,
                status=error.status if error.status in range(400, 600) else 502,
                code=error.code,
                message=error.message,
                solution=error.solution or "",
                headers=waits,
            )
        case SubmissionUnknown() | TransportError():
            return ClassicError(UNAVAILABLE, str(error))
        case InvalidInput():
            return ClassicError(INVALID_INPUT, str(error))
        case ConfigurationError():
            return ClassicError(MISCONFIGURED, str(error))
        case _:
            return ClassicError(UNEXPECTED, str(error))


def _own_caller(own: Settings) -> Caller:
    if own.token is not None:
        return Caller(own.token, is_bearer=True)
    if own.api_key is None:
        raise ConfigurationError(
            "no API key in the settings: pass api_key=, set QISKIT_IBM_TOKEN, or save an account with `qrr login`."
        )
    return Caller(own.api_key)


def _replaced(route: Route, credential: str) -> Note:
    what = "the API key of the settings is used in its place"
    return Note(call=f"{route.method} {route.path}", field=credential, what=what)


def _instead(route: Route) -> str:
    return f"Use instead: {route.instead}." if route.instead else "There is nothing to use instead."


def _as_sent(call: Call) -> ClassicAnswer:
    """v1's answer as it came."""
    sent = call.sent
    assert sent is not None
    carried = {name: sent.headers[name] for name in CARRIED_HEADERS if name in sent.headers}
    media_type = sent.headers.get("content-type")
    return ClassicAnswer(status=sent.status_code, body=sent.content, media_type=media_type, headers=carried)
