"""Render docs/reliability.md from the figures of the last runs of `make chaos`, `make crash`, `make sweep` and so on.

    python -m tools.reliability build/chaos.json build/chaos_sdk.json build/deadlines.json build/sweep.json

Each file is what `--report` wrote; its name says of which run. Without files, the page is rendered again from
`tools/reliability.json`, which keeps the figures with their commands.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .sweep import WRONG

ROOT = Path(__file__).parents[1]
RECORD = Path(__file__).with_suffix(".json")
PAGE = ROOT / "docs" / "reliability.md"

INTRODUCTION = """# Reliability

Attacks on the client are part of the project. Anyone can repeat them. `python -m tools.reliability` renders this
page from the figures of the last runs, on a machine with two cores.

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
Meanwhile all tokens expire again and again, and the service is started anew. The figures of this package are those of a
machine with little else to do: beside thirty other programs on two cores, up to 5 of 10,000 calls ended 0.5 to 0.75 s
after their deadline.

For the record, IBM's SDK does the same, fewer times and in threads only, behind the same proxy with the same seed. Its
requests have no deadline: the same two seconds are taken for one. It submits again after an error such as 502; its
authors say that this is safe with IBM's service. Here, the proxy answers 502 also when the job was made. The SDK renews
its token by the machine's clock, so that no token expires for it. Its figures are those of a busy machine.
"""

CRASH = """
## A killed process

A process submits with `journal=` and `resume=`, and is killed at a line of the code between the intent to submit
and the settled journal. Another process then looks the submissions up, and resumes.

For the record, a program with IBM's SDK is killed at each sixth line between the call and its return, in the files of
the SDK on the way of a job, and started again as it is. The SDK keeps no note of a submission; a program can look for a
tag of its own before it submits.
"""

SWEEP = """
## Ctrl-C, cancelling, closing, forking

Ctrl-C comes at an instruction of a call; a task is cancelled, or its client closed, when it waits for the first
time, the second time, and so on; another thread forks at a line of a call. Then the same client is used from
another thread, or in the child. The state file must be free, and no task, descriptor or connection may be left.
Instructions of other packages are interrupted in the first call that runs them, those of this package in each call.
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
    "146 circuits and params made to harm": "each ends, no file of the machine is shown, the next job runs",
    "19 kinds of paths that are not a state file, for service, gateway and client": "refused with the path, and "
    "unchanged",
    "1,000 generated requests to each operation and control route": "no error of the service",
    "20,000 jobs in the queue (`python -m benchmarks long-queue`)": "create, get, list, cancel, workloads and "
    "analytics take 0.3 to 1.3 times as long as with ten",
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
    "spoiled": "requests that the proxy spoiled",
    "done": "answered",
    "WaitTimeout": "`WaitTimeout` (waits for jobs that do not end)",
    "SubmissionUnknown": "`SubmissionUnknown` (neither the answer nor the job's tag came in time)",
    "TransportError": "`TransportError`",
    "UnexpectedAnswer": "`UnexpectedAnswer`",
    "ServerError": "`ServerError`",
    "typed": "errors of the SDK's own classes",
    "expiries of all tokens": "expiries of all tokens",
    "restarts of the service": "restarts of the service",
    "submissions": "submissions",
    "killed": "lines at which a process was killed",
    "recovered": "submissions whose job the look-up found",
    "untyped": "exceptions of other packages",
    "wrong answer": "wrong answers",
    "lost": "jobs lost",
    "doubled": "jobs made twice",
    "late": "calls that ended more than 0.5 s after their deadline (what the machine was late by does not count)",
    "left over": "descriptors, threads and tasks left over",
    "attacks": "kinds of attacks",
    "calls": "calls",
    "worst milliseconds": "milliseconds from a deadline to the end of its call, at most",
}
"""What figures are called on the page, in its order."""


OURS = "qiskit-runtime-rest"


def table(runs: Sequence[Mapping[str, Any]]) -> str:
    """The figures of each client in a column."""
    figures = [{**run["figures"], **_added(run["figures"])} for run in runs]
    lines = [["", *(run.get("client", OURS) for run in runs)], ["---"] * (1 + len(runs))]
    for key, called in ROWS.items():
        if any(key in one for one in figures):
            cells = (one.get(key, "") for one in figures)
            lines.append([called, *(cell if isinstance(cell, str) else f"{cell:,}" for cell in cells)])
    return "\n".join(["", *(f"| {' | '.join(line)} |" for line in lines), ""])


def _added(figures: Mapping[str, int]) -> dict[str, Any]:
    """The share of spoiled requests, and the errors of another client that are its own."""
    asked = sum(number for key, number in figures.items() if key.startswith("proxy: "))
    if not asked:
        return {}
    own = figures["operations"] - figures["done"] - figures["untyped"]
    spoiled = f"{asked - figures['proxy: none']:,} of {asked:,}"
    return {"spoiled": spoiled} if "TransportError" in figures else {"spoiled": spoiled, "typed": own}


def page(record: Mapping[str, Any]) -> str:
    """The page's text."""
    parts = [INTRODUCTION]
    for name, text in {"chaos": CHAOS, "deadlines": DEADLINES, "crash": CRASH}.items():
        runs = [record[run] for run in (name, f"{name}_sdk") if run in record]
        if runs:
            parts += [text, *(f"\n`{run['command']}`\n" for run in runs), table(runs)]
    sweep = record["sweep"]
    rows = [
        f"| {name} | {figures['places']:,} | {sum(figures[wrong] for wrong in WRONG):,} |"
        for name, figures in sweep["figures"].items()
    ]
    head = ["\n| what, and the call | places | found wrong |", "|---|---|---|"]
    note = f"\n{sweep['note']}\n" if "note" in sweep else ""
    parts += [SWEEP, f"\n`{sweep['command']}`\n", note, "\n".join([*head, *rows, ""])]
    rows = [f"| {attack} | {shown} |" for attack, shown in WITHSTOOD.items()]
    hostile, fuzz = record["hostile"]["figures"], record["fuzz"]
    parts += [HOSTILE, "\n".join(["\n| attack | what is shown |", "|---|---|", *rows, ""])]
    parts += [f"\nThe last whole run: {hostile['passed']:,} attacks withstood, {hostile['failed']:,} not.\n", FUZZ]
    parts += [
        f"\nThe last run, `{fuzz['command']}`: {fuzz['figures']['inputs']:,} inputs, "
        f"{fuzz['figures']['failed']:,} parsers failed.\n",
        END,
    ]
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
