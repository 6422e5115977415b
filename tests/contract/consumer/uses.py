"""How each hand-written convenience is called: with which of the contract's parameters, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from attrs import field, frozen

from qiskit_runtime_rest import JobRequest, errors
from qiskit_runtime_rest.client.backends import AsyncBackend, Backend
from qiskit_runtime_rest.client.job import AsyncJob, Job
from qiskit_runtime_rest.client.sessions import AsyncSession, Session
from qiskit_runtime_rest.results import Result
from qiskit_runtime_rest.waiting import StatusUpdate

from ...fixtures.faces import Face
from .expected import differences, plain
from .operations import Operation
from .samples import Samples
from .schemas import Schema
from .sent import Sent
from .service import Consumer, answer

SECONDS = 15.0
"""A wait in these tests lasts no longer."""


@frozen
class Stage:
    """One call of a convenience: by a client of one kind, of one API version, with some values."""

    clients: Consumer
    face: Face
    given: Mapping[str, Any]

    def do(self, act: Callable[[Any], Any]) -> Any:
        """Call something, and wait for it."""
        return self.face.do(act)

    def operation(self, name: str) -> Operation:
        """An operation by its id."""
        return self.clients.service.operations[name]

    def whole(self, name: str, **changes: Any) -> dict[str, Any]:
        """The whole answer of an operation, with changes."""
        operation = self.operation(name)
        said = operation.answers[200]
        assert said is not None
        return {**Samples(operation.schemas).whole(said[1]), **changes}

    def answers(self, name: str, **changes: Any) -> None:
        """Let an operation answer so from now on, unless a test has it answer something else."""
        value = self.whole(name, **changes)
        self.clients.service.answers.setdefault(name, lambda sent: answer(sent.operation, 200, value))

    def job(self) -> Any:
        """A handle of the job that is given."""
        return self._handle(lambda client: client.jobs.get(self.given.get("id", "text")))

    def session(self) -> Any:
        """A handle of the session that is given."""
        return self._handle(lambda client: client.sessions.get(self.given["id"]))

    def backend(self) -> Any:
        """A handle of the backend that is given."""
        device = self.whole("list_backends")["devices"][0]
        devices = [self.given["id"] if isinstance(device, str) else {**device, "name": self.given["id"]}]
        return self._handle(lambda client: client.backends.get(self.given["id"]), list_backends={"devices": devices})

    def _handle(self, get: Callable[[Any], Any], **answers: Any) -> Any:
        """Read something, as if long ago: what is answered and sent for it is none of a test's."""
        service = self.clients.service
        others, service.answers = service.answers, {}
        for name, value in answers.items():
            self.answers(name, **value)
        handle = self.do(get)
        service.answers = others
        service.sent.clear()
        return handle


Comes = Callable[[Stage, Operation, Any, Any], None]
"""Checks, of an `operation` that answered a `value`, what the convenience made of it."""


@frozen
class Use:
    """One way to call a convenience.

    Attributes:
        name: its public name.
        operation: the contract's id of the operation that is looked at.
        call: calls it.
        comes: checks the outcome.
        takes: those of the operation's parameters, and of its body's properties, that are passed on.
        makes: schemas for some of them, narrower than the contract's.
        may_raise: what else a documented success may come to.
        bears: statuses that do not end it at once, and what does in the end.
        also: operations that it asks as well.
    """

    name: str
    operation: str
    call: Callable[[Stage], Any]
    comes: Comes
    takes: tuple[str, ...] = ()
    makes: Mapping[str, Schema] = field(factory=dict)
    may_raise: tuple[type[errors.RuntimeRestError], ...] = ()
    bears: Mapping[int, type[errors.RuntimeRestError] | None] = field(factory=dict)
    also: tuple[str, ...] = ()


