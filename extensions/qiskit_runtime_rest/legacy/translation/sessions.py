"""Transformations of sessions: the first job began a classic session; v1 creates sessions separately."""

from __future__ import annotations

import json
from typing import Any

import anyio.to_thread

from ...errors import ApiError, AuthenticationError, RuntimeRestError
from ..messages import INVALID_INPUT, ClassicAnswer, ClassicError
from .call import Call

__all__ = ["classic_session", "classic_session_id", "close_session", "session_body", "start_session"]

YES = frozenset({True, "true", "yes", "1"})
NO = frozenset({False, "false", "no", "0", "", None})
DEDICATED = "dedicated"
BATCH = "batch"


async def classic_session(call: Call) -> None:
    """In path, parameters and body: the v1 session in the place of a classic one."""
    if call.route.path.startswith("/sessions/"):
        call.names["id"] = await v1_session(call, call.names["id"])
    if given := call.query.get("session_id"):
        call.query["session_id"] = [await v1_session(call, given[-1])]
    if isinstance(call.body, dict) and isinstance(call.body.get("session_id"), str) and call.body["session_id"]:
        call.body["session_id"] = await v1_session(call, call.body["session_id"])


async def v1_session(call: Call, session_id: str) -> str:
    """The v1 session that `session_id` stands for: it may be the id of a classic session's first job."""
    known = await anyio.to_thread.run_sync(call.means.jobs.session, session_id)
    if known is None:
        first = await call.means.jobs.find(session_id)
        known = first.session_id if first else None
    if known is None:
        return session_id
    call.note("session_id", "was the id of the session's first job; sessions have an id of their own now")
    return known


async def classic_session_id(call: Call) -> None:
    """Answer a session under the id that it was asked for with."""
    document = call.document()
    if isinstance(document, dict) and isinstance(document.get("id"), str):
        classic = await anyio.to_thread.run_sync(call.means.jobs.classic_session, document["id"])
        if classic is not None:
            document["id"] = classic
        if "max_ttl" in document:
            document["max_session_ttl"] = document["max_ttl"]
        call.answer = ClassicAnswer.of_json(document, status=call.sent.status_code if call.sent else 200)


async def session_body(call: Call) -> None:
    """Name what v1 calls otherwise, and the mode that it requires."""
    body = call.fields() if call.body is not None else {}
    call.body = body
    if "max_session_ttl" in body:
        body["max_ttl"] = body.pop("max_session_ttl")
        call.note("max_session_ttl", "is max_ttl now")
    if not body.get("mode"):
        body["mode"] = DEDICATED
        call.note("mode", f"is required now; it was {DEDICATED!r}")


async def start_session(call: Call) -> None:
    """Make the session that a job asks for, before the job."""
    body = call.fields()
    wanted = _flag(body.pop("start_session", None))
    seconds = body.pop("session_time", None)
    if seconds is not None and not wanted:
        call.note("session_time", "ignored: it goes with start_session")
    if not wanted:
        return
    if body.get("session_id"):
        call.note("start_session", "ignored: the job names a session already")
        return
    call.note("start_session", "the session is made first, with POST /v1/sessions, and the job runs in it")
    asked: dict[str, Any] = {"mode": DEDICATED, "backend": body.get("backend")}
    if seconds is not None:
        if not isinstance(seconds, int | float):
            raise ClassicError(INVALID_INPUT, "session_time: a number of seconds.")
        asked["max_ttl"] = int(seconds)
        call.note("session_time", "is max_ttl of the session now")
    body["session_id"] = call.kept["started_session"] = await _create(call, asked)


async def close_session(call: Call) -> None:
    """Close the session that was made for a job which was then refused."""
    session_id = call.kept.get("started_session")
    if session_id is not None:
        try:
            await call.ask("DELETE /v1/sessions/{id}/close", names={"id": session_id})
        except RuntimeRestError:
            call.note("start_session", "a session was made, its job refused, and it could not be closed")


async def _create(call: Call, asked: dict[str, Any]) -> str:
    try:
        made = await call.ask("POST /v1/sessions", body=asked)
    except AuthenticationError:
        raise
    except ApiError as error:
        if error.status not in (400, 403):
            raise
        made = await call.ask("POST /v1/sessions", body={**asked, "mode": BATCH})
        call.note("start_session", "the instance's plan has no dedicated sessions: it became a batch")
    created = json.loads(made.content)
    return str(created["id"])


def _flag(value: Any) -> bool:
    plain = value.lower() if isinstance(value, str) else value
    if isinstance(plain, str | bool | None) and plain in YES | NO:
        return plain in YES
    raise ClassicError(INVALID_INPUT, "start_session: true or false.")
