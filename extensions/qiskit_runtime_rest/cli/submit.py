"""`qrr submit`: read circuits, params or whole requests from files, and submit one job or several."""

from __future__ import annotations

import contextlib
from functools import partial
from json import dumps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..base.text import printable
from ..errors import ApiError, InvalidInput, NotFound, RuntimeRestError, TransportError
from .exit_status import FAILED, status_of
from .job_status import showing_status
from .options import JsonLinesOption, ServiceOptions, with_service_options
from .requests import CIRCUIT_OPTIONS, JobOptions, read_requests
from .terminal import print_json, say, working
from .wait import wait_for_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..client.client import RuntimeClient
    from ..client.job import Job
    from ..submission import JobRequest

__all__ = ["submit"]

JOB = "Job"
CIRCUITS = "Circuits (not with JSON files)"


@with_service_options
def submit(
    options: ServiceOptions,
    program_and_files: Annotated[
        list[str],
        typer.Argument(
            metavar="[PROGRAM] FILE...",
            help="The program (sampler, estimator, noise-learner, executor, ...), and files: OpenQASM circuits, or "
            "JSON; a folder stands for such files in it, - for stdin.",
        ),
    ],
    *,
    backend: Annotated[
        str | None, typer.Option("--backend", "-b", help="Such as ibm_fez.", rich_help_panel=JOB)
    ] = None,
    shots: Annotated[int | None, typer.Option(help="Shots of each circuit.", rich_help_panel=CIRCUITS)] = None,
    observable: Annotated[
        list[str] | None,
        typer.Option(help="Pauli string to estimate. Can be repeated.", rich_help_panel=CIRCUITS),
    ] = None,
    precision: Annotated[float | None, typer.Option(help="Target standard error.", rich_help_panel=CIRCUITS)] = None,
    each: Annotated[
        bool, typer.Option("--each", help="Submit a job for each circuit, not one for all.", rich_help_panel=CIRCUITS)
    ] = False,
    via: Annotated[
        str | None,
        typer.Option(
            help="Program that runs a sampler or an estimator: service (its own) or executor. Default: QRR_PRIMITIVES.",
            rich_help_panel=JOB,
        ),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", "-t", help="Tag of the job. Can be repeated.", rich_help_panel=JOB)
    ] = None,
    session: Annotated[str | None, typer.Option(help="Id of a session to run in.", rich_help_panel=JOB)] = None,
    private: Annotated[
        bool,
        typer.Option(
            "--private",
            help="The service does not keep the params, and the result can be read only once.",
            rich_help_panel=JOB,
        ),
    ] = False,
    max_execution_time: Annotated[
        float | None,
        typer.Option(help="Seconds of QPU time after which the service ends the job.", rich_help_panel=JOB),
    ] = None,
    journal: Annotated[
        bool,
        typer.Option(
            "--journal", help="Write the submission to the journal before it is sent; see `qrr jobs --recover`."
        ),
    ] = False,
    check_gates: Annotated[
        bool,
        typer.Option(
            "--check-gates/--no-check-gates",
            help="Compare circuits with the gates and couplings of the backend before anything is sent.",
            rich_help_panel=JOB,
        ),
    ] = True,
    transpile: Annotated[
        bool,
        typer.Option(
            "--transpile",
            help="Bring the circuits into the gates of the backend first, with Qiskit.",
            rich_help_panel=CIRCUITS,
        ),
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait until the jobs have ended.")] = False,
    timeout: Annotated[float | None, typer.Option(help="With --wait: seconds to wait at most.")] = None,
    json: JsonLinesOption = False,
) -> None:
    """Submit jobs and print their ids.

    Circuits are OpenQASM in the backend's native gates, or any with --transpile; all of them become one job. A JSON
    file becomes a job of its own: it has the params of the program, or a whole request (program_id, backend, params,
    ...), or it is the description of a job that was downloaded (job-<id>-info.json). The last two name the program and
    the backend.

    qrr submit sampler bell.qasm --backend ibm_fez --shots 1000
    """
    from ..arguments import check_timeout

    if timeout is not None and not wait:
        raise InvalidInput("--timeout needs --wait.")
    check_timeout(timeout)
    job_options = JobOptions(
        backend=backend,
        tags=tag,
        session_id=session,
        private=private or None,
        max_execution_time=max_execution_time,
    )
    circuits = {"shots": shots, "observables": observable or None, "precision": precision}
    read = partial(read_requests, program_and_files, job_options, circuits=circuits, each=each)
    requests = [] if transpile else read()
    with options.client(journal=journal, **({"primitives": via} if via else {})) as client:
        if transpile:
            requests = read(native=partial(_native, client))
        elif check_gates:
            _check_gates(client, requests)
        chosen = client.settings.primitives
        jobs = _submit(client, [part.request for request in requests for part in request.split(chosen)], json=json)
        if wait and len(jobs) == 1:
            (job,) = jobs
            with showing_status(job.id) as on_status:
                status = job.wait(timeout=timeout, on_status=on_status)
            say(f"{printable(status)} after {status.waited:.1f} s. To get the result: qrr result {job.id}")
        elif wait:
            wait_for_all(client, jobs, timeout=timeout, json=json)
            return
        if json:
            for job in jobs:
                print_json(job.raw)


def _native(client: RuntimeClient, backend: str, pubs: list[Any], observables: bool) -> list[Any]:
    """The pubs in the gates of the backend."""
    from ..submission.transpiling import optimization_level, transpiled_pubs

    with working(f"transpiling for {backend}") as show:
        configuration = client.backends.configuration(backend)
        properties = client.backends.properties(backend)
        show(f"transpiling for {backend} with Qiskit")
        level = optimization_level(True)
        assert level is not None
        texts = [None if part is None else dumps(part.to_dict()).encode() for part in (configuration, properties)]
        return transpiled_pubs(pubs, texts[0] or b"", texts[1], level=level, observables=observables)


def _check_gates(client: RuntimeClient, requests: Sequence[JobRequest]) -> None:
    """Refuse circuits that their backend cannot run: the service would accept them, and charge for the failure."""
    from ..submission.native_gates import check_native

    circuits = [
        (request.backend, place, pub[0])
        for request in requests
        if request.program_id in CIRCUIT_OPTIONS
        for place, pub in enumerate(request.params.get("pubs") or ())
        if isinstance(pub, list | tuple) and pub and isinstance(pub[0], str)
    ]
    configurations: dict[str, dict[str, Any]] = {}
    with working("comparing the circuits with the backend"):
        for name in dict.fromkeys(backend for backend, _, _ in circuits):
            with contextlib.suppress(ApiError, TransportError):  # the submission reports what is wrong
                configurations[name] = client.backends.configuration(name).to_dict()
    for backend, place, text in circuits:
        check_native(text, configurations.get(backend, {}), what=f"circuit {place + 1}")


def _submit(client: RuntimeClient, requests: Sequence[JobRequest], *, json: bool) -> list[Job]:
    """The jobs; each id is printed as soon as it is known. The first error ends the command, after the others' ids."""
    jobs: list[Job] = []
    errors: list[Exception] = []

    def took(job: Job) -> None:
        jobs.append(job)
        if not json:
            typer.echo(printable(job.id))

    try:
        if len(requests) == 1:
            with working("submitting a job"):
                job = _submit_one(client, requests[0])
            took(job)
        else:
            with working(f"submitting {len(requests)} jobs"):
                submitted = client.jobs.submit_all(requests)
            for one in submitted:
                if one.job is not None:
                    took(one.job)
                elif one.error is not None:
                    _name_near_backend(client, one.error, requests[one.index])
                    notes = "".join(f" {note}" for note in getattr(one.error, "__notes__", ()))
                    say(f"request {one.index + 1} of {len(requests)}: {one.error}{notes}", label="error")
                    errors.append(one.error)
    except KeyboardInterrupt:
        say("interrupted while submitting: the job may exist. To look for it: qrr jobs --pending")
        raise
    if errors:
        if json:
            for job in jobs:
                print_json(job.raw)
        raise typer.Exit(status_of(errors[0]) if isinstance(errors[0], RuntimeRestError) else FAILED)
    return jobs


def _submit_one(client: RuntimeClient, request: JobRequest) -> Job:
    """One job; its error is raised as it is."""
    (one,) = client.jobs.submit_all([request])
    if one.error is not None:
        _name_near_backend(client, one.error, request)
        raise one.error
    assert one.job is not None
    return one.job


def _name_near_backend(client: RuntimeClient, error: Exception, request: JobRequest) -> None:
    """If the service does not know the backend, add the one that was meant to the error."""
    if not isinstance(error, NotFound):
        return
    from ..client.logic.backends import near_name

    with contextlib.suppress(RuntimeRestError):
        names = [backend.name for backend in client.backends.list()]
        if request.backend not in names:
            error.add_note(f"{near_name(request.backend, names)}`qrr backends` lists those that there are.")
