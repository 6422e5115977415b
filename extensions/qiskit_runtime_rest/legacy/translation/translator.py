"""Translate classic requests to v1, and the responses back."""

from __future__ import annotations

import contextlib
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
from ..messages import (
    INVALID_CREDENTIALS,
    INVALID_INPUT,
    MISCONFIGURED,
    NO_SUCH_CALL,
    REMOVED,
    UNAVAILABLE,
    UNEXPECTED,
    WRONG_METHOD,
    ClassicError,
    ClassicRequest,
    ClassicResponse,
    split_tags,
)
from ..programs import Programs
from ..programs.local_jobs import LocalJobs
from ..store import KnownJobs, Store
from ..table import Match, Route, find_route, methods_of
from .account import device_names, hub_instances, instance, job_tags, least_busy_backend, own_workloads
from .all_instances import jobs_of_all_instances
from .call import ERAS, CallRecord, ClassicCall, Note, Notes, Resources, read_body
from .callers import LIFETIME_SECONDS, AccessTokens, Caller, Service, caller_with, presented
from .devices import (
    backend_queue,
    classic_configuration,
    classic_defaults,
    classic_properties,
    filter_of_2019,
    full_configurations,
    jobs_limit,
    pending_on_backend,
)
from .eras import Eras
from .instances import Instances, named_instance
from .jobs import classic_job, classic_jobs, era_body, job_options, known_program, submit, submitted_job
from .official_sdks import (
    API_VERSIONS,
    classic_metrics,
    job_kind,
    networks,
    no_bookings,
    usage_by_instance,
    user_info,
)
from .primitives import primitive_v1, primitive_v2
from .sessions import classic_session, classic_session_id, close_session, new_session, session_body, start_session
from .stream import messages

__all__ = ["Translator"]

Transformation = Callable[[ClassicCall], Awaitable[None]]


def _by_name(*transformations: Transformation) -> dict[str, Transformation]:
    return {function.__name__: function for function in transformations}


REQUEST_TRANSFORMATIONS = _by_name(
    classic_session,
    era_body,
    filter_of_2019,
    instance,
    job_options,
    job_tags,
    jobs_of_all_instances,
    known_program,
    least_busy_backend,
    own_workloads,
    pending_on_backend,
    primitive_v2,
    session_body,
    start_session,
    user_info,
)
RESPONSE_TRANSFORMATIONS = _by_name(
    backend_queue,
    classic_configuration,
    classic_defaults,
    classic_job,
    classic_jobs,
    classic_metrics,
    classic_properties,
    classic_session_id,
    device_names,
    full_configurations,
    hub_instances,
    job_kind,
    jobs_limit,
    networks,
    new_session,
    no_bookings,
    primitive_v1,
    submitted_job,
    usage_by_instance,
)
SUBMIT = "POST /v1/jobs"
MOST_CALLS = 10_000
OF_A_JOB = "/jobs/{id}"
SWITCHING_PROTOCOLS = 101


