"""`qrr demo`: run two jobs, from the API key to the counts, on the embedded service or on the real one."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..base.text import printable
from ..errors import InvalidInput
from .backends import backends_table
from .demo_circuit import bell_circuit, entangler, on_device, quietest_pair
from .emulator import embedded_service
from .job_status import showing_status
from .options import JsonOption, ServiceOptions, with_service_options
from .results import result_document, result_view
from .terminal import print_json, say, stderr, stdout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ..client.backends import Backend
    from ..client.client import RuntimeClient
    from ..client.job import Job
    from ..results import Result

__all__ = ["demo"]

EMBEDDED_BACKEND = "ibm_fez"
SHOTS = 1000
OBSERVABLES = ("ZZ", "XX")
PRECISION = 0.03
MAX_QPU_SECONDS = 60.0
"""QPU time after which the service ends either job. They need a few seconds."""

MAX_LISTED_BACKENDS = 8

NEXT_STEPS = """
That was the embedded service. The same on a real device, with an account on IBM Quantum Platform:

  qrr login         once: asks for the API key and the instance, tries them, saves them
  qrr demo --live   the same jobs on your least busy backend; asks before it uses QPU time"""


@with_service_options
def demo(
    options: ServiceOptions,
    *,
    live: Annotated[bool, typer.Option("--live", help="On the real service, with your own settings.")] = False,
    backend: Annotated[
        str | None,
        typer.Option("--backend", "-b", help=f"Default: {EMBEDDED_BACKEND}; with --live, the least busy one."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --live: do not ask before using QPU time.")] = False,
    json: JsonOption = False,
) -> None:
    """Run a Bell state, from the API key to the counts, on the embedded service: no account, no network."""
    if not live and options.given:
        raise InvalidInput("the demo runs on the embedded service; the options of a connection need --live.")
    show = stderr() if json else stdout()
    with options.client() if live else _embedded(show) as client:
        show.print(f"{client.settings.iam_url} exchanges the API key for a bearer token ...")
        devices = client.backends.list()
        show.print(f"... and with the token, {client.settings.base_url} lists {len(devices)} devices:\n")
        _list_devices(devices, show=show)
        name = backend or (client.backends.least_busy().name if live else EMBEDDED_BACKEND)
        if live and not yes:
            _confirm(name)
        outcome = _run(client, name, show=show, live=live)
    if json:
        print_json(outcome)
    elif not live:
        show.print(NEXT_STEPS)


@contextmanager
def _embedded(show: Console) -> Iterator[RuntimeClient]:
    from ..client.client import RuntimeClient

    # With one worker, the second job finds it warm.
    with embedded_service().Emulator(workers=1) as service:
        show.print(f"The embedded service listens on {service.url}: the whole API, on this machine only.")
        with RuntimeClient(
            api_key=service.api_key, instance=service.instance, base_url=service.base_url, iam_url=service.iam_url
        ) as client:
            yield client


def _list_devices(devices: Sequence[Backend], *, show: Console) -> None:
    largest = sorted(devices, key=lambda device: (-(device.num_qubits or 0), device.name))
    show.print(backends_table(largest[:MAX_LISTED_BACKENDS], console=show))
    more = len(devices) - MAX_LISTED_BACKENDS
    show.print(f"and {more} more\n" if more > 0 else "")


def _confirm(name: str) -> None:
    if not sys.stdin.isatty():
        raise InvalidInput(
            f"two jobs on {name} use QPU time, and stdin is not a terminal to ask on: add --yes to allow them."
        )
    question = f"Run two jobs on {name}? They need a few seconds of QPU time, {MAX_QPU_SECONDS:.0f} s each at most"
    if not typer.confirm(question, err=True):
        say("nothing was submitted.")
        raise typer.Exit


def _run(client: RuntimeClient, name: str, *, show: Console, live: bool) -> dict[str, Any]:
    configuration = client.backends.configuration(name)
    gate = entangler(configuration)
    pair = quietest_pair(configuration, client.backends.properties(name), gate=gate)
    circuit = bell_circuit(gate, pair, measured=True)
    show.print(
        f"A Bell state in the gates of {printable(name)}, on qubits {pair[0]} and {pair[1]}, "
        "which have the lowest errors today:\n"
    )
    show.print(textwrap.indent(circuit, "  "), style="dim")

    sampled = client.sampler(circuit, shots=SHOTS, backend=name, max_execution_time=MAX_QPU_SECONDS)
    show.print(f"Sampler: job {printable(sampled.id)}. Expect 00 and 11 in about half of the {SHOTS} shots each.\n")
    counts = _result(sampled, live=live)
    for part in result_view(counts, console=show):
        show.print(part)

    observables = [on_device(paulis, pair, num_qubits=configuration.n_qubits) for paulis in OBSERVABLES]
    pub = (bell_circuit(gate, pair, measured=False), observables)
    estimated = client.estimator(pub, precision=PRECISION, backend=name, max_execution_time=MAX_QPU_SECONDS)
    show.print(
        f"\nEstimator: job {printable(estimated.id)}. {' and '.join(OBSERVABLES)} of a Bell state are both +1; "
        "the errors of the device reduce them a little.\n"
    )
    values = _result(estimated, live=live)[0]
    for paulis, value, error in zip(OBSERVABLES, values.evs, values.stds, strict=True):
        show.print(f"{paulis}  {value:+.3f} ± {error:.3f}")
    return {
        "backend": name,
        "qubits": list(pair),
        "sampler": {"id": sampled.id, "counts": result_document(counts)["results"][0]["counts"]},
        "estimator": {"id": estimated.id, "evs": dict(zip(OBSERVABLES, values.evs, strict=True))},
    }


def _result(job: Job, *, live: bool) -> Result:
    lost = None if live else "interrupted; the embedded service has ended, and the job with it."
    with showing_status(job.id, on_interrupt=lost) as on_status:
        return job.result(on_status=on_status)
