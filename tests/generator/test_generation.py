"""`make generate` and the drift part of `make check`, on copies of their inputs."""

import json
import shutil
from collections.abc import Callable, Iterator
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import pytest

from tools.generate import REPOSITORY, GenerationError, Layout, differing, generate, main, swap

Edit = Callable[[dict[str, Any]], None]
Change = Callable[[Edit], Layout]


def plain_ids(document: dict[str, Any]) -> Iterator[str]:
    for item in document["paths"].values():
        for operation in item.values():
            yield operation["operationId"]


def test_every_operation_of_the_contract_has_a_module_named_by_its_id(
    generated: Layout, contract: dict[str, Any]
) -> None:
    prepared = json.loads(generated.prepared.read_text("utf-8"))
    modules = [path.stem for path in generated.package.glob("api/*/*.py") if path.stem != "__init__"]
    assert sorted(modules) == sorted(plain_ids(prepared))
    assert len(modules) == len(list(plain_ids(contract))) == 33


def test_odd_operation_ids_become_plain_names(generated: Layout) -> None:
    jobs = {path.stem for path in (generated.package / "api" / "jobs").glob("*.py")}
    assert {"get_job_results", "get_job_interim_results", "get_job_logs", "cancel_job", "get_job_metrics"} <= jobs
    assert (generated.package / "api" / "sessions" / "close_session.py").exists()
    assert not list(generated.package.rglob("*_jid.py"))


def test_the_committed_package_is_what_the_contract_generates(generated: Layout) -> None:
    assert differing(REPOSITORY.package, other=generated.package) == []


def test_checking_finds_hand_edits_and_nothing_else(
    generated: Layout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edited = Layout(root=tmp_path / "edited")
    shutil.copytree(generated.root, edited.root)
    (edited.package / "models" / "job.py").write_text("# by hand\n", encoding="utf-8")
    (edited.package / "models" / "stray.py").write_text("", encoding="utf-8")
    (edited.package / "py.typed").unlink()
    assert main(["--check"], layout=edited) == 1
    # The second generation gave the same bytes for every other file.
    assert capsys.readouterr().out.split()[-3:] == ["models/job.py", "models/stray.py", "py.typed"]
    assert (edited.package / "models" / "job.py").read_text("utf-8") == "# by hand\n"


def test_generating_replaces_what_was_there(generated: Layout) -> None:
    assert not (generated.package / "models" / "stale.py").exists()


def test_every_generated_module_names_its_sources(generated: Layout, contract: dict[str, Any]) -> None:
    version = contract["info"]["version"]
    for module in generated.package.rglob("*.py"):
        head = module.read_text("utf-8").split("\n\n")[0]
        assert "make generate" in head
        assert version in head
        assert "Do not edit" in head


def test_the_package_is_typed_and_carries_the_contract_as_published(contract: dict[str, Any]) -> None:
    package = resources.files("qiskit_runtime_api")
    assert (package / "py.typed").is_file()
    assert json.loads((package / "openapi.json").read_text("utf-8")) == contract


def test_the_generator_is_pinned_to_the_release_the_templates_are_written_for() -> None:
    assert metadata.version("openapi-python-client") == "0.29.1"


def test_a_failed_generation_leaves_the_old_package_alone(change: Change) -> None:
    layout = change(lambda document: document["components"]["schemas"]["Program"].update(title="Job"))
    kept = layout.package / "kept.py"
    kept.parent.mkdir(parents=True)
    kept.write_text("")
    with pytest.raises(GenerationError) as caught:
        generate(layout, package=layout.package)
    assert 'duplicate models with name "Job"' in str(caught.value)
    assert "$.components.schemas.Program" in str(caught.value)
    assert [path.name for path in layout.package.parent.rglob("*")] == ["qiskit_runtime_api", "kept.py"]


def test_a_class_override_that_matches_nothing_fails(layout: Layout) -> None:
    text = layout.config.read_text("utf-8")
    layout.config.write_text(text.replace("class_overrides:", "class_overrides:\n  GoneStatus: {class_name: Status}"))
    with pytest.raises(GenerationError, match="GoneStatus"):
        generate(layout, package=layout.package)


def test_a_template_that_no_longer_fits_the_generator_fails() -> None:
    assert swap("one two", "t.o", "2") == "one 2"
    with pytest.raises(GenerationError, match="three"):
        swap("one two", "three", "3")


def test_a_contract_that_is_not_json_is_named(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    layout.contract.write_text("<html>", encoding="utf-8")
    assert main([], layout=layout) == 1
    assert "openapi.json is not JSON" in capsys.readouterr().err


def test_a_newer_contract_generates_after_the_proposed_action_is_added(
    change: Change, capsys: pytest.CaptureFixture[str]
) -> None:
    def edit(document: dict[str, Any]) -> None:
        schemas = document["components"]["schemas"]
        schemas["JobResponseV3"]["x-foo"] = {"anything": [1]}
        schemas["JobResponseV3"]["properties"]["note"] = {"type": ["string", "null"], "examples": ["a"], "x-foo": 1}
        schemas["JobState"]["properties"]["pair"] = {"type": "array", "prefixItems": [{"type": "string"}]}
        schemas["JobState"]["properties"]["steps"] = {"type": "array"}
        schemas["JobState"]["unevaluatedProperties"] = False
        answer = {"type": "object", "properties": {"queue": {"type": "integer"}}}
        document["paths"]["/v1/queue"] = {
            "get": {
                "operationId": "get_queue",
                "tags": ["Queue"],
                "responses": {"200": {"description": "", "content": {"application/json": {"schema": answer}}}},
            }
        }

    layout = change(edit)
    assert main([], layout=layout) == 1
    message = capsys.readouterr().err
    assert "Add to openapi-overlay.yaml" in message
    action = message[message.index("  - target:") :]
    assert "$.components.schemas.JobState.properties.steps" in action

    layout.overlay.write_text(layout.overlay.read_text("utf-8") + action, encoding="utf-8")
    assert main([], layout=layout) == 0
    assert capsys.readouterr().out == "34 operations, 0 warnings\n"
    assert (layout.package / "api" / "queue" / "get_queue.py").exists()
    assert "note: None | str | Unset" in (layout.package / "models" / "job.py").read_text("utf-8")
    assert "steps: list[Any] | Unset" in (layout.package / "models" / "job_state.py").read_text("utf-8")
