"""The wait budget, the poll interval, pages and following, stepped by hand."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from typing import Any

import pytest

from qiskit_runtime_rest import (
    ApiError,
    AuthenticationError,
    ClientClosed,
    InvalidInput,
    NotFound,
    PollInterval,
    ServerError,
    StatusUpdate,
    TransportError,
    WaitStopped,
    WaitTimeout,
)
from qiskit_runtime_rest.arguments import check_timeout
from qiskit_runtime_rest.errors import UnexpectedAnswer
from qiskit_runtime_rest.waiting import PAGE, Following, JobPages, WaitBudget, wait
from qiskit_runtime_rest.waiting.job_states import JobSnapshot, WatchedJob, status_of
from qiskit_runtime_rest.waiting.pages import read_page
from qiskit_runtime_rest.waiting.updates import Queue, Queues

from ..fixtures.clocks import FakeClock
from ..fixtures.stepping import Reply, Stepper, error, reply

STEADY = PollInterval(random=lambda: 0.5, jitter=0.0)
LEFT = {"job_id": "x", "status": "Queued"}
LOST = TransportError("lost", method="GET", url="https://service/", sent=True)


@pytest.fixture
def clock() -> FakeClock:
    """Virtual time, in place of the embedded service's."""
    return FakeClock()


def job(job_id: str, status: str = "Running", **members: Any) -> dict[str, Any]:
    return {"id": job_id, "status": status, "state": {"status": status}, **members}


def page(*jobs: dict[str, Any], count: int | None = None) -> Reply:
    return reply({"jobs": list(jobs)} | ({} if count is None else {"count": count}))


def budget(clock: FakeClock, **options: Any) -> WaitBudget:
    return WaitBudget(clock=clock, poll_interval=STEADY, **options)


def follow(clock: FakeClock, replies: list[Reply], ids: list[str], **options: Any) -> tuple[Following, Stepper]:
    jobs = options.pop("raw", {job_id: {} for job_id in ids})
    notify = options.pop("on_status", None)
    return Following(jobs, wait_budget=budget(clock, **options), on_status=notify), Stepper(clock, replies)


# The poll interval


@pytest.mark.parametrize(("age", "seconds"), [(0.0, 0.25), (1.25, 0.25), (5.0, 1.0), (75.0, 15.0), (1e9, 15.0)])
def test_the_interval_is_a_share_of_the_age_within_bounds(age: float, seconds: float) -> None:
    assert STEADY.interval(age) == seconds


@pytest.mark.parametrize(
    ("age", "random", "seconds"),
    [(50.0, 0.0, 9.0), (50.0, 1.0, 11.0), (1e9, 1.0, 15.0), (1e9, 0.0, 13.5), (0.0, 0.0, 0.25)],
)
def test_the_interval_is_jittered_within_the_bounds(age: float, random: float, seconds: float) -> None:
    assert PollInterval(random=lambda: random).interval(age) == pytest.approx(seconds)


def test_the_interval_is_never_less_than_the_service_asks_for() -> None:
    assert STEADY.interval(0.0, retry_after=7.0) == 7.0
    assert STEADY.interval(50.0, retry_after=7.0) == 10.0


# The wait budget


@pytest.mark.parametrize("timeout", ["5", -1, float("nan"), [1]])
def test_a_timeout_that_is_not_seconds_is_refused(clock: FakeClock, timeout: Any) -> None:
    with pytest.raises(InvalidInput, match="pass seconds, 0 or more"):
        check_timeout(timeout)
    with pytest.raises(InvalidInput):
        budget(clock, timeout=timeout)


def test_a_budget_counts_down(clock: FakeClock) -> None:
    one = budget(clock, timeout=10.0)
    clock.now += 4.0
    assert (one.waited, one.left, one.is_used_up) == (4.0, 6.0, False)
    clock.now += 7.0
    assert (one.waited, one.left, one.is_used_up) == (11.0, 0.0, True)
    unlimited = budget(clock)
    assert (unlimited.left, unlimited.is_used_up) == (None, False)