class Translator:
    """Translates classic calls. Use it and close it in the same event loop."""

    def __init__(
        self,
        *,
        settings: Mapping[str, Any] | None = None,
        instances: Mapping[str, str] | str | Path | None = None,
        era: str = "2023",
        credentials: Literal["caller", "settings"] = "caller",
        store: str | Path | None = None,
    ) -> None:
        """Send nothing yet.

        Args:
            settings: arguments of `Settings`: base_url, iam_url, instance, api_key, ...
            instances: from `hub/group/project` to CRN; see `Instances`.
            era: the form of the classic API, for calls that do not show it: "2021" or "2023".
            credentials: "caller": use the API key of each request; "settings": use that of the settings for all.
            store: the file for programs and for how jobs were submitted; None: one in the user's state directory.

        Raises:
            ConfigurationError: the settings, mapping, era or store do not work; the message says what to do.
        """
        if era not in ERAS:
            raise ConfigurationError(f"era={era!r}: must be one of {', '.join(ERAS)}.")
        own = Settings(**(settings or {}))
        self._own = _own_caller(own) if credentials == "settings" else None
        self._eras = Eras("2021" if era == "2021" else "2023")
        self._tokens = AccessTokens()
        known = Instances(instances, default=own.instance)
        kept = Store(Path(store) if store is not None else None)
        with kept.transaction():
            pass  # fail now if the store cannot be written, not after a job was submitted
        self._resources = Resources(
            service=Service(settings or {}, any_instance=known.any),
            instances=known,
            jobs=KnownJobs(kept),
            local_jobs=LocalJobs(kept),
            programs=Programs(kept),
        )
        self.notes = Notes()
        self.calls: deque[CallRecord] = deque(maxlen=MOST_CALLS)

    async def respond(self, request: ClassicRequest) -> ClassicResponse:
        """Respond to a request; errors become classic error responses."""
        match = find_route(request.method, request.path)
        notes: list[Note] = []
        message = ""
        try:
            response = await self._respond(request, match, notes)
        except (ClassicError, RuntimeRestError) as error:
            refusal = classic_error(error)
            response, message = refusal.response, refusal.message
        self._record(request, match, response.status, notes, message)
        return response

    async def stream(self, request: ClassicRequest) -> AsyncIterator[str]:
        """The messages of `/stream/jobs/{id}`: the job id, interim results, the result.

        Raises:
            ClassicError: before the first message: the stream cannot be opened.
        """
        match = find_route(request.method, request.path)
        notes: list[Note] = []
        status, error_message = SWITCHING_PROTOCOLS, ""
        try:
            if match is None or match.route.handler != "stream":
                raise ClassicError(NO_SUCH_CALL)
            async with self._call(request, match, notes) as call:
                async for message in messages(call):
                    yield message
        except (ClassicError, RuntimeRestError) as error:
            refusal = classic_error(error)
            status, error_message = refusal.status, refusal.message
            raise refusal from error
        finally:  # also when the client closes the stream early
            self._record(request, match, status, notes, error_message)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._resources.service.aclose()

    # One call

    async def _respond(self, request: ClassicRequest, match: Match | None, notes: list[Note]) -> ClassicResponse:
        if match is None:
            raise _no_such_call(request)
        route = match.route
        if route.handler is None and route.v1 is None:
            raise ClassicError(REMOVED, f"{route.method} {route.path}: {route.removed}.", solution=_instead(route))
        match route.handler:
            case "login":
                return await self._login(request, notes, route)
            case "logout":
                return await self._logout(request)
            case "version":
                return ClassicResponse.of_json(API_VERSIONS)
            case "stream":
                raise ClassicError(INVALID_INPUT, "This path is a WebSocket.", solution="Connect with ws:// or wss://.")
            case str(handler):
                return await self._programs(handler.removeprefix("programs."), request, match, notes)
        async with self._call(request, match, notes) as call:
            if (local := call.kept.get("local_job")) is not None:
                if route.method == "PUT":
                    call.note("tags", f"ignored: {local.program_id} runs here")
                return await anyio.to_thread.run_sync(self._resources.local_jobs.respond, local, route)
            return await self._translated(call)

    async def _translated(self, call: ClassicCall) -> ClassicResponse:
        route = call.route
        assert route.v1 is not None
        try:
            for name in route.request:
                await REQUEST_TRANSFORMATIONS[name](call)
                if call.response is not None:
                    return call.response
            if route.v1 == SUBMIT:
                await submit(call)
            elif call.v1_response is None:
                if route.api_version is not None:
                    call.note("IBM-API-Version", f"is {route.api_version}: newer versions have no such call")
                call.v1_response = await call.send(
                    route.v1, names=call.names, query=call.query, body=call.body, api_version=route.api_version
                )
        except BaseException:
            with anyio.CancelScope(shield=True):
                await close_session(call)
            raise
        for name in route.response:
            await RESPONSE_TRANSFORMATIONS[name](call)
        return call.response or call.unchanged()

    @contextlib.asynccontextmanager
    async def _call(self, request: ClassicRequest, match: Match, notes: list[Note]) -> AsyncIterator[ClassicCall]:
        body = read_body(request)
        query = {name: split_tags(values) if name == "tags" else list(values) for name, values in request.query.items()}
        caller = self._caller(request, match.route, notes)
        if caller is None:
            if not match.route.public:
                raise ClassicError(INVALID_CREDENTIALS)
            caller = self._own or Caller("anonymous")
        name = named_instance(match.names, query, body, request.headers) or await self._known_name(match)
        crn = self._resources.instances.crn(name)
        async with self._resources.service.client(caller, crn) as client:
            call = ClassicCall(
                request=request,
                route=match.route,
                names=dict(match.names),
                era=self._eras.of(caller, body, match.route, notes),
                resources=self._resources,
                caller=caller,
                query=query,
                body=body,
                client=client,
                notes=notes,
            )
            call.kept["name"] = name
            await self._find_local_job(call)
            yield call

    async def _known_name(self, match: Match) -> str | None:
        """The instance in which a job or a session began: the ids of the classic API were valid without one."""
        jobs, thing = self._resources.jobs, match.names.get("id", "")
        if OF_A_JOB in match.route.path:
            job = await jobs.find(thing)
            return job.name if job else None
        if match.route.path.startswith("/sessions/"):
            return await anyio.to_thread.run_sync(jobs.name_of_session, thing)
        return None

    async def _find_local_job(self, call: ClassicCall) -> None:
        """Keep the job of the call, if it ran here and not on the service."""
        if OF_A_JOB in call.route.path and self._resources.local_jobs.has(call.names["id"]):
            job_id, owner = call.names["id"], await call.owner()
            call.kept["local_job"] = await anyio.to_thread.run_sync(
                lambda: self._resources.local_jobs.get(job_id, owner=owner)
            )

    # Callers

    def _caller(self, request: ClassicRequest, route: Route, notes: list[Note]) -> Caller | None:
        credential = presented(request.headers)
        if credential is None:
            return None
        header, token = credential
        if self._own is not None and not self._tokens.issued(token):
            notes.append(_replaced(route, header))
            return self._own
        return self._tokens.caller(token)

    async def _login(self, request: ClassicRequest, notes: list[Note], route: Route) -> ClassicResponse:
        body = read_body(request)
        key = body.get("apiToken") if isinstance(body, dict) else None
        if not isinstance(key, str) or not key.strip():
            raise ClassicError(INVALID_INPUT, "apiToken: must be an API key.")
        caller = self._own or caller_with(key.strip())
        if self._own is not None:
            notes.append(_replaced(route, "apiToken"))
        await self._resources.service.check(caller)
        token = self._tokens.issue(caller)
        return ClassicResponse.of_json({"id": token, "ttl": LIFETIME_SECONDS, "userId": caller.owner[:24]})

    async def _logout(self, request: ClassicRequest) -> ClassicResponse:
        credential = presented(request.headers)
        if credential is None:
            raise ClassicError(INVALID_CREDENTIALS)
        _, token = credential
        if self._own is None or self._tokens.issued(token):
            self._tokens.caller(token)
        self._tokens.revoke(token)
        return ClassicResponse(status=204)

    async def _programs(self, action: str, request: ClassicRequest, match: Match, notes: list[Note]) -> ClassicResponse:
        caller = self._caller(request, match.route, notes)
        if caller is None and not match.route.public:
            raise ClassicError(INVALID_CREDENTIALS)
        owner = await self._resources.service.owner(caller) if caller else None
        body = None
        with contextlib.suppress(ClassicError):  # a program's text is no JSON
            body = read_body(request)
        era = self._eras.of(caller, body, match.route, notes)
        return await anyio.to_thread.run_sync(
            lambda: self._resources.programs.handle(action, request, match.names, owner=owner, era=era)
        )

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
    """Map an error of the client to a classic error."""
    match error:
        case ClassicError():
            return error
        case AuthenticationError():
            return ClassicError(INVALID_CREDENTIALS)
        case ApiError():
            headers = {"Retry-After": str(int(error.retry_after))} if error.retry_after else {}
            return ClassicError(
                UNEXPECTED,
                status=error.status if error.status in range(400, 600) else 502,
                code=error.code,
                message=error.message,
                solution=error.solution or "",
                headers=headers,
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
    what = "replaced by the API key of the settings"
    return Note(call=f"{route.method} {route.path}", field=credential, what=what)


def _no_such_call(request: ClassicRequest) -> ClassicError:
    """405 with the methods that the path has, or 404."""
    what = f"{request.method} {request.path[:200]}"
    methods = ", ".join(methods_of(request.path))
    if not methods:
        return ClassicError(NO_SUCH_CALL, what)
    return ClassicError(WRONG_METHOD, what, solution=f"{WRONG_METHOD.solution} {methods}.", headers={"Allow": methods})


def _instead(route: Route) -> str:
    return f"Use instead: {route.instead}." if route.instead else "There is no replacement."
