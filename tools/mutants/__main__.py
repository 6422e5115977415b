"""Seed each fault into the embedded service, and show which of the contract's checks finds it.

Exit status: 0 all were found, 1 some survived.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from .faults import MUTANTS
from .seeding import seed_number

__all__ = ["main"]

WORKERS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Seed all faults, or those whose name contains a text; print the table."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("text", nargs="?", default="", help="only faults whose name or operation contains this")
    text = parser.parse_args(arguments).text
    chosen = [number for number, one in enumerate(MUTANTS) if text in f"{one.name} {one.operation}"]
    begun = time.monotonic()
    width = max((len(one.name) for one in MUTANTS), default=0)
    outcomes = []
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool:
        for one in pool.map(seed_number, chosen):
            outcomes.append(one)
            found = one.found_by or "SURVIVED"
            print(f"{one.name:{width}}  {one.operation:35}  {found}  ({one.seconds:.0f} s)", flush=True)
    survived = sum(not one.found_by for one in outcomes)
    print(f"{len(outcomes)} faults, {survived} survived, {time.monotonic() - begun:.0f} s")
    return 1 if survived or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
