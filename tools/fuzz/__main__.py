"""Fuzz the targets: `python -m tools.fuzz --seconds 60`, or `make fuzz SECONDS=60`.

With atheris, which follows what of the package each input reaches; without it (it has no wheels for some versions of
Python and systems), by changes of the seeds at random. Each input has 10 seconds and 2 GiB. What fails is kept in
build/fuzz, and printed as base64; give it a name in tests/fuzz/corpus, and `make test` parses it from then on.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import random
import re
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
CORPUS_NAME = "tests/fuzz/corpus"
CORPUS = ROOT / CORPUS_NAME
BUILD = ROOT / "build/fuzz"

INPUT_SECONDS = 10
MOST_MEMORY_MB = 2048
MOST_BYTES = 20_000
PIECES = (
    *(b"", b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"{", b"}", b"[", b"]", b'"', b"\\u0000", b"\\ud800"),
    *(b"null", b"true", b"-1", b"1e999", b"NaN", b"9" * 30, b"9" * 5000, b"[" * 3000, b'{"a":' * 3000, b"\n", b"\r"),
    *(b"x" * 10_000, b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59:59-14:00", b"$ref", b"__type__", b"%", b"'"),
)


class TooSlow(BaseException):
    """An input took longer than it may. No parser may catch it."""


def main() -> int:
    """Fuzz each target in a process of its own; 1 if one of them failed."""
    from .targets import TARGETS

    parser = argparse.ArgumentParser(prog="python -m tools.fuzz")
    parser.add_argument("--seconds", type=float, default=600.0, help="for all targets together")
    parser.add_argument("--target", choices=TARGETS, action="append", help="only this one; may be repeated")
    parser.add_argument("--seed", type=int, default=20260415)
    parser.add_argument("--report", type=Path, help="write how many inputs each target had to this file, as JSON")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    choices = parser.parse_args()
    names = choices.target or list(TARGETS)
    if choices.inside:
        _fuzz(names[0], seconds=choices.seconds, seed=choices.seed)
        return 0
    guided = find_spec("atheris") is not None
    print(
        "with atheris" if guided else "without atheris, which has no wheel here: inputs are changed at random",
        flush=True,
    )
    counts = {name: _separately(name, choices.seconds / len(names), choices.seed) for name in names}
    failed = [name for name in names if counts[name] is None]
    print(f"{len(names) - len(failed)} passed, {len(failed)} failed")
    if choices.report:
        command = f"make fuzz SECONDS={choices.seconds:.0f} FUZZ='--seed {choices.seed}'"
        figures = {"inputs": sum(filter(None, counts.values())), "failed": len(failed)}
        choices.report.write_text(json.dumps({"command": command, "figures": figures}))
    return 1 if failed else 0


def _separately(name: str, seconds: float, seed: int) -> int | None:
    """Fuzz a target in a process; returns how many inputs it had, None if it failed."""
    arguments = ["--inside", "--target", name, "--seconds", str(seconds), "--seed", str(seed)]
    before = time.time() - 1  # files have the time of a coarser clock
    command = [sys.executable, "-W", "ignore", "-m", "tools.fuzz", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, errors="replace")
    said = done.stdout + done.stderr
    if done.returncode == 0:
        counts = re.findall(r"^(?:Done |stat::number_of_executed_units: *)(\d+)", said, re.MULTILINE)
        number = max(map(int, counts), default=0)
        print(f"  {name}: {number:,} inputs", flush=True)
        return number
    print(f"  {name}: failed\n{said[-6000:]}")
    for path in sorted(BUILD.glob(f"{name}-*")):
        if path.stat().st_mtime >= before:
            print(_repeated(name, path.read_bytes()), flush=True)
    return None


def _repeated(name: str, data: bytes) -> str:
    """A command that keeps an input: how far a run comes in its time depends on the machine."""
    text = base64.b64encode(data).decode()
    return f"To repeat it: mkdir -p {CORPUS_NAME}/{name}; base64 -d > {CORPUS_NAME}/{name}/found <<< {text}"


def _fuzz(name: str, *, seconds: float, seed: int) -> None:
    folder = BUILD / name
    folder.mkdir(parents=True, exist_ok=True)
    if find_spec("atheris"):
        _with_atheris(name, folder, seconds=seconds, seed=seed)
    else:
        _at_random(name, folder, seconds=seconds, seed=seed)


def inputs(name: str) -> list[bytes]:
    """The seeds of a target, and what is kept of earlier runs."""
    from .targets import TARGETS

    kept = sorted((CORPUS / name).glob("*")) if (CORPUS / name).exists() else []
    return [*TARGETS[name].seeds, *(path.read_bytes() for path in kept)]


def _with_atheris(name: str, folder: Path, *, seconds: float, seed: int) -> None:
    import atheris

    with atheris.instrument_imports(include=["qiskit_runtime_rest"], enable_loader_override=False):
        from .targets import TARGETS

        known = inputs(name)
        for data in known:
            TARGETS[name].feed(data)
    for number, data in enumerate(known):
        (folder / f"seed-{number}").write_bytes(data)

    options: list[str] = [
        f"-max_total_time={max(1, int(seconds))}",
        f"-timeout={INPUT_SECONDS}",
        f"-rss_limit_mb={MOST_MEMORY_MB}",
        f"-max_len={MOST_BYTES}",
        f"-seed={seed}",
        f"-artifact_prefix={folder.parent}/{name}-",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    atheris.Setup([sys.argv[0], *options, str(folder)], TARGETS[name].feed)
    atheris.Fuzz()


def _at_random(name: str, folder: Path, *, seconds: float, seed: int) -> None:
    from .targets import TARGETS

    chance, known, done = random.Random(f"{seed} {name}"), inputs(name), 0
    _limit_memory()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = changed(chance.choice(known), known, chance)
        try:
            with time_limit():
                TARGETS[name].feed(data)
        except (Exception, TooSlow):
            path = folder.parent / f"{name}-crash"
            path.write_bytes(data)
            traceback.print_exc()
            sys.exit(f"The input is in {path}.")
        done += 1
    print(f"Done {done} inputs")


def changed(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """The input with a few changes: bytes, pieces, repetitions, and parts of others."""
    for _ in range(chance.randint(1, 4)):
        start, end = sorted(chance.randint(0, len(data)) for _ in range(2))
        other = chance.choice(others)
        at = chance.randint(0, len(other))
        part = chance.choice((*PIECES, bytes([chance.randrange(256)]), other[at : at + 50], data[start:end] * 2))
        end = chance.choice((start, start + 1, end))
        data = (data[:start] + part + data[end:])[:MOST_BYTES]
    return data


@contextlib.contextmanager
def time_limit() -> Iterator[None]:
    """Raise `TooSlow` in this thread after the time of one input."""

    def stop(*_: Any) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(INPUT_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _limit_memory() -> None:
    import resource

    most = MOST_MEMORY_MB * 2**20 * 4  # of address space, of which libraries take a part
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    sys.exit(main())