def test_a_set_stop_event_uses_the_budget_up(clock: FakeClock) -> None:
    stop = threading.Event()
    one = budget(clock, stop=stop)
    assert not one.is_used_up
    stop.set()
    assert one.is_used_up
    with one.check("x"):
        pass
    with pytest.raises(WaitStopped):
        Stepper(clock).run(one.pause(changed=0.0, left=LEFT))


def test_the_first_check_is_due_at_once_and_the_next_after_an_interval(clock: FakeClock) -> None:
    one, stepper = budget(clock, timeout=3.0), Stepper(clock)
    for _ in range(3):
        stepper.run(one.pause(changed=clock.now - 5.0, left=LEFT))
        with one.check("x"):
            clock.now += 0.25
    assert clock.slept == [1.0, 1.0]
    stepper.run(one.pause(changed=clock.now - 5.0, left=LEFT))
    assert clock.now == pytest.approx(1003.0)
    with one.check("x"):
        pass
    with pytest.raises(WaitTimeout) as late:
        stepper.run(one.pause(changed=0.0, left=LEFT))
    assert (late.value.job_id, late.value.status) == ("x", "Queued")
    assert late.value.waited == pytest.approx(3.0)


def test_time_that_the_caller_took_counts_towards_the_interval(clock: FakeClock) -> None:
    one = budget(clock)
    with one.check("x"):
        pass
    clock.now += 0.75
    Stepper(clock).run(one.pause(changed=clock.now - 5.75, left={}))
    assert clock.slept == [pytest.approx(0.25)]
    clock.now += 60.0
    Stepper(clock).run(one.pause(changed=clock.now, left={}))
    assert len(clock.slept) == 1


@pytest.mark.parametrize("failure", [LOST, error(429), error(503), error(404), UnexpectedAnswer("odd", status=200)])
def test_a_transient_failure_ends_the_check_only(clock: FakeClock, failure: Exception) -> None:
    one = budget(clock, timeout=0.0)
    with one.check("x"):
        raise failure
    with pytest.raises(WaitTimeout) as late:
        Stepper(clock).run(one.pause(changed=0.0, left=LEFT))
    assert late.value.__cause__ is failure


@pytest.mark.parametrize(
    "failure", [error(401), error(400), ClientClosed("closed", method="GET", url="", sent=False), ValueError()]
)
def test_another_failure_ends_the_wait(clock: FakeClock, failure: Exception) -> None:
    with pytest.raises(type(failure)), budget(clock).check("x"):
        raise failure


def test_failures_for_too_long_end_a_wait_without_a_deadline_only(clock: FakeClock) -> None:
    endless, limited = budget(clock), budget(clock, timeout=5000.0)
    clock.now += 899.0
    with endless.check("x"):
        raise LOST
    clock.now += 1.0
    with limited.check("x"):
        raise LOST
    endless.record_response(reply())
    with endless.check("x"):
        raise LOST
    clock.now += 900.0
    with pytest.raises(TransportError), endless.check("x"):
        raise LOST


def test_retry_after_delays_the_next_check_and_no_other(clock: FakeClock) -> None:
    one = budget(clock)
    with one.check("x"):
        one.record_response(reply(Retry_After="9"))
        one.record_response(reply(Retry_After="4"))
    Stepper(clock).run(one.pause(changed=clock.now, left={}))
    with one.check("x"):
        raise error(429, Retry_After="12")
    Stepper(clock).run(one.pause(changed=clock.now, left={}))
    with one.check("x"):
        pass
    Stepper(clock).run(one.pause(changed=clock.now, left={}))
    assert clock.slept == [9.0, 12.0, 0.25]


# Pages


