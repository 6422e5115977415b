"""The submitter and the look-up stepped by hand: one submission makes one job."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest import (
    ClientClosed,
    InvalidInput,
    InvalidRequest,
    JobRequest,
    PendingJobsLimit,
    QuotaExceeded,
    RateLimited,
    ServerError,
    SubmissionPolicy,
    SubmissionUnknown,
    SubmissionWarning,
    TransportError,
)
from qiskit_runtime_rest.base.processes import Process, _started
from qiskit_runtime_rest.config.state_file import State
from qiskit_runtime_rest.http.retrying import SHORTEST_SECONDS
from qiskit_runtime_rest.submission import Claim, ClaimLost, Entry, Journal, SubmissionLimiter, Submitter, find_by_tag
from qiskit_runtime_rest.submission.journal import SENDING_SECONDS
from qiskit_runtime_rest.submission.lookup import look_up

from ..fixtures.clocks import FakeClock
from ..fixtures.stepping import Reply, Stepper, error, reply

LOST = TransportError("lost", method="POST", url="https://service/", sent=True)
NOT_SENT = TransportError("lost", method="POST", url="https://service/", sent=False)
CREATED = reply({"id": "job-1"}, Date="Wed, 15 Apr 2026 10:00:00 GMT")
NONE = reply({"jobs": []})


def request(**fields: Any) -> JobRequest:
    return JobRequest(program_id="sampler", backend="ibm_fez", params={"pubs": []}, **fields)


@pytest.fixture
def clock() -> FakeClock:
    """Virtual time, in place of the embedded service's."""
    return FakeClock()


class Submission:
    """One submitter with a journal, and canned responses."""

    def __init__(self, clock: FakeClock, path: Path, replies: list[Reply], **policy: Any) -> None:
        state = State(path / "state.db")
        limiter = SubmissionLimiter(None, user="u", state=state, clock=clock)
        self.journal = Journal(state, service="s", instance="i")
        self.stepper = Stepper(clock, replies)
        self.submitter = Submitter(SubmissionPolicy(**policy), limiter=limiter, journal=self.journal, clock=clock)

    def submit(self, asked: JobRequest | None = None, key: str | None = None) -> dict[str, Any]:
        claim = self.claimed(key) if key else None
        try:
            return self.stepper.run(self.submitter.submit(asked or request(), claim=claim))
        finally:
            if claim:
                self.submitter.release(claim)

    def claimed(self, key: str) -> Claim:
        claim = self.stepper.run(self.submitter.claim(key))
        assert isinstance(claim, Claim)
        return claim

    @property
    def operations(self) -> list[str]:
        return self.stepper.operations


@pytest.fixture
def found() -> Reply:
    """A list of jobs with the job that has the tag asked for."""
    return lambda fetch: reply({"jobs": [{"id": "other"}, {"id": "job-1", "tags": fetch.arguments["tags"]}]})


def test_a_submission_is_sent_once_with_its_tag(clock: FakeClock, tmp_path: Path) -> None:
    one = Submission(clock, tmp_path, [CREATED])
    created = one.submit(request(tags=["mine"]))
    assert (created["id"], created["created"]) == ("job-1", "2026-04-15T10:00:00+00:00")
    assert created["tags"][0] == "mine"
    assert created["tags"][1].startswith("qrr-")
    (fetch,) = one.stepper.requests
    assert created["tags"][1].encode() in fetch.content
    assert fetch.no_rate_retries
    assert one.journal.unfinished() == []


def test_a_response_without_a_date_has_no_moment_of_creation(clock: FakeClock, tmp_path: Path) -> None:
    assert Submission(clock, tmp_path, [reply({"id": "x"})]).submit()["created"] is None


@pytest.mark.parametrize("failure", [LOST, error(503), error(502), reply({"id": ""}), reply(b"<html>")])
def test_a_job_whose_response_is_lost_is_looked_up(
    clock: FakeClock, tmp_path: Path, found: Reply, failure: Reply
) -> None:
    one = Submission(clock, tmp_path, [failure, NONE, found])
    assert one.submit()["id"] == "job-1"
    assert one.operations == ["create_job", "list_jobs", "list_jobs"]
    assert clock.slept == [0.5]
    assert one.journal.unfinished() == []


@pytest.mark.parametrize("failure", [error(400, 1204), NOT_SENT, error(403)])
def test_a_refused_submission_is_not_looked_up(clock: FakeClock, tmp_path: Path, failure: Exception) -> None:
    one = Submission(clock, tmp_path, [failure])
    with pytest.raises(type(failure)):
        one.submit()
    assert one.operations == ["create_job"]
    assert one.journal.unfinished() == []


