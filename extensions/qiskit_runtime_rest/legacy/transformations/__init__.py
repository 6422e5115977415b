"""The transformations that the table names, of requests on the way there and of answers on the way back."""

from collections.abc import Awaitable, Callable

from ..call import Call
from .account import job_tags, own_account, own_workloads
from .backends import device_names, least_busy_backend
from .eras import era_body
from .instance import hub_instances, instance
from .jobs import classic_job, classic_jobs, job_options, known_program, submit, submitted_job
from .primitives import primitive_v2
from .results import primitive_v1
from .sessions import classic_session, classic_session_id, session_body, start_session

__all__ = ["OF_ANSWERS", "OF_REQUESTS", "SENT_OTHERWISE", "Transformation"]

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