def model(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    said = operation.answers[200]
    assert said is not None
    assert not list(differences(operation.schemas, said[1], value, outcome))
    assert plain(outcome) == plain(value)


def nothing(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    assert outcome is None


def text(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    assert outcome == value


def one_job(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    assert type(outcome) is (AsyncJob if stage.face.is_async else Job)
    assert outcome.id == stage.given.get("id", value["id"])
    assert {**outcome.raw, **value} == outcome.raw
    assert outcome.backend == value.get("backend", outcome.backend)
    assert outcome.session_id == value.get("session_id")
    assert outcome.tags == (outcome.raw.get("tags") or [])
    assert outcome.failure is None or isinstance(outcome.failure, errors.JobError)
    assert outcome.id in repr(outcome)
    if "state" in value:
        assert outcome.program_id == value["program"]["id"]
        assert plain(outcome.details) == plain(value)


def submitted(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    one_job(stage, operation, value, outcome)
    assert outcome.program_id
    with pytest.raises(errors.ResultUnavailable):
        outcome.details  # noqa: B018 - nothing was read yet


def jobs(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    assert [job.id for job in outcome] == list({job["id"]: job for job in value["jobs"]})
    for job, said in zip(outcome, value["jobs"], strict=True):
        one_job(stage, operation, said, job)


def found(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    tagged = [job for job in value["jobs"] if stage.given["tags"][0] in (job.get("tags") or ())]
    assert (outcome is None) == (not tagged)


def settled(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    assert outcome
    assert {each.job for each in outcome} == {None}


def as_listed(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    kind = AsyncJob if stage.face.is_async else Job
    assert {type(job) for job in outcome} == {kind}


def status_word(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    assert outcome == (value.get("status") or value["state"]["status"])


def job_json(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    assert outcome == value


def last_status(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    assert isinstance(outcome, StatusUpdate)
    assert outcome == "Completed"


def result(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    assert isinstance(outcome, Result)


def no_result(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    raise AssertionError("the job did not complete")


def versions(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    assert outcome == [each if isinstance(each, dict) else {"version": each} for each in value["versions"]]


def backends(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    assert len(outcome) == len(value["devices"])
    for backend, said in zip(outcome, value["devices"], strict=True):
        one_backend(stage, operation, {"devices": [said]}, backend)


def one_backend(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    said = value["devices"][0] if isinstance(value["devices"][0], dict) else {"name": value["devices"][0]}
    assert type(outcome) is (AsyncBackend if stage.face.is_async else Backend)
    assert outcome.name == said["name"]
    assert outcome.raw == said
    assert outcome.num_qubits == said.get("qubits")
    assert outcome.queue_length == said.get("queue_length")
    assert outcome.state == (said["status"]["name"] if "status" in said else None)
    assert outcome.name in repr(outcome)
    if said.keys() == {"name"}:
        with pytest.raises(errors.ConfigurationError, match="API version"):
            outcome.details  # noqa: B018 - old versions list bare names
    else:
        assert plain(outcome.details) == plain(said)


def one_session(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    assert type(outcome) is (AsyncSession if stage.face.is_async else Session)
    assert outcome.id == stage.given.get("id", value["id"])
    assert outcome.backend == (value["backend_name"] or stage.given.get("backend"))
    assert outcome.id in repr(outcome)
    assert plain(outcome.details) == plain(outcome.raw)
    assert {name: each for name, each in value.items() if each is not None}.items() <= outcome.raw.items()


def session_state(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    assert outcome == (value.get("state") or "unknown")


Act = Callable[[Any, Mapping[str, Any]], Any]


def on_job(act: Act) -> Callable[[Stage], Any]:
    def call(stage: Stage) -> Any:
        job = stage.job()
        return stage.do(lambda _: act(job, stage.given))

    return call


def on_session(act: Act) -> Callable[[Stage], Any]:
    def call(stage: Stage) -> Any:
        session = stage.session()
        return stage.do(lambda _: act(session, stage.given))

    return call


def on_backend(name: str) -> Callable[[Stage], Any]:
    def call(stage: Stage) -> Any:
        backend = stage.backend()
        return stage.do(lambda _: getattr(backend, name)())

    return call


def by_name(name: str) -> Callable[[Stage], Any]:
    return lambda stage: stage.do(lambda client: getattr(client.backends, name)(stage.given["id"]))


def submit(stage: Stage) -> Any:
    return stage.do(lambda client: client.submit(**_request(stage)))


def submit_to_jobs(stage: Stage) -> Any:
    (outcome,) = stage.do(lambda client: client.jobs.submit_all([JobRequest(**_request(stage))], max_in_flight=1))
    if outcome.error is not None:
        raise outcome.error
    return outcome.job


def _request(stage: Stage) -> dict[str, Any]:
    _no_limit(stage)
    renamed = {"cost": "max_execution_time"}
    return {renamed.get(name, name): value for name, value in stage.given.items()}


def _no_limit(stage: Stage) -> None:
    stage.answers("get_usage", usage_limit_seconds=10**9)


def sample(stage: Stage) -> Any:
    _no_limit(stage)
    pubs, others = ["OPENQASM 3.0;", ("OPENQASM 3.0;", [0.5], 10)], _request(stage)
    shots = others.pop("shots", None)
    return stage.do(lambda client: client.sampler(pubs, shots=shots, options={"default_shots": 7}, **others))


def estimate(stage: Stage) -> Any:
    _no_limit(stage)
    pubs, others = [("OPENQASM 3.0;", ["ZZ", {"XX": 0.5}], [0.5], 0.1)], _request(stage)
    return stage.do(
        lambda client: client.estimator(
            pubs, precision=0.25, resilience_level=1, options={"seed_estimator": 7}, **others
        )
    )


def execute(stage: Stage) -> Any:
    _no_limit(stage)
    circuit, others = "OPENQASM 3.0; input float a; rz(a) $0;", _request(stage)
    return stage.do(
        lambda client: client.executor([(circuit, [0.5])], shots=7, options={"init_qubits": False}, **others)
    )


def recover(stage: Stage) -> Any:
    def lost(sent: Sent) -> httpx.Response:
        raise httpx.ReadError("lost", request=sent.request)

    face = stage.clients.with_journal[stage.face]
    answered = dict(stage.clients.service.answers)
    stage.clients.service.answers |= {"create_job": lost, "list_jobs": stage.clients.service.usual}
    with pytest.raises(errors.SubmissionUnknown):
        face.do(lambda client: client.submit("sampler", backend="ibm_fez", params={"pubs": [["OPENQASM 3.0;"]]}))
    stage.clients.service.answers = answered
    stage.clients.service.sent.clear()
    outcome = face.do(lambda client: client.jobs.recover())
    # Found at last, it is settled for the next test.
    stage.clients.service.answers = {"list_jobs": with_asked_tag}
    assert all(each.job for each in face.do(lambda client: client.jobs.recover()))
    return outcome


def with_asked_tag(sent: Sent) -> httpx.Response:
    described = sent.operation.answers[200]
    assert described is not None
    listed = Samples(sent.operation.schemas).whole(described[1])
    return answer(sent.operation, 200, {**listed, "jobs": [{**listed["jobs"][0], "tags": sent.given["tags"]}]})


def batches(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    kind = AsyncSession if stage.face.is_async else Session
    assert {type(session) for session in outcome} <= {kind}
    assert [session.id for session in outcome] == [one["id"] for one in value["workloads"] if one["mode"] == "batch"]


def jobs_list(stage: Stage) -> Any:
    names = {"limit": "page_size"}
    filters = {names.get(name, name): value for name, value in stage.given.items() if name != "exclude_params"}
    params = not stage.given.get("exclude_params", True)
    return stage.do(lambda client: client.jobs.list(params=params, **filters))


def several(wait: Callable[[Any, list[str]], Any]) -> Callable[[Stage], Any]:
    def call(stage: Stage) -> Any:
        stage.answers("get_job", state={"status": "Completed"}, status="Completed")
        return stage.do(lambda client: wait(client, ["text", "another"]))

    return call


def ended_result(stage: Stage) -> Any:
    job = stage.job()
    stage.answers("get_job", state={"status": "Completed"}, status="Completed", program={"id": "executor"})
    return stage.do(lambda _: job.result(timeout=SECONDS))


def failed_result(stage: Stage) -> Any:
    job = stage.job()
    stage.answers("get_job", state={"status": "Failed"}, status="Failed")
    return stage.do(lambda _: job.result(timeout=SECONDS))


def queue_told(stage: Stage) -> Any:
    job = stage.job()
    stage.answers("get_job", state={"status": "Queued"}, status="Queued", backend="text")
    told: list[Any] = []
    try:
        stage.do(lambda _: job.wait(timeout=1.0, on_status=told.append))
    finally:
        assert [str(update) for update in told] == ["Queued"]


def queue_raised(stage: Stage, operation: Operation, value: Any, outcome: Any) -> None:
    raise AssertionError("the job is still queued")


def closed(stage: Stage) -> Any:
    session = stage.session()
    stage.answers("get_session", state="closed")
    stage.answers("get_job", state={"status": "Completed"}, status="Completed")
    return stage.do(lambda _: session.wait(timeout=SECONDS))


def create_session(stage: Stage) -> Any:
    others = {"max_time": stage.given["max_ttl"]} if "max_ttl" in stage.given else {}
    return stage.do(
        lambda client: client.sessions.create(backend=stage.given["backend"], mode=stage.given["mode"], **others)
    )


TAGS = {"type": "array", "items": {"type": "string", "pattern": "^.*$", "maxLength": 86}, "maxItems": 7}
"""One less than a job may have: one is the client's own."""

JOB = ("program_id", "backend", "params", "tags", "session_id", "private", "cost", "log_level", "calibration_id")
COMMON = tuple(name for name in JOB if name not in ("program_id", "params"))
NAMED: Mapping[str, Schema] = {"backend": {"type": "string", "minLength": 1, "maxLength": 100}}
FILTERS = (
    *("limit", "pending", "program", "backend", "created_after", "created_before", "sort", "tags", "session_id"),
    "exclude_params",
)
PATIENT: Mapping[int, type[errors.RuntimeRestError] | None] = {404: errors.NotFound, 500: errors.WaitTimeout}
ENDS = (errors.JobError, errors.WaitTimeout)
UNREADABLE = (errors.ResultDecodeError, errors.ResultUnavailable, errors.WaitTimeout)

USES: tuple[Use, ...] = (
    Use("RuntimeClient.versions", "get_versions", lambda s: s.do(lambda c: c.versions()), versions),
    Use("RuntimeClient.usage", "get_usage", lambda s: s.do(lambda c: c.usage()), model),
    Use("Instances.usage", "get_usage", lambda s: s.do(lambda c: c.instances.usage()), model),
    Use("Instances.get", "get_instance", lambda s: s.do(lambda c: c.instances.get()), model),
    Use(
        "Instances.configuration",
        "get_instance_configuration",
        lambda s: s.do(lambda c: c.instances.configuration()),
        model,
    ),
    Use(
        "Backends.list",
        "list_backends",
        lambda s: s.do(lambda c: c.backends.list()),
        backends,
    ),
    Use(
        "Backends.get",
        "list_backends",
        lambda s: s.do(lambda c: c.backends.get("text")),
        one_backend,
        may_raise=(errors.NotFound,),
    ),
    Use(
        "Backends.least_busy",
        "list_backends",
        lambda s: s.do(lambda c: c.backends.least_busy()),
        one_backend,
        may_raise=(errors.NotFound,),
    ),
    *(
        Use(
            f"{owner}.{name}",
            f"get_backend_{name}",
            on_backend(name) if owns else by_name(name),
            model,
            takes=("id",),
        )
        for owner, owns in (("Backends", False), ("Backend", True))
        for name in ("status", "configuration", "properties")
    ),
    Use(
        "Jobs.get",
        "get_job",
        lambda s: s.do(lambda c: c.jobs.get(s.given["id"])),
        one_job,
        takes=("id",),
    ),
    Use(
        "Jobs.find",
        "list_jobs",
        lambda s: s.do(lambda c: c.jobs.find(s.given["tags"][0])),
        found,
        takes=("tags",),
        makes={"tags": {**TAGS, "minItems": 1, "maxItems": 1}},
    ),
    Use("Jobs.list", "list_jobs", jobs_list, jobs, takes=FILTERS),
    Use("Jobs.recover", "list_jobs", recover, settled, bears=dict.fromkeys((400, 401, 403, 404))),
    Use(
        "Jobs.wait_all",
        "list_jobs",
        several(lambda c, ids: c.jobs.wait_all(ids, timeout=SECONDS, results=False)),
        as_listed,
        may_raise=(errors.WaitTimeout,),
        bears={404: errors.WaitTimeout},
        also=("get_job",),
    ),
    Use(
        "Jobs.as_completed",
        "list_jobs",
        several(lambda c, ids: c.jobs.as_completed(ids, timeout=SECONDS, results=False)),
        as_listed,
        may_raise=(errors.WaitTimeout,),
        bears={404: errors.WaitTimeout},
        also=("get_job",),
    ),
    Use(
        "Job.refresh",
        "get_job",
        on_job(lambda job, given: job.refresh(params=not given.get("exclude_params", True))),
        job_json,
        takes=("id", "exclude_params"),
    ),
    Use(
        "Job.status",
        "get_job",
        on_job(lambda job, given: job.status()),
        status_word,
        takes=("id",),
    ),
    Use(
        "Job.wait",
        "get_job",
        on_job(lambda job, given: job.wait(timeout=SECONDS)),
        last_status,
        takes=("id",),
        may_raise=ENDS,
        bears=PATIENT,
    ),
    Use(
        "Job.wait",
        "list_backends",
        queue_told,
        queue_raised,
        may_raise=(errors.WaitTimeout,),
        also=("get_job",),
    ),
    Use(
        "Job.result",
        "get_job_results_jid",
        ended_result,
        result,
        takes=("id",),
        may_raise=UNREADABLE,
        bears={404: errors.ResultUnavailable},
        also=("get_job",),
    ),
    Use(
        "Job.result",
        "get_jog_logs_jid",
        failed_result,
        no_result,
        takes=("id",),
        may_raise=(errors.JobFailed,),
        bears=dict.fromkeys((401, 403, 404), errors.JobFailed),
        also=("get_job",),
    ),
    Use("Job.cancel", "cancel_job_jid", on_job(lambda job, given: job.cancel()), nothing, ("id",)),
    Use("Job.delete", "delete_job", on_job(lambda job, given: job.delete()), nothing, ("id",)),
    Use("Job.logs", "get_jog_logs_jid", on_job(lambda job, given: job.logs()), text, ("id",)),
    Use(
        "Job.metrics",
        "get_job_metrics_jid",
        on_job(lambda job, given: job.metrics()),
        model,
        ("id",),
    ),
    Use(
        "Job.replace_tags",
        "replace_job_tags",
        on_job(lambda job, given: job.replace_tags(given["tags"])),
        nothing,
        ("id", "tags"),
    ),
    Use(
        "Sessions.create",
        "create_session",
        create_session,
        one_session,
        takes=("backend", "mode", "max_ttl"),
        makes=NAMED,
    ),
    Use(
        "Sessions.list",
        "find_instance_workloads",
        lambda s: s.do(lambda c: c.sessions.list(mode="batch", **s.given)),
        batches,
        takes=("backend",),
        makes=NAMED,
    ),
    Use(
        "Sessions.get",
        "get_session",
        lambda s: s.do(lambda c: c.sessions.get(s.given["id"])),
        one_session,
        takes=("id",),
    ),
    Use(
        "Session.status",
        "get_session",
        on_session(lambda session, given: session.status()),
        session_state,
        ("id",),
    ),
    Use(
        "Session.wait",
        "get_session",
        closed,
        as_listed,
        takes=("id",),
        may_raise=(errors.WaitTimeout,),
        bears=PATIENT,
        also=("list_jobs", "get_job"),
    ),
    Use(
        "Session.close",
        "update_session",
        on_session(lambda session, given: session.close()),
        nothing,
        ("id",),
    ),
    Use(
        "Session.cancel",
        "delete_session_close",
        on_session(lambda session, given: session.cancel()),
        nothing,
        ("id",),
    ),
    Use(
        "RuntimeClient.submit",
        "create_job",
        submit,
        submitted,
        JOB,
        {"tags": TAGS},
        also=("get_usage",),
    ),
    Use(
        "RuntimeClient.submit_all",
        "create_job",
        submit_to_jobs,
        submitted,
        JOB,
        {"tags": TAGS},
        also=("get_usage",),
    ),
    Use(
        "RuntimeClient.sampler",
        "create_job",
        sample,
        submitted,
        COMMON,
        {"tags": TAGS},
        also=("get_usage",),
    ),
    Use(
        "RuntimeClient.executor",
        "create_job",
        execute,
        submitted,
        COMMON,
        {"tags": TAGS},
        also=("get_usage",),
    ),
    Use(
        "RuntimeClient.estimator",
        "create_job",
        estimate,
        submitted,
        COMMON,
        {"tags": TAGS},
        also=("get_usage",),
    ),
)

NEEDED = ("id", "program_id", "backend", "params", "mode", "tags")
"""What a convenience cannot do without, where it takes it."""
