"""Run all benchmarks, or those named: `python -m benchmarks [import-time request-cpu ...]`."""

import sys

from rich.console import Console

from . import (
    bare_service,
    decoding,
    directed,
    faulty_network,
    first_job,
    gateway,
    import_time,
    request_cpu,
    service_load,
    submissions,
    waiting,
)

BENCHMARKS = {
    "import-time": import_time.rows,
    "request-cpu": request_cpu.rows,
    "first-job": first_job.rows,
    "submissions": submissions.rows,
    "faulty-network": faulty_network.rows,
    "waiting": waiting.rows,
    "decoding": decoding.rows,
    "directed": directed.rows,
    "service-load": service_load.rows,
    "bare-service": bare_service.rows,
    "gateway": gateway.rows,
}


def main(names: list[str]) -> int:
    """Run the benchmarks called `names`, all of them without names."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    console = Console(width=110, highlight=False)
    for name in names or BENCHMARKS:
        console.rule(name, align="left")
        console.print(BENCHMARKS[name]())
    return 0


sys.exit(main(sys.argv[1:]))
