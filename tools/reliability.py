"""Render docs/reliability.md from the figures of the last runs of `make chaos`, `hostile`, `crash` and `sweep`.

    python -m tools.reliability build/chaos.json build/deadlines.json build/crash.json build/sweep.json

Each file is what `--report` wrote. Without files, the page is rendered again from `tools/reliability.json`, which keeps
the figures with their commands.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .sweep import WRONG

ROOT = Path(__file__).parents[1]
RECORD = Path(__file__).with_suffix(".json")
PAGE = ROOT / "docs" / "reliability.md"

INTRODUCTION = """# Reliability

Attacks on the client are part of the project. Anyone can repeat them. `python -m tools.reliability` renders this
page from the figures of the last runs, on a busy machine with two cores.

What holds:

- At most once: a submission is not sent again while it is unknown whether it became a job, unless
  `SubmissionPolicy(if_unknown="submit again")` asks for it, and no job with its tag appeared in time.
- Exactly once: with `journal=` and `resume=`, each request becomes one job, whichever process is killed at
  whichever line, and however many processes submit under the same name.
- A call ends within half a second of its `timeout=`, whatever the servers, other threads and other processes do.
- After Ctrl-C, a cancelled task, or a fork in the middle of a call, the same client works.

[threat-model.md](threat-model.md) says what is lost when.
"""

CHAOS = """
## A bad network

Submissions, reads, lists and waits, half of them in threads and half in tasks, go through a proxy that spoils a
share of the requests and of the token requests. It resets, closes, silences, drips or garbles answers in the status
line, the headers, the end of the headers, the body and the last byte. It loses requests, sends errors in place of
answers, is late, sends 103 answers, chunks with extensions and trailers, and gzip of several members, whole or cut.
Meanwhile all tokens expire again and again, and the service is started anew.
"""

CRASH = """
## A killed process

A process submits with `journal=` and `resume=`, and is killed at a line of the code between the intent to submit
and the settled journal. Another process then looks the submissions up, and resumes.
"""

SWEEP = """
## Ctrl-C, cancelling, closing, forking

Ctrl-C comes at an instruction of a call; a task is cancelled, or its client closed, when it waits for the first
time, the second time, and so on; another thread forks at a line of a call. Then the same client is used from
another thread, or in the child. The state file must be free, and no task, descriptor or connection may be left.
"""

DEADLINES = """
## Servers that never end

Every method with `timeout=`, of clients for threads and for tasks, is called while the service, IAM or a proxy drips,
floods, is silent, ends or stalls in TLS: in 1xx answers, status lines, headers, chunks, trailers, bodies, gzip and
handshakes. Other calls meet full connection pools, a silent IAM that 150 calls wait for, 300 refused requests that need
one new token, files that another process has locked, and the lease of a killed process.
"""

HOSTILE = """
## Hostile clients, pages and files

`make hostile` attacks the embedded service, the gateway of the classic API, replay, recorder and the proxy of
`qrr offline`; `make hostile SECONDS=60` is a part of it.
"""

WITHSTOOD = {
    "gzip answers of 6 kinds, cut at each byte in 4 framings, with each byte changed, with tails, and "
    "bombs": "read whole, or a typed error; never a part",
    "33 operations of two tenants, each with the ids of the other": "nothing is seen or changed",
    "19 kinds of forged tokens, tokens of another service, expired and logged out ones, for each operation": "401",
    "62 streams of bytes that are not quite HTTP (two lengths, broken chunks, huge heads, null bytes, other "
    "protocols)": "no second request, no error of a server, no head above 64 KiB",
    "Chromium with a rebound name, pages, forms and frames of another site, and scripts in every stored "
    "text": "nothing is read, changed or run",
    "55 circuits and params made to harm": "each ends, no file of the machine is shown, the next job runs",
    "16 kinds of paths that are not a state file": "refused with the path, and unchanged",
    "300 silent connections, floods of requests, long queues": "others are served",
}
"""Attack -> what its test in tests/hostile shows."""

FUZZ = """
`make fuzz` feeds spoiled bytes to 15 parsers of client, servers and scanner, guided by atheris where it has a wheel.
Each input is read, or refused with an error of this package, within 10 seconds and 2 GiB. `make test` repeats what was
found (`tests/fuzz/corpus`).
"""

END = """
## In other projects' tests

`qiskit_runtime_rest.testing.FaultyProxy` is the proxy, and `runtime_faulty_proxy` is its fixture in pytest:

    def test_my_tool_on_a_bad_network(runtime_faulty_proxy, qiskit_runtime_emulator):
        proxy = runtime_faulty_proxy(rate=0.5, seed=3)
        ...  # connect to proxy.base_url; proxy.done counts the faults
"""

ROWS = {
    "operations": "operations",
    "done": "answered",
    "WaitTimeout": "`WaitTimeout` (waits for jobs that do not end)",
    "SubmissionUnknown": "`SubmissionUnknown` (neither the answer nor the job's tag came in time)",
    "TransportError": "`TransportError`",
    "UnexpectedAnswer": "`UnexpectedAnswer`",
    "ServerError": "`ServerError`",
    "expiries of all tokens": "expiries of all tokens",
    "restarts of the service": "restarts of the service",
    "submissions": "submissions",
    "untyped": "exceptions of other packages",
    "wrong answer": "wrong answers",
    "lost": "jobs lost",
    "doubled": "jobs made twice",
    "late": "calls that ended more than 0.5 s after their deadline (what the machine was late by does not count)",
    "left over": "descriptors, threads and tasks left over",
    "attacks": "kinds of attacks",
    "calls": "calls",
    "worst milliseconds": "milliseconds from a deadline to the end of its call, at most",
    "killed": "lines at which a process was killed",
    "recovered": "submissions whose job the look-up found",
}
"""What figures are called on the page, in its order."""


def page(record: Mapping[str, Any]) -> str:
    """The page's text."""
    parts = [INTRODUCTION]
    for name, text in {"chaos": CHAOS, "deadlines": DEADLINES, "crash": CRASH}.items():
        if name not in record:
            continue
        figures = record[name]["figures"]
        faults = sum(number for key, number in figures.items() if key.startswith("proxy: ") and key != "proxy: none")
        rows = [f"| {called} | {figures[key]:,} |" for key, called in ROWS.items() if key in figures]
        if faults:
            rows.insert(1, f"| requests that the proxy spoiled | {faults:,} of {faults + figures['proxy: none']:,} |")
        parts += [text, f"\n`{record[name]['command']}`\n", "\n".join(["\n| | |", "|---|---|", *rows, ""])]
    sweep = record["sweep"]
    rows = [
        f"| {name} | {figures['places']:,} | {sum(figures[wrong] for wrong in WRONG):,} |"
        for name, figures in sweep["figures"].items()
    ]
    head = ["\n| what, and the call | places | found wrong |", "|---|---|---|"]
    note = f"\n{sweep['note']}\n" if "note" in sweep else ""
    parts += [SWEEP, f"\n`{sweep['command']}`\n", note, "\n".join([*head, *rows, ""])]
    rows = [f"| {attack} | {shown} |" for attack, shown in WITHSTOOD.items()]
    parts += [HOSTILE, "\n".join(["\n| attack | what is shown |", "|---|---|", *rows, ""]), FUZZ, END]
    return "".join(parts)


def main() -> int:
    """Keep the figures of the files, and write the page."""
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    for path in map(Path, sys.argv[1:]):
        record[path.stem] = json.loads(path.read_text())
    RECORD.write_text(json.dumps(record, indent=1) + "\n")
    PAGE.write_text(page(record))
    return 0


if __name__ == "__main__":
    sys.exit(main())