def test_a_job_that_does_not_appear_is_unknown(clock: FakeClock, tmp_path: Path) -> None:
    one = Submission(clock, tmp_path, [LOST, *[NONE] * 20], settle=30.0)
    with pytest.raises(SubmissionUnknown, match="unknown whether the job was created: lost") as unknown:
        one.submit(key="k")
    assert clock.slept == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 6.5]
    assert unknown.value.tag is not None
    assert (unknown.value.request or {})["tags"] == [unknown.value.tag]
    (entry,) = one.journal.unfinished()
    assert (entry.tag, entry.key, entry.job_id) == (unknown.value.tag, "k", None)
    assert (entry.program_id, entry.backend) == ("sampler", "ibm_fez")


def test_a_failed_look_up_is_in_the_error(clock: FakeClock, tmp_path: Path) -> None:
    one = Submission(clock, tmp_path, [LOST, error(403)])
    with pytest.raises(SubmissionUnknown, match=r"could not be looked up: Refused"):
        one.submit()
    assert len(one.journal.unfinished()) == 1


def test_without_a_tag_nothing_is_looked_up(clock: FakeClock, tmp_path: Path) -> None:
    one = Submission(clock, tmp_path, [LOST], tagged=False)
    with pytest.raises(SubmissionUnknown, match="has no tag of this client") as unknown:
        one.submit()
    assert (one.operations, unknown.value.tag) == (["create_job"], None)
    assert one.journal.unfinished() == []


def test_without_a_tag_nothing_is_submitted_again(clock: FakeClock, tmp_path: Path) -> None:
    one = Submission(clock, tmp_path, [LOST, CREATED], if_unknown="submit again")
    with pytest.warns(SubmissionWarning), pytest.raises(SubmissionUnknown, match="has no tag of this client"):
        one.submit(request(tags=[str(n) for n in range(8)]))
    assert one.operations == ["create_job"]


def test_a_submission_without_room_for_a_tag_warns(clock: FakeClock, tmp_path: Path) -> None:
    one = Submission(clock, tmp_path, [CREATED, CREATED])
    with pytest.warns(SubmissionWarning, match="8 tags leave no room"):
        created = one.submit(request(tags=[str(n) for n in range(8)]))
    assert len(created["tags"]) == 8
    assert len(one.submit(request(tags=[str(n) for n in range(7)]))["tags"]) == 8


def test_submit_again_sends_what_did_not_appear(clock: FakeClock, tmp_path: Path) -> None:
    missing: list[Reply] = [LOST, NONE, NONE]
    one = Submission(clock, tmp_path, [*missing, *missing, CREATED], if_unknown="submit again", settle=0.5)
    assert one.submit()["id"] == "job-1"
    assert one.operations.count("create_job") == 3
    assert len({fetch.content for fetch in one.stepper.requests if fetch.content}) == 1


def test_submit_again_stops_after_most_times(clock: FakeClock, tmp_path: Path) -> None:
    replies: list[Reply] = [LOST, NONE, NONE, LOST, NONE, NONE, CREATED]
    one = Submission(clock, tmp_path, replies, if_unknown="submit again", most_times=2, settle=0.5)
    with pytest.raises(SubmissionUnknown):
        one.submit()
    assert one.operations.count("create_job") == 2


def test_a_refusal_of_the_second_try_leaves_the_first_unknown(clock: FakeClock, tmp_path: Path) -> None:
    replies: list[Reply] = [LOST, NONE, NONE, error(400), CREATED]
    one = Submission(clock, tmp_path, replies, if_unknown="submit again", settle=0.5)
    with pytest.raises(SubmissionUnknown) as unknown:
        one.submit()
    assert isinstance(unknown.value.__cause__, InvalidRequest)
    assert one.operations.count("create_job") == 2
    assert len(one.journal.unfinished()) == 1


