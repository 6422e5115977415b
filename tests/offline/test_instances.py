from __future__ import annotations

import json
from pathlib import Path

import pytest

from qiskit_runtime_rest.offline.instances import named_instances

CRN = "crn:v1:bluemix:public:quantum-computing:eu-de:a/0a1b2c3d:11112222-3333-4444-5555-666677778888::"

PROGRAMS = {
    "keyword": 'service = QiskitRuntimeService(token="t", instance="{}")',
    "dictionary": "{{'channel': 'x', 'instance': '{}'}}",
    "spaces": 'instance = "{}"  # or instance="auto"',
}


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("program", list(PROGRAMS))
@pytest.mark.parametrize("instance", ["my instance-1", CRN])
def test_a_program_names_its_instance(tmp_path: Path, program: str, instance: str) -> None:
    file = tmp_path / "program.py"
    file.write_text(PROGRAMS[program].format(instance))
    assert named_instances(["python", str(file)], {}) == [instance]
    assert named_instances(["python", "-c", PROGRAMS[program].format(instance)], {}) == [instance]


@pytest.mark.usefixtures("home")
def test_a_notebook_names_its_instance(tmp_path: Path) -> None:
    file = tmp_path / "notebook.ipynb"
    file.write_text(json.dumps({"cells": [{"source": ['a = Q(instance="one")\n', f'b = "{CRN}"\n']}]}))
    assert named_instances(["jupyter", "execute", str(file)], {}) == [CRN, "one"]


def test_environment_and_account_file_name_instances(home: Path) -> None:
    folder = home / ".qiskit"
    folder.mkdir()
    accounts = {"a": {"token": "t", "instance": "saved"}, "b": {"instance": CRN}, "c": {"instance": None}, "d": 1}
    (folder / "qiskit-ibm.json").write_text(json.dumps(accounts))
    assert named_instances(["true"], {"QISKIT_IBM_INSTANCE": "mine"}) == ["mine", "saved", CRN]
    (folder / "qiskit-ibm.json").write_text("not JSON")
    assert named_instances(["true"], {}) == []


@pytest.mark.usefixtures("home")
def test_words_that_are_no_files_are_no_problem(tmp_path: Path) -> None:
    assert named_instances(["a\0b", str(tmp_path), "x" * 10_000, ""], {}) == []
