"""Run all benchmarks, or those named: `python -m benchmarks [--page FILE] [import-time request-cpu ...]`."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from . import (
    bare_service,
    decoding,
    directed,
    faulty_network,
    first_job,
    gateway,
    help_time,
    import_time,
    long_queue,
    request_cpu,
    service_load,
    submissions,
    waiting,
)
from .page import module_of, page

BENCHMARKS = {
    "import-time": import_time.rows,
    "help-time": help_time.rows,
    "request-cpu": request_cpu.rows,
    "first-job": first_job.rows,
    "submissions": submissions.rows,
    "faulty-network": faulty_network.rows,
    "waiting": waiting.rows,
    "decoding": decoding.rows,
    "directed": directed.rows,
    "service-load": service_load.rows,
    "long-queue": long_queue.rows,
    "bare-service": bare_service.rows,
    "gateway": gateway.rows,
}


def main(arguments: list[str]) -> int:
    """Run the benchmarks that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}")
    parser.add_argument("--page", type=Path, help="write the tables to this Markdown file, too")
    given = parser.parse_args(arguments)
    if unknown := set(given.names) - set(BENCHMARKS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    console = Console(width=110, highlight=False)
    tables = {}
    for name in given.names or BENCHMARKS:
        console.rule(name, align="left")
        tables[module_of(BENCHMARKS[name])] = table = BENCHMARKS[name]()
        console.print(table)
    if given.page:
        given.page.write_text(page(tables), "utf-8")
    return 0


sys.exit(main(sys.argv[1:]))
