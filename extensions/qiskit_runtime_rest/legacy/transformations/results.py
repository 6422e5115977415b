"""Results as those who asked for them know them."""

from __future__ import annotations

import json

import anyio.to_thread

from ..call import Call
from ..exchange import ClassicAnswer
from ..primitives.forms import AS_IS, in_form

__all__ = ["primitive_v1"]


async def primitive_v1(call: Call) -> None:
    """Write results of V2 in the form of V1, for jobs that were asked for in it; texts as texts."""
    sent = call.sent
    if sent is None or not sent.content:
        return
    known = await call.means.jobs.find(call.names["id"])
    if known is None or known.form == AS_IS:
        text = _text(sent.content)
        if text is not None:
            call.answer = ClassicAnswer.of_text(text)
        return
    if not _is_json(sent.content):
        call.answer = ClassicAnswer.of_text(sent.text)
        return
    form, raw, job_id = known.form, sent.content, known.job_id
    try:
        written = await anyio.to_thread.run_sync(lambda: in_form(form, raw, job_id=job_id))
    except (AttributeError, LookupError, TypeError, ValueError):  # of results that read well, and lack what V1 had
        call.note("results", f"have nothing to write in the form of the {form}; they are sent as they came")
    else:
        call.answer = ClassicAnswer.of_json(written)


def _text(content: bytes) -> str | None:
    """The text that a result is, whether it came bare or as JSON; None for all other results."""
    if content[:1] not in b"{[":
        try:
            value = json.loads(content)
        except ValueError:
            return content.decode(errors="replace")
        return value if isinstance(value, str) else None
    return None


def _is_json(content: bytes) -> bool:
    return content.lstrip()[:1] in (b"{", b"[")
