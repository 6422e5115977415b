"""`qrr submit`: read circuits or params from files, and submit a job."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..base.text import printable
from ..errors import InvalidInput
from .job_status import showing_status
from .options import JsonOption, ServiceOptions, with_service_options
from .terminal import print_json, say

if TYPE_CHECKING:
    from ..client.client import RuntimeClient
    from ..client.job import Job
    from ..client.logic.submit import SubmitOptions

__all__ = ["submit"]

STDIN = "-"
JOB = "Job"
CIRCUITS = "Circuits (not with a file of params)"


@with_service_options
def submit(
    options: ServiceOptions,
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="sampler, estimator, noise-learner, executor, ...")],
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help="OpenQASM files with one circuit each, or one JSON file of params; - is stdin."
        ),
    ],
    *,
    backend: Annotated[str, typer.Option("--backend", "-b", help="Such as ibm_fez.", rich_help_panel=JOB)],
    shots: Annotated[int | None, typer.Option(help="Shots of each circuit.", rich_help_panel=CIRCUITS)] = None,
    observable: Annotated[
        list[str] | None,
        typer.Option(help="Pauli string to estimate. Can be repeated.", rich_help_panel=CIRCUITS),
    ] = None,
    precision: Annotated[float | None, typer.Option(help="Target standard error.", rich_help_panel=CIRCUITS)] = None,
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
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait until the job has ended.")] = False,
    timeout: Annotated[float | None, typer.Option(help="With --wait: seconds to wait at most.")] = None,
    json: JsonOption = False,
) -> None:
    """Submit a job and print its id.

    The files are OpenQASM in the backend's native gates, or one JSON file of params:

    qrr submit sampler bell.qasm --backend ibm_fez --shots 1000
    """
    from ..waiting import check_timeout

    if timeout is not None and not wait:
        raise InvalidInput("--timeout needs --wait.")
    check_timeout(timeout)
    request: SubmitOptions = {
        "backend": backend,
        "tags": tag or [],
        "session_id": session,
        "private": private or None,
        "max_execution_time": max_execution_time,
    }
    texts = [_read(file) for file in files]
    circuit_options = {"shots": shots, "observables": observable or None, "precision": precision}
    with options.client(journal=journal) as client:
        try:
            job = _submit(client, program, texts, circuit_options, request)
        except KeyboardInterrupt:
            say("interrupted while submitting: the job may exist. To look for it: qrr jobs --pending")
            raise
        if not json:
            typer.echo(printable(job.id))
        if wait:
            with showing_status(job.id) as on_status:
                status = job.wait(timeout=timeout, on_status=on_status)
            say(f"{printable(status)} after {status.waited:.1f} s. To get the result: qrr result {job.id}")
        if json:
            print_json(job.raw)


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == STDIN else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"cannot read {file}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{file} is not a text file: expected OpenQASM circuits or JSON params.") from None


def _submit(
    client: RuntimeClient, program: str, texts: list[str], circuit_options: dict[str, Any], request: SubmitOptions
) -> Job:
    given = {name: value for name, value in circuit_options.items() if value is not None}
    if texts[0].lstrip().startswith("{"):
        if given or len(texts) > 1:
            raise InvalidInput("a JSON file has all the params: leave out further files and the options for circuits.")
        return client.jobs.submit(program, params=_params(texts[0]), **request)
    if program == "sampler":
        return client.sampler(texts, **_only(given, "shots", program=program), **request)
    if program == "estimator":
        more = _only(given, "observables", "precision", program=program)
        observables = more.pop("observables", None)
        if not observables:
            raise InvalidInput(
                "an estimator needs observables: add --observable, such as --observable ZZ. It can be repeated."
            )
        return client.estimator([(text, observables) for text in texts], **more, **request)
    raise InvalidInput(f"the program {program!r} needs a JSON file of params, not circuits.")


def _only(given: dict[str, Any], *known: str, program: str) -> dict[str, Any]:
    for name in given:
        if name not in known:
            option = "observable" if name == "observables" else name
            raise InvalidInput(f"the program {program!r} has no option --{option}.")
    return dict(given)


def _params(text: str) -> dict[str, Any]:
    import json

    try:
        params = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"the params are not JSON: {error}.") from None
    assert isinstance(params, dict)  # it begins with a brace
    return params