def test_all_pages_are_read_and_each_job_is_given_once(clock: FakeClock) -> None:
    one, two, three, four = (job(str(n)) for n in range(4))
    stepper = Stepper(clock, [page(one, two), page(two, three), page(four)])
    pages = JobPages(limit=2, params=True, budget=lambda: 7.0, tags=["t"])
    listed = []
    while not pages.done:
        listed.append([raw["id"] for raw in stepper.run(pages.next())])
    assert listed == [["0", "1"], ["2"], ["3"]]
    assert [fetch.arguments["offset"] for fetch in stepper.requests] == [0, 2, 4]
    assert stepper.requests[0].arguments == {"limit": 2, "offset": 0, "exclude_params": False, "tags": ["t"]}
    assert stepper.requests[0].budget == 7.0


def test_jobs_deleted_meanwhile_do_not_hide_others(clock: FakeClock) -> None:
    replies = [page(job("0"), job("1"), count=5), page(job("4"), count=3), page(job("3"), job("4"), count=3)]
    stepper, pages = Stepper(clock, replies), JobPages(limit=2)
    assert len(stepper.run(pages.next())) == 2
    assert [raw["id"] for raw in stepper.run(pages.next())] == ["3", "4"]
    assert [fetch.arguments["offset"] for fetch in stepper.requests] == [0, 2, 0]


def test_a_list_without_an_end_is_refused(clock: FakeClock) -> None:
    stepper, pages = Stepper(clock, [page(*[job(str(n)) for n in range(PAGE)])] * 9), JobPages()
    stepper.run(pages.next())
    assert stepper.run(pages.next()) == []
    with pytest.raises(UnexpectedAnswer, match="repeats itself"):
        stepper.run(pages.next())


@pytest.mark.parametrize("body", [{}, {"jobs": {}}, {"jobs": [{}]}, {"jobs": [{"id": 5}]}, {"jobs": ["x"]}])
def test_a_page_that_is_not_a_list_of_jobs_is_unexpected(clock: FakeClock, body: Any) -> None:
    with pytest.raises(UnexpectedAnswer, match="does not hold a list of jobs"):
        Stepper(clock, [reply(body)]).run(read_page(offset=0))


# One job


def test_one_job_is_read_by_itself_until_it_ends(clock: FakeClock) -> None:
    replies: list[Reply] = [reply(job("x", "Queued")), reply(job("x")), reply(job("x", "Failed"))]
    stepper = Stepper(clock, replies)
    raw = stepper.run(wait("x", clock=clock, poll_interval=STEADY, timeout=9.0))
    assert raw["status"] == "Failed"
    assert stepper.operations == ["get_job"] * 3
    assert stepper.requests[0].arguments == {"id": "x", "exclude_params": True}
    assert [fetch.budget for fetch in stepper.requests] == [9.0, 8.75, 8.5]


@pytest.mark.parametrize(("replies", "reads"), [([error(404)] * 9, 2), ([reply(job("x")), *[error(404)] * 9], 6)])
def test_a_missing_job_is_given_up_after_some_checks(clock: FakeClock, replies: list[Reply], reads: int) -> None:
    stepper = Stepper(clock, replies)
    with pytest.raises(NotFound):
        stepper.run(wait("x", clock=clock, poll_interval=STEADY))
    assert len(stepper.requests) == reads


def test_a_job_found_again_is_not_given_up(clock: FakeClock) -> None:
    missing: list[Reply] = [error(404)] * 4
    replies = [reply(job("x")), *missing, reply(job("x")), *missing, reply(job("x", "Completed"))]
    assert Stepper(clock, replies).run(wait("x", clock=clock, poll_interval=STEADY))["status"] == "Completed"


def test_a_response_without_a_status_is_not_the_end(clock: FakeClock) -> None:
    stepper = Stepper(clock, [reply({"id": "x"}), reply(job("x", "Completed"))])
    assert stepper.run(wait("x", clock=clock, poll_interval=STEADY))["status"] == "Completed"


