from __future__ import annotations

import math

import pytest
from attrs import evolve

from qiskit_runtime_rest.emulator.errors import ServiceError
from qiskit_runtime_rest.emulator.state.clock import Clock
from qiskit_runtime_rest.emulator.state.identifiers import Identifiers
from qiskit_runtime_rest.emulator.state.instances import DEFAULT_INSTANCES
from qiskit_runtime_rest.emulator.state.job import Job
from qiskit_runtime_rest.emulator.state.sessions import Session, Sessions
from qiskit_runtime_rest.emulator.state.storage import MemoryStorage

INSTANCE = DEFAULT_INSTANCES[0]
IDLE: frozenset[str] = frozenset()


@pytest.fixture
def sessions(clock: Clock, identifiers: Identifiers, storage: MemoryStorage) -> Sessions:
    return Sessions(clock=clock, storage=storage, identifiers=identifiers)


@pytest.fixture
def session(sessions: Sessions) -> Session:
    return sessions.create(instance=INSTANCE, mode="batch", user_id="u", backend="ibm_fez", max_ttl=28800)


def job(session: Session, *, started: float, finished: float | None = None) -> Job:
    fields = {"instance": INSTANCE.crn, "user_id": "u", "program_id": "sampler", "backend": "ibm_fez"}
    queued = Job(id="d1", number=1, created=session.created, session_id=session.id, **fields)  # type: ignore[arg-type]
    return evolve(queued.start(started), finished=finished)


def state(sessions: Sessions, session: Session) -> str:
    return str(sessions.find(session.id, instance=INSTANCE.crn).state)


def test_an_idle_session_closes_after_30_minutes(sessions: Sessions, session: Session) -> None:
    assert sessions.next_due(busy=IDLE) == session.created + 1800
    sessions.settle(session.created + 1799, busy=IDLE)
    assert state(sessions, session) == "open"
    assert sessions.settle(session.created + 1800, busy=IDLE) == []
    assert state(sessions, session) == "closed"
    assert sessions.next_due(busy=IDLE) == math.inf


def test_an_active_batch_is_inactive_after_a_second_without_jobs(sessions: Sessions, session: Session) -> None:
    begun = session.created + 100
    sessions.job_started(job(session, started=begun))
    assert (state(sessions, session), sessions.next_due(busy=frozenset({session.id}))) == ("active", begun + 28800)
    sessions.job_ended(job(session, started=begun, finished=begun + 10))
    assert sessions.next_due(busy=IDLE) == begun + 11
    sessions.settle(begun + 11, busy=IDLE)
    assert state(sessions, session) == "inactive"
    sessions.job_started(job(session, started=begun + 200))
    assert state(sessions, session) == "active"


def test_a_session_closes_at_its_maximum_time_to_live_even_with_jobs(sessions: Sessions, session: Session) -> None:
    busy = frozenset({session.id})
    assert sessions.settle(session.created + 28799, busy=busy) == []
    assert sessions.settle(session.created + 28800, busy=busy) == [session.id]
    assert state(sessions, session) == "closed"


def test_a_session_that_accepts_no_jobs_closes_when_its_jobs_have_ended(sessions: Sessions, session: Session) -> None:
    sessions.set_accepting(session, accepting=False, busy=True)
    sessions.settle(session.created + 1, busy=frozenset({session.id}))
    assert state(sessions, session) == "open"
    with pytest.raises(ServiceError, match="does not accept jobs"):
        sessions.check_accepts(session.id, instance=INSTANCE.crn, backend="ibm_fez")
    sessions.settle(session.created + 2, busy=IDLE)
    assert state(sessions, session) == "closed"


def test_a_closed_session_stays_closed(sessions: Sessions, session: Session) -> None:
    sessions.close(session)
    closed = sessions.find(session.id, instance=INSTANCE.crn)
    sessions.close(closed)
    sessions.job_started(job(session, started=session.created + 5))
    sessions.settle(session.created + 10**6, busy=IDLE)
    assert sessions.find(session.id, instance=INSTANCE.crn) == closed
    sessions.set_accepting(closed, accepting=True, busy=False)
    assert sessions.find(session.id, instance=INSTANCE.crn) == evolve(closed, accepting_jobs=True)
    with pytest.raises(ServiceError, match="is closed"):
        sessions.check_accepts(session.id, instance=INSTANCE.crn, backend="ibm_fez")
