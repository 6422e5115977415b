from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from qiskit_runtime_rest import InvalidInput
from qiskit_runtime_rest.pictures import plot_device, plot_rows, plot_timeline
from qiskit_runtime_rest.results import decode

COUNTS = [{"pub": 0, "outcome": "$0_{x}$", "shots": 1, "share": 1.0}]


def test_a_picture_is_saved_as_png_or_svg_and_the_same_each_time(tmp_path: Path) -> None:
    for suffix, begin in ((".png", b"\x89PNG"), (".svg", b"<?xml")):
        first, second = (plot_rows(COUNTS).save(tmp_path / f"{n}{suffix}").read_bytes() for n in "ab")
        assert first.startswith(begin)
        assert first == second
    with pytest.raises(InvalidInput, match=r"saved as .png or .svg"):
        plot_rows(COUNTS).save(tmp_path / "counts.pdf")
    with pytest.raises(InvalidInput, match="cannot be written"):
        plot_rows(COUNTS).save(tmp_path / "nowhere" / "counts.png")


def test_notebooks_show_it() -> None:
    assert plot_rows(COUNTS)._repr_png_().startswith(b"\x89PNG")


def test_it_leaves_the_settings_of_matplotlib_alone() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    plot_rows(COUNTS, theme="dark")
    assert dict(matplotlib.rcParams) == before


def test_there_is_a_drawing_for_each_pub_or_for_one() -> None:
    rows = [{**COUNTS[0], "pub": pub} for pub in range(14)]
    assert len(plot_rows(rows).axes) == 12
    assert len(plot_rows(rows, pub=13).axes) == 1
    with pytest.raises(InvalidInput, match=r"pub=14: .* 14 with data"):
        plot_rows(rows, pub=14)
    with pytest.raises(InvalidInput, match="neither counts nor"):
        plot_rows([])


def test_what_cannot_be_drawn_is_refused_with_a_reason() -> None:
    with pytest.raises(InvalidInput, match="light or dark"):
        plot_rows(COUNTS, theme="blue")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="not begun to run"):
        plot_timeline({"timestamps": {"created": "2026-11-30T10:00:00Z", "running": None}})
    with pytest.raises(InvalidInput, match="no qubits"):
        plot_device({"n_qubits": 0})


@pytest.mark.parametrize("count", [1, 2, 300])
def test_a_device_of_any_size_has_a_map(count: int) -> None:
    plot_device({"n_qubits": count, "coupling_map": [[n, n + 1] for n in range(count - 1)], "coords": None})


def test_a_result_draws_itself() -> None:
    samples = {"c": {"samples": ["0x0", "0x1"], "num_bits": 1}}
    result = decode(json.dumps({"results": [{"data": samples, "metadata": {}}], "metadata": {}}).encode())
    assert [axes.get_title(loc="left") for axes in result.plot().axes] == ["2 shots"]


def test_without_matplotlib_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from qiskit_runtime_rest import MissingExtra\n"
        "from qiskit_runtime_rest.pictures import plot_rows"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'qiskit-runtime-rest[plot]'" in done.stderr.splitlines()[-1]
