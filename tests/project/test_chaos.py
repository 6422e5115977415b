"""The operations of `make chaos`, a few of them."""

from __future__ import annotations

from tools.chaos import WRONG, chaos


def test_nothing_is_lost_doubled_or_left_over_on_a_bad_network() -> None:
    """How late calls end depends on the machine, so only `make chaos` looks at that."""
    run, proxy = chaos(60, seed=1, rate=0.3, minutes=5)
    assert {name: run.counts[name] for name in WRONG if name != "late"} == dict.fromkeys(set(WRONG) - {"late"}, 0)
    assert run.counts["operations"] == 60
    assert sum(proxy.values()) > proxy["none"]
