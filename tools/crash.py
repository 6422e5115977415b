"""Kill a process at every line between the intent to submit and the settled journal, and resume in another one.

`make crash` runs it. Each request must become one job, whichever line was the last. It needs `os.fork`.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from qiskit_runtime_rest import JobRequest, RuntimeClient, SubmissionPolicy
from qiskit_runtime_rest.testing import Emulator, connect

CIRCUIT = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nbit[1] c;\nx $0;\nc[0] = measure $0;\n'
KILLED = 9
ROOMS = ("/submission/", "/client/logic/submit.py", "/config/state_file.py", "/http/retrying.py")
SUBMISSION = SubmissionPolicy(settle=0.05, first=0.02, longest=0.05)
"""The embedded service lists a job at once."""


def kill_at(line: int) -> None:
    """Let this process end at this line of `ROOMS`, counted from now."""
    passed = 0

    def local(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal passed
        passed += event == "line"
        if passed == line:
            os._exit(KILLED)
        return local

    def trace(frame: FrameType, _event: str, _argument: Any) -> Any:
        return local if any(room in frame.f_code.co_filename for room in ROOMS) else None

    threading.settrace(trace)
    sys.settrace(trace)


def submit(client: RuntimeClient, tag: str) -> list[Any]:
    """Submit one request under a name."""
    request = JobRequest.sampler(CIRCUIT, backend="ibm_fez", tags=[tag])
    return client.jobs.submit_all([request], max_in_flight=1, resume=tag)


def crash(emulator: Emulator, journal: Path, line: int) -> bool:
    """Submit in a child that is killed at `line`; returns whether it came so far."""
    child = os.fork()
    if child == 0:
        with connect(emulator, journal=journal, submission=SUBMISSION) as client:
            kill_at(line)
            submit(client, f"crash-{line}")
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED


def main() -> int:
    """Print the figures; the exit status is 1 if a job was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m tools.crash", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every N-th line")
    parser.add_argument("--report", type=Path, help="write the figures to this file, as JSON")
    options = parser.parse_args()
    logging.getLogger("qiskit_runtime_rest").setLevel(logging.CRITICAL)
    counts: Counter[str] = Counter({"lost": 0, "doubled": 0})
    with tempfile.TemporaryDirectory() as folder, Emulator(pace="hold") as emulator:
        journal = Path(folder, "journal.sqlite")
        with connect(emulator, journal=journal, submission=SUBMISSION) as client:
            line = 1
            while crash(emulator, journal, line):
                tag = f"crash-{line}"
                counts["killed"] += 1
                counts["recovered"] += sum(one.job is not None for one in client.jobs.recover())
                (outcome,) = submit(client, tag)
                made = [job.id for job in client.jobs.list(tags=[tag])]
                counts["lost"] += outcome.job is None or outcome.job.id not in made
                counts["doubled"] += len(made) > 1
                line += options.every
    for name, number in sorted(counts.items()):
        print(f"{name:12} {number:6,}")
    if options.report:
        command = f"make crash CRASH='--every {options.every}'"
        options.report.write_text(json.dumps({"command": command, "figures": counts}))
    return int(counts["lost"] + counts["doubled"] > 0 or not counts["killed"])


if __name__ == "__main__":
    sys.exit(main())
