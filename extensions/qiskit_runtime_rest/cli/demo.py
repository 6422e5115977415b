"""`qrr demo`: a job from the API key to its counts, on the embedded service or on the real one."""

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
from .bell import bell_circuit, entangler, on_device, quietest_pair
from .emulator import embedded_service
from .progress import following
from .result_view import result_document, result_view
from .service_options import JsonOption, ServiceOptions, with_service_options
from .terminal import print_json, say, stderr, stdout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ..client.backends import Backend
    from ..client.client import RuntimeClient
    from ..client.job import Job
    from ..results import Result

__all__ = ["demo"]

EMBEDDED_BACKEND = "ibm_torino"
SHOTS = 1000
OBSERVABLES = ("ZZ", "XX")
PRECISION = 0.03
LONGEST_SECONDS = 60.0
"""QPU time after which either job would be ended; it needs a few seconds."""

MOST_DEVICES = 8

AFTERWARDS = """
That was the embedded service. The same on a real device, with an account on IBM Quantum Platform:

  qrr login         once: asks for the API key and the instance, tries them, saves them
  qrr demo --live   the same jobs on your least busy backend; asks before it uses QPU time"""


@with_service_options
def demo(
    options: ServiceOptions,
    *,
    live: Annotated[bool, typer.Option("--live", help="On the real service, with your own settings.")] = False,
    backend: Annotated[
        str | None, typer.Option("--backend", "-b", help="Else ibm_torino; with --live the least busy one.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --live: do not ask before using QPU time.")] = False,
    json: JsonOption = False,
) -> None:
    """Run a Bell state, from the API key to the counts, on the embedded service: no account, no network."""
    if not live and options.any_given:
        raise InvalidInput("the demo runs on the embedded service; options of a connection go with --live.")
    show = stderr() if json else stdout()
    with _live(options) if live else _embedded(show) as client:
        show.print(f"The API key buys a bearer token at {client.settings.iam_url} ...")
        devices = client.backends.list()
        show.print(f"... and the token the list of {len(devices)} devices from {client.settings.base_url}:\n")
        _list_devices(devices, show=show)
        name = backend or (client.backends.least_busy().name if live else EMBEDDED_BACKEND)
        if live and not yes:
            _ask(name)
        outcome = _run(client, name, show=show, keep_going=live)
    if json:
        print_json(outcome)
    elif not live:
        show.print(AFTERWARDS)


@contextmanager
def _embedded(show: Console) -> Iterator[RuntimeClient]:
    from ..client.client import RuntimeClient

    # One worker: the second job finds it warm.
    with embedded_service().Emulator(workers=1) as service:
        show.print(f"The embedded service listens on {service.url}: the whole API, on this machine only.")
        with RuntimeClient(
            api_key=service.api_key, instance=service.instance, base_url=service.base_url, iam_url=service.iam_url
        ) as client:
            yield client


@contextmanager
def _live(options: ServiceOptions) -> Iterator[RuntimeClient]:
    with options.client() as client:
        yield client


def _list_devices(devices: Sequence[Backend], *, show: Console) -> None:
    largest = sorted(devices, key=lambda device: (-(device.num_qubits or 0), device.name))
    show.print(backends_table(largest[:MOST_DEVICES], console=show))
    more = len(devices) - MOST_DEVICES
    show.print(f"and {more} more\n" if more > 0 else "")


def _ask(name: str) -> None:
    if not sys.stdin.isatty():
        raise InvalidInput(f"two jobs on {name} use QPU time: say --yes, nobody can be asked here.")
    question = f"Run two jobs on {name}? They need a few seconds of QPU time, {LONGEST_SECONDS:.0f} s each at most"
    if not typer.confirm(question, err=True):
        say("nothing was submitted.")
        raise typer.Exit


def _run(client: RuntimeClient, name: str, *, show: Console, keep_going: bool) -> dict[str, Any]:
    configuration = client.backends.configuration(name)
    gate = entangler(configuration)
    pair = quietest_pair(configuration, client.backends.properties(name), gate=gate)
    circuit = bell_circuit(gate, pair, measured=True)
    show.print(
        f"A Bell state in the gates of {printable(name)}, on qubits {pair[0]} and {pair[1]}, which err least today:\n"
    )
    show.print(textwrap.indent(circuit, "  "), style="dim")

    sampled = client.sampler(circuit, shots=SHOTS, backend=name, max_execution_time=LONGEST_SECONDS)
    show.print(
        f"Sampler: job {printable(sampled.id)}. Each of 00 and 11 should come up in about half of {SHOTS} shots.\n"
    )
    counts = _result(sampled, keep_going=keep_going)
    for part in result_view(counts, console=show):
        show.print(part)

    observables = [on_device(paulis, pair, num_qubits=configuration.n_qubits) for paulis in OBSERVABLES]
    pub = (bell_circuit(gate, pair, measured=False), observables)
    estimated = client.estimator(pub, precision=PRECISION, backend=name, max_execution_time=LONGEST_SECONDS)
    show.print(
        f"\nEstimator: job {printable(estimated.id)}. {' and '.join(OBSERVABLES)} of a Bell state are both +1; "
        "errors of the device take a little off.\n"
    )
    values = _result(estimated, keep_going=keep_going)[0]
    for paulis, value, error in zip(OBSERVABLES, values.evs, values.stds, strict=True):
        show.print(f"{paulis}  {value:+.3f} ± {error:.3f}")
    return {
        "backend": name,
        "qubits": list(pair),
        "sampler": {"id": sampled.id, "counts": result_document(counts)["results"][0]["counts"]},
        "estimator": {"id": estimated.id, "evs": dict(zip(OBSERVABLES, values.evs, strict=True))},
    }


def _result(job: Job, *, keep_going: bool) -> Result:
    gone = None if keep_going else "interrupted; the embedded service is gone, and the job with it."
    with following(job.id, come_back=gone) as on_status:
        return job.result(on_status=on_status)