@pytest.mark.parametrize(
    ("refusal", "policy", "slept"),
    [
        (error(429), {}, [8.0, 16.0, 32.0, 60.0]),
        (error(429), {"wait_for_rate": 120.0, "longest": 40.0}, [40.0, 60.0]),
        (error(429, Retry_After="50"), {}, [50.0, 50.0]),
        (error(429), {"wait_for_rate": 0.0}, []),
        (error(429, 3458), {}, []),
        (error(429, 3458), {"wait_for_room": 30.0, "wait_for_rate": 0.0}, [8.0, 16.0]),
    ],
)
def test_refusals_for_the_rate_and_for_room_are_waited_out(
    clock: FakeClock, tmp_path: Path, refusal: Exception, policy: dict[str, Any], slept: list[float]
) -> None:
    one = Submission(clock, tmp_path, [refusal] * 10, **policy)
    with pytest.raises((RateLimited, PendingJobsLimit)):
        one.submit()
    assert clock.slept == slept
    assert one.operations == ["create_job"] * (len(slept) + 1)
    again = Submission(clock, tmp_path, [*[refusal] * len(slept), CREATED], **policy)
    assert again.submit()["id"] == "job-1"


@pytest.mark.parametrize(
    ("usage", "ends"),
    [
        (reply({"usage_period": {"end_time": "2026-05-01T00:00:00Z"}}), "2026-05-01T00:00:00Z"),
        (reply({}), None),
        (reply({"usage_period": {"end_time": 5}}), None),
        (error(503), None),
    ],
)
def test_a_used_up_quota_says_when_it_ends(clock: FakeClock, tmp_path: Path, usage: Reply, ends: str | None) -> None:
    one = Submission(clock, tmp_path, [error(409, method="POST"), usage])
    with pytest.raises(QuotaExceeded) as quota:
        one.submit()
    assert quota.value.resets_at == ends
    assert (f"The usage period ends at {ends}." in str(quota.value)) is (ends is not None)
    assert one.operations == ["create_job", "get_instance_usage"]


@pytest.mark.parametrize(
    ("usage", "warned"),
    [
        ({"usage_limit_seconds": 100, "usage_consumed_seconds": 71}, True),
        ({"usage_limit_seconds": 100, "usage_consumed_seconds": 70}, False),
        ({"usage_limit_seconds": 100, "usage_consumed_seconds": 500}, True),
        ({"usage_limit_seconds": None, "usage_consumed_seconds": 70}, False),
        ({}, False),
    ],
)
def test_a_job_that_may_take_more_than_is_left_is_warned_of(
    clock: FakeClock, tmp_path: Path, recwarn: pytest.WarningsRecorder, usage: dict[str, Any], warned: bool
) -> None:
    one = Submission(clock, tmp_path, [reply(usage), CREATED, CREATED, reply(usage), CREATED])
    warnings.simplefilter("always")
    for wait in (59.75, 0.25, 0.0):
        one.submit(request(max_execution_time=30))
        clock.now += wait
    assert [one.category for one in recwarn] == [SubmissionWarning] * 3 * warned
    assert one.operations == ["get_instance_usage", "create_job", "create_job", "get_instance_usage", "create_job"]


def test_a_usage_that_cannot_be_read_does_not_prevent_the_submission(clock: FakeClock, tmp_path: Path) -> None:
    one = Submission(clock, tmp_path, [error(503), CREATED])
    assert one.submit(request(max_execution_time=30))["id"] == "job-1"
    assert one.stepper.requests[0].budget == 0.0


# The journal