def test_an_unknown_status_is_logged_once(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    replies = [reply(job("x", "Odd"))] * 3 + [reply(job("x", "Completed"))]
    Stepper(clock, replies).run(wait("x", clock=clock, poll_interval=STEADY))
    assert caplog.text.count("has a status this version does not know: Odd; the wait goes on") == 1


# Several jobs


def test_jobs_that_left_the_pending_list_are_read_one_by_one(clock: FakeClock) -> None:
    replies = [page(job("a"), job("b"), job("c")), page(job("a"), job("c")), reply(job("b", "Completed"))]
    following, stepper = follow(clock, replies, ["a", "b", "c"])
    assert [ended.job_id for ended in stepper.run(following.next_ended())] == ["b"]
    assert stepper.operations == ["list_jobs", "list_jobs", "get_job"]
    assert following.left == 2
    assert stepper.requests[0].arguments["pending"] is True
    assert stepper.requests[0].arguments["sort"] == "ASC"


def test_many_ended_jobs_are_read_on_pages(clock: FakeClock) -> None:
    ids = [str(n) for n in range(50)]
    over = [job(job_id, "Completed") for job_id in ids]
    following, stepper = follow(clock, [page(), page(*over)], ids)
    ended = stepper.run(following.next_ended())
    assert [one.job_id for one in ended] == ids
    assert stepper.operations == ["list_jobs", "list_jobs"]
    assert [fetch.arguments["pending"] for fetch in stepper.requests] == [True, False]


def listing(ids: list[str], ended: set[str]) -> Reply:
    """A service with these jobs: pages of those that are pending, or have ended."""

    def answer(fetch: Any) -> Any:
        asked = fetch.arguments
        if "id" in asked:
            return reply(job(asked["id"], "Completed" if asked["id"] in ended else "Queued"))
        status = "Queued" if asked["pending"] else "Completed"
        there = [job(job_id, status) for job_id in ids if (job_id not in ended) is asked["pending"]]
        return reply({"jobs": there[asked["offset"] : asked["offset"] + PAGE], "count": len(there)})

    return answer


@pytest.mark.parametrize("ended", [0, 1, 3, 200, 399, 400, 401, 600, 801, 999, 1000])
def test_a_check_of_a_thousand_jobs_takes_at_most_six_requests(clock: FakeClock, ended: int) -> None:
    ids = [f"{number:04}" for number in range(1000)]
    over: set[str] = set()
    service = listing(ids, over)
    following, stepper = follow(clock, [service] * 500, ids, timeout=12.0)
    over.update(ids[:ended])
    found: list[str] = []
    with pytest.raises(WaitTimeout) if ended < 1000 else contextlib.nullcontext():
        while len(found) < 1000:
            found += [end.job_id for end in stepper.run(following.next_ended())]
    assert sorted(found) == ids[:ended]
    assert max(Counter(stepper.moments).values()) <= 6


def test_a_check_has_a_limited_number_of_requests(clock: FakeClock) -> None:
    ids = [f"w{n}" for n in range(2)]
    full = page(*[job(f"o{n}") for n in range(PAGE)], count=5000)
    following, stepper = follow(clock, [full] * 6, ids, timeout=0.0)
    with pytest.raises(WaitTimeout) as late:
        stepper.run(following.next_ended())
    assert len(stepper.requests) == 6
    assert [fetch.arguments["offset"] for fetch in stepper.requests] == [PAGE * n for n in range(6)]
    assert late.value.job_ids == ("w0", "w1")


def test_the_next_check_continues_where_the_last_one_stopped(clock: FakeClock) -> None:
    full = page(*[job(f"o{n}") for n in range(PAGE)], count=5000)
    replies: list[Reply] = [*[full] * 6, page(job("a"), job("b")), page(job("a")), reply(job("b", "Failed"))]
    following, stepper = follow(clock, replies, ["a", "b"])
    assert [ended.job_id for ended in stepper.run(following.next_ended())] == ["b"]
    assert stepper.requests[6].arguments["offset"] == 6 * PAGE
    assert stepper.requests[7].arguments["offset"] == 0


def test_a_failed_check_begins_anew(clock: FakeClock) -> None:
    full = page(*[job(f"o{n}") for n in range(PAGE)])
    replies: list[Reply] = [full, LOST, page(job("a")), reply(job("b", "Completed"))]
    following, stepper = follow(clock, replies, ["a", "b"])
    stepper.run(following.next_ended())
    assert [fetch.arguments.get("offset") for fetch in stepper.requests] == [0, PAGE, 0, None]


def test_a_missing_job_among_several_is_returned_with_its_failure(clock: FakeClock) -> None:
    replies: list[Reply] = [page(job("a")), error(404), page(job("a")), error(404)]
    following, stepper = follow(clock, replies, ["a", "b"])
    (ended,) = stepper.run(following.next_ended())
    assert (ended.job_id, type(ended.failure)) == ("b", NotFound)


def test_jobs_known_to_be_over_need_no_request(clock: FakeClock) -> None:
    raw = {"a": job("a", "Completed"), "b": job("b")}
    following, stepper = follow(clock, [], [], raw=raw)
    (ended,) = stepper.run(following.next_ended())
    assert (ended.job_id, ended.raw["status"], stepper.requests) == ("a", "Completed", [])


def test_refused_credentials_end_the_wait(clock: FakeClock) -> None:
    following, stepper = follow(clock, [error(401)], ["a", "b"])
    with pytest.raises(AuthenticationError):
        stepper.run(following.next_ended())


def test_the_list_is_narrowed_to_what_the_jobs_share(clock: FakeClock) -> None:
    common: dict[str, Any] = {"backend": "ibm_fez", "program": {"id": "sampler"}, "created": "2026-04-15T10:00:00Z"}
    raw = {
        "a": job("a", **common, tags=["t", "u"], session_id="s"),
        "b": job("b", **common, tags=["v", "t"], session_id="other"),
    }
    following, stepper = follow(clock, [page(job("a", "Completed")), reply(job("b"))], [], raw=raw)
    stepper.run(following.next_ended())
    filters = stepper.requests[0].arguments
    assert {name: filters.get(name) for name in ("backend", "program", "tags", "session_id")} == {
        "backend": "ibm_fez",
        "program": "sampler",
        "tags": ["t"],
        "session_id": None,
    }
    assert filters["created_after"].isoformat() == "2026-04-15T09:59:59+00:00"
    assert filters["created_before"].isoformat() == "2026-04-15T10:00:01+00:00"


# Notifications


def test_each_new_status_is_notified_once_with_the_queue(clock: FakeClock) -> None:
    updates: list[StatusUpdate] = []
    device = {"name": "ibm_fez", "queue_length": 7, "wait_time_seconds": {"average": 5, "p50": 4.0}}
    replies: list[Reply] = [
        page(job("a", "Queued", backend="ibm_fez"), job("b", "Queued", backend="ibm_fez")),
        reply({"devices": [device, {}, None]}),
        page(job("a"), job("b", "Queued", backend="ibm_fez")),
        page(job("b", "Queued", backend="ibm_fez")),
        reply(job("a", "Completed")),
    ]
    following, stepper = follow(clock, replies, ["a", "b"], on_status=updates.append)
    stepper.run(following.next_ended())
    seen = [(update.job_id, str(update), update.position) for update in stepper.notified]
    assert seen == [("a", "Queued", 1), ("b", "Queued", 2), ("a", "Running", None), ("a", "Completed", None)]
    first = stepper.notified[0]
    assert (first.queue_length, first.waited) == (7, 0.0)
    assert (first.wait_time.average, first.wait_time.p50, first.wait_time.p95) == (5.0, 4.0, None)
    assert (stepper.notified[2].queue_length, stepper.notified[2].waited) == (None, 0.25)
    assert stepper.operations.count("list_backends") == 1


@pytest.mark.parametrize(("seconds", "reads"), [(59.75, 1), (60.0, 2)])
def test_queues_are_read_again_after_a_minute(clock: FakeClock, seconds: float, reads: int) -> None:
    queues = Queues(clock)
    stepper = Stepper(clock, [reply({"devices": [{"name": "b", "queue_length": 3}]})] * 2)
    first = stepper.run(queues.read())
    clock.now += seconds
    assert queues.are_fresh is (reads == 1)
    assert stepper.run(queues.read())["b"] == first["b"] == Queue(length=3, wait_time=None)
    assert stepper.operations == ["list_backends"] * reads


def test_queues_that_cannot_be_read_do_not_end_the_wait(clock: FakeClock) -> None:
    replies: list[Reply] = [reply(job("a", "Queued")), error(503), reply(job("a", "Completed"))]
    stepper = Stepper(clock, replies)
    stepper.run(wait("a", clock=clock, poll_interval=STEADY, on_status=lambda _: None))
    assert [str(update) for update in stepper.notified] == ["Queued", "Completed"]
    assert stepper.requests[1].budget == 0.0


# Job states


@pytest.mark.parametrize(
    ("status", "code", "failure"),
    [
        ("Completed", None, None),
        ("Failed", None, "JobFailed"),
        ("Failed", 1305, "JobTimeLimit"),
        ("Failed", "1305", "JobTimeLimit"),
        ("Cancelled", None, "JobCancelled"),
        ("Cancelled - Ran too long", None, "JobTimeLimit"),
        ("Completed", 1305, None),
        ("Running", 1305, None),
    ],
)
def test_a_state_leads_to_an_error(status: str, code: Any, failure: str | None) -> None:
    raw = {"status": status, "state": {"reason": "Why.", "reason_code": code, "reason_solution": "Do."}}
    snapshot = JobSnapshot.from_json(raw, job_id="x")
    raised = snapshot.error(log_tail="end")
    assert (raised and type(raised).__name__) == failure
    assert snapshot.is_final is (status != "Running")
    if raised is not None:
        assert (raised.job_id, raised.status, raised.reason, raised.code) == ("x", status, "Why.", code)
        assert (raised.solution, raised.log_tail) == ("Do.", "end")


@pytest.mark.parametrize(
    ("raw", "status"), [({}, None), ({"status": ""}, None), ({"state": {"status": "A"}}, "A"), ({"status": 5}, None)]
)
def test_the_status_is_read_from_either_place(raw: dict[str, Any], status: str | None) -> None:
    assert status_of(raw) == status
    assert JobSnapshot.from_json(raw, job_id="x").status == (status or "unknown")


@pytest.mark.parametrize(
    ("raw", "after", "before"),
    [
        ({"created": "2026-04-15T10:00:00Z"}, "2026-04-15T09:55:00+00:00", None),
        (job("x", created="2026-04-15T12:00:00+02:00"), "2026-04-15T09:59:59+00:00", "2026-04-15T10:00:01+00:00"),
        (job("x", created="2026-04-15T10:00:00"), "2026-04-15T09:59:59+00:00", "2026-04-15T10:00:01+00:00"),
        ({"created": "soon"}, None, None),
        ({"created": 5}, None, None),
        ({}, None, None),
    ],
)
def test_the_moment_of_creation_is_known_as_exactly_as_it_was_read(
    raw: dict[str, Any], after: str | None, before: str | None
) -> None:
    moments = WatchedJob("x", raw, changed=0.0).created_between()
    assert [moment and moment.isoformat() for moment in moments] == [after, before]


def test_a_status_that_stays_does_not_count_as_a_change() -> None:
    watched = WatchedJob.from_raw("x", {}, now=1.0)
    for now, status in ((2.0, "Queued"), (3.0, "Queued"), (4.0, "Running")):
        watched.update(job("x", status), now=now)
        assert watched.checked_at == now
    assert (watched.changed, watched.status, watched.is_over) == (4.0, "Running", False)


def test_an_error_of_the_service_after_failures_is_raised(clock: FakeClock) -> None:
    with pytest.raises((ApiError, ServerError)):
        Stepper(clock, [error(400)]).run(wait("x", clock=clock, poll_interval=STEADY))
