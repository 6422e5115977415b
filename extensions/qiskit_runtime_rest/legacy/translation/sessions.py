"""Transformations of sessions: the first job began a classic session; v1 creates sessions separately."""

from __future__ import annotations

import json
from typing import Any

import anyio.to_thread

from qiskit_runtime_api.http_library import httpx

from ...errors import ApiError, AuthenticationError, RuntimeRestError
from ..messages import INVALID_INPUT, ClassicError, ClassicResponse
from .call import ClassicCall

__all__ = ["classic_session", "classic_session_id", "close_session", "new_session", "session_body", "start_session"]

YES = frozenset({True, "true", "yes", "1"})
NO = frozenset({False, "false", "no", "0", "", None})
DEDICATED = "dedicated"
BATCH = "batch"


async def classic_session(call: ClassicCall) -> None:
    """Replace the classic session id in path, query and body by that of v1."""
    if call.route.path.startswith("/sessions/"):
        call.names["id"] = await v1_session(call, call.names["id"])
    if given := call.query.get("session_id"):
        call.query["session_id"] = [await v1_session(call, given[-1])]
    if isinstance(call.body, dict) and isinstance(call.body.get("session_id"), str) and call.body["session_id"]:
        call.body["session_id"] = await v1_session(call, call.body["session_id"])


async def v1_session(call: ClassicCall, session_id: str) -> str:
    """The v1 session for `session_id`, which may be the id of a classic session's first job."""
    known = await anyio.to_thread.run_sync(call.resources.jobs.session, session_id)
    if known is None:
        first = await call.resources.jobs.find(session_id)
        known = first.session_id if first else None
    if known is None:
        return session_id
    call.note("session_id", "was the id of the session's first job; a session has its own id now")
    return known


async def classic_session_id(call: ClassicCall) -> None:
    """Show a session with its classic id."""
    document = call.document()
    if isinstance(document, dict) and isinstance(document.get("id"), str):
        classic = await anyio.to_thread.run_sync(call.resources.jobs.classic_session, document["id"])
        if classic is not None:
            document["id"] = classic
        if "max_ttl" in document:
            document["max_session_ttl"] = document["max_ttl"]
        call.response = ClassicResponse.of_json(
            document, status=call.v1_response.status_code if call.v1_response else 200
        )


async def session_body(call: ClassicCall) -> None:
    """Rename `max_session_ttl`, and add the mode, which v1 requires: one that the plan of the instance has."""
    body = call.fields() if call.body is not None else {}
    call.body = body
    if "max_session_ttl" in body:
        body["max_ttl"] = body.pop("max_session_ttl")
        call.note("max_session_ttl", "is max_ttl now")
    if not body.get("mode"):
        body["mode"] = DEDICATED
        call.note("mode", f"is required now; {DEDICATED!r} was added")
        call.v1_response = await _create(call, body, field="mode")


async def new_session(call: ClassicCall) -> None:
    """Remember the instance of a new session."""
    document = call.document()
    if isinstance(document, dict) and isinstance(document.get("id"), str):
        await anyio.to_thread.run_sync(call.resources.jobs.add_session, document["id"], call.kept.get("name"))


async def start_session(call: ClassicCall) -> None:
    """Create the session for `start_session` before the job."""
    body = call.fields()
    wanted = _flag(body.pop("start_session", None))
    seconds = body.pop("session_time", None)
    if seconds is not None and not wanted:
        call.note("session_time", "ignored: it needs start_session")
    if not wanted:
        return
    if body.get("session_id"):
        call.note("start_session", "ignored: the job already names a session")
        return
    call.note("start_session", "the session is created first, with POST /v1/sessions, and the job runs in it")
    session: dict[str, Any] = {"mode": DEDICATED, "backend": body.get("backend")}
    if seconds is not None:
        if not isinstance(seconds, int | float):
            raise ClassicError(INVALID_INPUT, "session_time: must be a number of seconds.")
        session["max_ttl"] = int(seconds)
        call.note("session_time", "is max_ttl of the session now")
    made = await _create(call, session, field="start_session")
    body["session_id"] = call.kept["started_session"] = str(json.loads(made.content)["id"])


async def close_session(call: ClassicCall) -> None:
    """Close the session of a job that was refused."""
    session_id = call.kept.get("started_session")
    if session_id is not None:
        try:
            await call.send("DELETE /v1/sessions/{id}/close", names={"id": session_id})
        except RuntimeRestError:
            call.note("start_session", "the job was refused, and its new session could not be closed")


async def _create(call: ClassicCall, session: dict[str, Any], *, field: str) -> httpx.Response:
    """Create a dedicated session, or a batch where the plan has no such sessions. `field`: for the note."""
    try:
        return await call.send("POST /v1/sessions", body=session)
    except AuthenticationError:
        raise
    except ApiError as error:
        if error.status not in (400, 403):
            raise
        made = await call.send("POST /v1/sessions", body={**session, "mode": BATCH})
        call.note(field, "the plan of the instance has no dedicated sessions: a batch was created")
        return made


def _flag(value: Any) -> bool:
    plain = value.lower() if isinstance(value, str) else value
    if isinstance(plain, str | bool | None) and plain in YES | NO:
        return plain in YES
    raise ClassicError(INVALID_INPUT, "start_session: must be true or false.")