def left_behind(one: Submission, process: Process, *, at: float) -> Entry:
    """The entry of a submission that another process was about to send."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Process, "current", lambda: process)
        claim = one.journal.claim("k", claim_id="of the other process", now=at)
        assert isinstance(claim, Claim)
        one.journal.begin("qrr-t", request(), claim=claim, now=at)
    (entry,) = one.journal.unfinished()
    return entry


def known(one: Submission, key: str, asked: JobRequest | None = None) -> dict[str, Any] | None:
    claimed = one.stepper.run(one.submitter.claim(key))
    assert claimed is not None
    return one.stepper.run(one.submitter.find_claimed(asked or request(), claimed))


DEAD = Process.current()._replace(pid=2**22 + 1, started="1")
BEFORE_THIS_BOOT = DEAD._replace(boot="another")


def test_what_the_journal_has_as_recorded_is_not_looked_up(clock: FakeClock, tmp_path: Path) -> None:
    one = Submission(clock, tmp_path, [CREATED])
    tag = one.submit(key="k")["tags"][-1]
    assert known(one, "k", request(tags=["mine"])) == {"id": "job-1", "tags": ["mine", tag]}
    assert known(one, "other") is None


def test_what_the_journal_does_not_know_the_outcome_of_is_looked_up(
    clock: FakeClock, tmp_path: Path, found: Reply
) -> None:
    one = Submission(clock, tmp_path, [found])
    left_behind(one, DEAD, at=clock.now)
    job = known(one, "k")
    assert job is not None
    assert job["id"] == "job-1"
    assert one.journal.unfinished() == []
    entry = one.journal.claim("k", claim_id="0", now=clock.now)
    assert isinstance(entry, Entry)
    assert (entry.outcome, entry.job_id) == ("recorded", "job-1")


def test_a_failed_look_up_leaves_the_journal_as_it_is(clock: FakeClock, tmp_path: Path) -> None:
    one = Submission(clock, tmp_path, [error(403)])
    left_behind(one, DEAD, at=clock.now)
    with pytest.raises(SubmissionUnknown, match=r"could not be looked up\. Call recover"):
        known(one, "k")
    assert [entry.outcome for entry in one.journal.unfinished()] == ["sending"]


@pytest.mark.parametrize(
    ("process", "age", "slept"),
    [
        (DEAD, 0.0, 30.0),
        (DEAD, 3600.0, 30.0),  # it may have waited all this time for the upload to end
        (DEAD, 3620.0, 10.0),
        (DEAD, 3630.0, 0.0),
        (BEFORE_THIS_BOOT, 0.0, 0.0),  # this machine has been up for longer
    ],
)
def test_a_job_has_its_time_to_appear_from_the_last_moment_at_which_it_may_have_been_sent(
    clock: FakeClock, tmp_path: Path, process: Process, age: float, slept: float
) -> None:
    one = Submission(clock, tmp_path, [NONE] * 20)
    clock.now = 5000.0
    entry = left_behind(one, process, at=clock.now - age)
    assert one.stepper.run(one.submitter.recover("qrr-t", entry)) is None
    assert sum(clock.slept) == pytest.approx(slept)
    assert one.journal.unfinished() == []


@pytest.mark.parametrize("shift", [-1e6, 1e6])
def test_a_clock_on_the_wall_that_jumps_changes_nothing(
    clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shift: float
) -> None:
    one = Submission(clock, tmp_path, [NONE] * 20)
    entry = left_behind(one, DEAD, at=clock.now)
    monkeypatch.setattr(clock, "time", lambda: 1.7e9 + shift)
    assert one.stepper.run(one.submitter.recover("qrr-t", entry)) is None
    assert sum(clock.slept) == pytest.approx(30.0)


def test_of_a_submission_that_a_living_process_sends_nobody_says_that_it_became_no_job(
    clock: FakeClock, tmp_path: Path
) -> None:
    one = Submission(clock, tmp_path, [NONE] * 20)
    entry = left_behind(one, Process.current(), at=clock.now - 1e6)
    with pytest.raises(SubmissionUnknown, match="a process may still submit it"):
        one.stepper.run(one.submitter.recover("qrr-t", entry))
    assert len(one.journal.unfinished()) == 1


@pytest.mark.parametrize(("age", "is_unknown"), [(0.0, True), (3599.0, True), (3600.0, False)])
def test_a_process_that_cannot_be_seen_may_send_until_its_time_is_over(
    clock: FakeClock, tmp_path: Path, age: float, is_unknown: bool
) -> None:
    """That of another container, for example."""
    one = Submission(clock, tmp_path, [NONE] * 20)
    clock.now = 5000.0
    entry = left_behind(one, DEAD._replace(namespace="another"), at=clock.now - age)
    recovering = one.submitter.recover("qrr-t", entry)
    if is_unknown:
        with pytest.raises(SubmissionUnknown, match="a process may still submit it"):
            one.stepper.run(recovering)
    else:
        assert one.stepper.run(recovering) is None
    assert len(one.journal.unfinished()) == is_unknown


def test_a_process_that_ends_during_the_look_up_may_have_sent_the_job_just_before(
    clock: FakeClock, tmp_path: Path
) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as sender:
        process = Process.current()._replace(pid=sender.pid, started=_started(sender.pid))

        def ends(effect: Any) -> Any:
            sender.communicate(b"\n")
            return NONE

        one = Submission(clock, tmp_path, [NONE, ends, *[NONE] * 20, NONE])
        entry = left_behind(one, process, at=clock.now)
        with pytest.raises(SubmissionUnknown, match="a process may still submit it"):
            one.stepper.run(one.submitter.recover("qrr-t", entry))
    assert process.is_alive is False
    (entry,) = one.journal.unfinished()
    assert one.stepper.run(one.submitter.recover("qrr-t", entry)) is None


@pytest.mark.parametrize(("seconds", "notes"), [(0.0, 1), (1000.0, 1), (1800.0, 2)])
def test_sending_ends_in_time_also_after_a_slow_note(
    clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, notes: int
) -> None:
    """The time to appear is counted from the note on: the process may have been stopped, or the disk be slow."""
    one = Submission(clock, tmp_path, [CREATED])
    begin, times, noted = one.journal.begin, iter([seconds]), []

    def slow(*args: Any, now: float, **more: Any) -> None:
        begin(*args, now=now, **more)
        noted.append(now)
        clock.now += next(times, 0.0)

    monkeypatch.setattr(one.journal, "begin", slow)
    one.submit()
    (fetch,) = one.stepper.requests
    assert len(noted) == notes
    assert (
        one.stepper.moments[0] + max(fetch.budget, SHORTEST_SECONDS) + SHORTEST_SECONDS <= noted[-1] + SENDING_SECONDS
    )


def test_each_try_is_noted_anew(clock: FakeClock, tmp_path: Path) -> None:
    """A submission that waits for room is sent long after it was first noted."""
    full = error(429, 3458, Retry_After="3000")
    noted: list[float | None] = []

    def killed(effect: Any) -> Any:
        (entry,) = one.journal.unfinished()
        noted.append(entry.noted_at)
        raise KeyboardInterrupt

    one = Submission(clock, tmp_path, [full, full, killed], wait_for_room=9000.0)
    began = clock.now
    with pytest.raises(KeyboardInterrupt):
        one.submit(key="k")
    assert noted == [began + 6000.0]


def test_a_submission_that_ended_is_not_being_sent(clock: FakeClock, tmp_path: Path) -> None:
    """Though its process lives: otherwise `resume=` would wait for itself."""
    one = Submission(clock, tmp_path, [error(503), *[NONE] * 20])
    with pytest.raises(SubmissionUnknown):
        one.submit(key="k")
    (entry,) = one.journal.unfinished()
    assert not entry.may_be_sent(clock.now)


# Claims


def test_a_name_is_claimed_by_one_at_a_time(clock: FakeClock, tmp_path: Path) -> None:
    one = Submission(clock, tmp_path, [])
    first = one.journal.claim("k", claim_id="1", now=clock.now)
    assert isinstance(first, Claim)
    assert one.journal.claim("k", claim_id="2", now=clock.now) is None
    other = one.journal.claim("other", claim_id="3", now=clock.now)
    assert isinstance(other, Claim)
    one.journal.release(first.id)
    assert isinstance(one.journal.claim("k", claim_id="4", now=clock.now), Claim)


@pytest.mark.parametrize(
    ("process", "age", "holds"),
    [
        (Process.current(), 1e6, True),
        (DEAD, 0.0, False),
        (BEFORE_THIS_BOOT, 0.0, False),
        (DEAD._replace(namespace="another"), 4000.0, True),
        (DEAD._replace(namespace="another"), 4300.0, False),
    ],
)
def test_a_claim_ends_with_its_process_or_its_lease(
    clock: FakeClock, tmp_path: Path, process: Process, age: float, holds: bool
) -> None:
    one = Submission(clock, tmp_path, [])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Process, "current", lambda: process)
        one.journal.claim("k", claim_id="5", now=10_000.0 - age)
    assert (one.journal.claim("k", claim_id="6", now=10_000.0) is None) == holds


def test_nothing_is_sent_for_a_claim_that_another_process_has_by_now(clock: FakeClock, tmp_path: Path) -> None:
    """Its lease ended while the submission waited, in a container whose processes are not seen from outside."""
    one = Submission(clock, tmp_path, [CREATED])
    claim = one.claimed("k")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Process, "is_alive", None)
        taken = one.journal.claim("k", claim_id="another", now=clock.now + 4200.0)
    assert isinstance(taken, Claim)
    with pytest.raises(ClaimLost):
        one.stepper.run(one.submitter.submit(request(), claim=claim))
    assert one.operations == []
    assert one.journal.unfinished() == []


# The look-up


@pytest.mark.parametrize("jobs", [[], [{"id": "x"}], [{"id": "x", "tags": ["other"]}], [{"tags": ["t"]}], [None, 5]])
def test_only_a_job_with_the_tag_is_found(clock: FakeClock, jobs: list[Any]) -> None:
    assert Stepper(clock, [reply({"jobs": jobs})]).run(find_by_tag("t")) is None


@pytest.mark.parametrize("body", [{}, {"jobs": None}, {"jobs": {"id": "x"}}])
def test_a_response_that_is_not_a_list_of_jobs_is_unexpected(clock: FakeClock, body: Any) -> None:
    with pytest.raises(Exception, match="does not hold a list of jobs"):
        Stepper(clock, [reply(body)]).run(find_by_tag("t"))


def test_a_look_up_goes_on_for_twice_its_time_while_requests_fail(clock: FakeClock) -> None:
    stepper = Stepper(clock, [error(503)] * 50)
    with pytest.raises(ServerError):
        stepper.run(look_up("t", settle=10.0, first=1.0, longest=4.0, clock=clock))
    assert clock.slept == [1.0, 2.0, 4.0, 3.0, 4.0, 4.0, 4.0]
    assert [fetch.budget for fetch in stepper.requests[:5]] == [10.0, 9.0, 7.0, 4.0, 4.0]


def test_a_look_up_finds_the_job_after_failures(clock: FakeClock, found: Reply) -> None:
    stepper = Stepper(clock, [error(503), error(429), LOST, found])
    job = stepper.run(look_up("t", settle=10.0, first=1.0, longest=4.0, clock=clock))
    assert job is not None
    assert job["id"] == "job-1"
    assert stepper.requests[0].arguments == {"tags": ["t"], "limit": 2, "offset": 0, "exclude_params": True}


def test_a_closed_client_ends_the_look_up_at_once(clock: FakeClock) -> None:
    with pytest.raises(ClientClosed):
        Stepper(clock, [ClientClosed("closed", method="GET", url="", sent=False)]).run(
            look_up("t", settle=10.0, first=1.0, longest=4.0, clock=clock)
        )
    assert clock.slept == []


# The rate limiter


def moments(clock: FakeClock, limiter: SubmissionLimiter, number: int) -> list[float]:
    return [limiter.reserve() + clock.now - 1000.0 for _ in range(number)]


@pytest.mark.parametrize(("per_minute", "window"), [(3.0, 60.0), (0.5, 120.0), (2.5, 48.0), (1.0, 60.0)])
def test_no_window_has_more_submissions_than_the_limit(
    clock: FakeClock, tmp_path: Path, per_minute: float, window: float
) -> None:
    at_once = max(1, int(per_minute))
    limiter = SubmissionLimiter(per_minute, user="u", state=State(tmp_path / "s.db"), clock=clock)
    assert moments(clock, limiter, 3 * at_once) == pytest.approx([window * (n // at_once) for n in range(3 * at_once)])
    assert not limiter.is_off


def test_submissions_older_than_the_window_do_not_count(clock: FakeClock, tmp_path: Path) -> None:
    limiter = SubmissionLimiter(2, user="u", state=State(tmp_path / "s.db"), clock=clock)
    moments(clock, limiter, 2)
    clock.now += 59.0
    assert limiter.reserve() == pytest.approx(1.0)
    clock.now += 10.0
    assert limiter.reserve() == 0.0


def test_users_and_files_have_limits_of_their_own(clock: FakeClock, tmp_path: Path) -> None:
    state = State(tmp_path / "s.db")
    limiters = [SubmissionLimiter(1, user=user, state=state, clock=clock) for user in ("a", "a", "b")]
    assert [one.reserve() for one in limiters] == [0.0, 60.0, 0.0]


def test_a_clock_set_back_delays_by_few_windows(clock: FakeClock, tmp_path: Path) -> None:
    limiter = SubmissionLimiter(1, user="u", state=State(tmp_path / "s.db"), clock=clock)
    limiter.reserve()
    clock.now -= 3600.0
    assert limiter.reserve() == 120.0


def test_without_a_state_file_a_process_limits_itself(
    clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    limiter = SubmissionLimiter(2, user="u", state=State(tmp_path / "file" / "s.db"), clock=clock)
    assert moments(clock, limiter, 5) == [0.0, 0.0, 60.0, 60.0, 120.0]
    assert caplog.text.count("limited in this process only") == 1


def test_the_submitter_waits_for_the_rate_limit(clock: FakeClock, tmp_path: Path) -> None:
    state = State(tmp_path / "s.db")
    limiter = SubmissionLimiter(1, user="u", state=state, clock=clock)
    submitter = Submitter(SubmissionPolicy(), limiter=limiter, journal=None, clock=clock)
    stepper = Stepper(clock, [CREATED, CREATED])
    for _ in range(2):
        stepper.run(submitter.submit(request()))
    assert clock.slept == [60.0]


@pytest.mark.parametrize("wrong", [{"if_unknown": "again"}, {"if_unknown": "submit again", "tagged": False}])
def test_a_policy_that_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        SubmissionPolicy(**wrong)
