"""Kill a process at every line between the intent to submit and the settled journal, and resume in another one.

`make crash` runs it, in several processes. Each request must become one job, whichever line was the last. It needs
`os.fork`. With `--client qiskit-ibm-runtime`, a program with IBM's SDK is killed between call and return, and started
again: for the record.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from qiskit_runtime_rest import JobRequest, SubmissionPolicy
from qiskit_runtime_rest.testing import Emulator, connect

from . import ibm_sdk
from .tracing import every_line, tracing

CIRCUIT = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nbit[1] c;\nx $0;\nc[0] = measure $0;\n'
PASSED, FAILED, KILLED = 0, 1, 9
SUBMISSION = SubmissionPolicy(settle=0.05, first=0.02, longest=0.05)
"""The embedded service lists a job at once."""


OURS = "qiskit-runtime-rest"


class Program:
    """A program that submits requests, one at a time, and may be killed."""

    rooms = ("/submission/", "/client/logic/submit.py", "/config/state_file.py", "/http/retrying.py")
    """Where it is killed: parts of the paths of files."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        """`folder` keeps what the program leaves for the next one."""
        self._client = connect(emulator, journal=folder / "journal.sqlite", submission=SUBMISSION)

    def submit(self, tag: str) -> str | None:
        """Submit one request under a name, or resume; returns the id of its job."""
        request = JobRequest.sampler(CIRCUIT, backend="ibm_fez", tags=[tag])
        (outcome,) = self._client.jobs.submit_all([request], max_in_flight=1, resume=tag)
        return outcome.job.id if outcome.job else None

    def look_up(self) -> int:
        """Look for the jobs of killed programs; returns how many were found."""
        return sum(one.job is not None for one in self._client.jobs.recover())

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


PROGRAMS: dict[str, type[Program | ibm_sdk.Program]] = {OURS: Program, ibm_sdk.NAME: ibm_sdk.Program}


def is_killed(kind: type[Program | ibm_sdk.Program], emulator: Emulator, folder: Path, tag: str, line: int) -> bool:
    """Submit in a child that is killed at `line`; returns whether it came so far."""
    child = os.fork()
    if child == 0:
        try:
            program = kind(emulator, folder)
            with tracing(every_line(program.rooms, lambda at: os._exit(KILLED) if at == line else None), threads=True):
                program.submit(tag)
            os._exit(PASSED)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(FAILED)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in (PASSED, KILLED):
        raise RuntimeError(f"the program ended with status {status}, line {line}")
    return status == KILLED


def crash(first: int, *, every: int, client: str = OURS) -> Counter[str]:
    """Kill at the line number `first`, and at each `every`-th one after it; returns the figures."""
    logging.getLogger("qiskit_runtime_rest").setLevel(logging.CRITICAL)
    counts: Counter[str] = Counter({"killed": 0, "recovered": 0, "lost": 0, "doubled": 0})
    with tempfile.TemporaryDirectory() as name, Emulator(pace="hold") as emulator, connect(emulator) as observer:
        folder = Path(name)
        kind = PROGRAMS[client]
        program = kind(emulator, folder)
        line = first
        while is_killed(kind, emulator, folder, tag := f"crash-{line}", line):
            counts["killed"] += 1
            counts["recovered"] += program.look_up()
            job_id = program.submit(tag)
            made = [job.id for job in observer.jobs.list(tags=[tag])]
            counts["lost"] += job_id not in made
            counts["doubled"] += len(made) > 1
            line += every
        program.close()
    return counts


def main() -> int:
    """Print the figures; the exit status is 1 if a job was lost or doubled, or no request was sent before a kill."""
    parser = argparse.ArgumentParser(prog="python -m tools.crash", description=__doc__)
    parser.add_argument("--client", choices=PROGRAMS, default=OURS)
    parser.add_argument("--every", type=int, default=1, help="only every N-th line")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many kill at the same time")
    parser.add_argument("--report", type=Path, help="write the figures to this file, as JSON")
    options = parser.parse_args()
    is_other = options.client != OURS
    firsts = range(1, 1 + options.every * options.processes, options.every)
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        part = partial(crash, every=options.every * options.processes, client=options.client)
        counts = sum(pool.map(part, firsts), Counter[str]())
    figures = {name: counts[name] for name in ("killed", "recovered", "lost", "doubled")}
    for name, number in figures.items():
        print(f"{name:12} {number:6,}")
    if options.report:
        chosen = [f"--every {options.every}"] * (options.every > 1) + [f"--client {options.client}"] * is_other
        command = "make crash" + (f" CRASH='{' '.join(chosen)}'" if chosen else "")
        options.report.write_text(json.dumps({"command": command, "figures": figures}))
    return int(not is_other and (counts["lost"] + counts["doubled"] > 0 or not counts["recovered"]))


if __name__ == "__main__":
    sys.exit(main())
