"""`make vendor`, on copies: it reports changes, overlay actions that no longer fit, and actions to add."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tools.generate import Layout
from tools.overlay import load_overlay
from tools.vendor import main
from tools.words import WORDS, walk

Document = dict[str, Any]


@pytest.fixture
def vendored(
    layout: Layout, tmp_path: Path, contract: Document, capsys: pytest.CaptureFixture[str]
) -> Callable[[Callable[[Document], Any]], str]:
    """Vendor a changed contract; gives the output."""

    def run(edit: Callable[[Document], Any]) -> str:
        document = json.loads(json.dumps(contract))
        edit(document)
        spec = tmp_path / "newer.json"
        spec.write_text(json.dumps(document), encoding="utf-8")
        assert main([str(spec)], layout=layout) == 0
        assert json.loads(layout.contract.read_text("utf-8")) == document
        return capsys.readouterr().out

    return run


def properties(document: Document, schema: str) -> Document:
    found: Document = document["components"]["schemas"][schema]["properties"]
    return found


def test_the_same_contract_changes_nothing(vendored: Callable[..., str]) -> None:
    assert vendored(lambda document: None).splitlines() == [
        "0 changes: 0 breaking, 0 additive, 0 cosmetic",
        "openapi.json replaced: 33 operations",
        "build/drift.md: what the changes mean to this client",
        "Next: make generate",
    ]


def test_changes_are_listed_by_operation_with_the_breaking_ones_marked(vendored: Callable[..., str]) -> None:
    def edit(document: Document) -> None:
        answer = {"200": {"description": "", "content": {"application/json": {"schema": {"type": "object"}}}}}
        document["paths"]["/v1/queue"] = {"get": {"operationId": "get_queue", "tags": ["Jobs"], "responses": answer}}
        del document["paths"]["/v1/accounts/{id}"]
        del properties(document, "JobState")["reason_solution"]
        properties(document, "JobState")["since"] = {"type": "string"}
        document["components"]["schemas"]["JobRunParamsBase"]["required"].append("tags")
        document["components"]["schemas"]["JobState"]["x-foo"] = 1

    lines = vendored(edit).splitlines()
    get_job = lines.index("GET /v1/jobs/{id}")
    assert lines[get_job + 1 : get_job + 4] == [
        "  ! BREAKING response 200: state.reason_solution: removed",
        "  + response 200: state.since: added",
        "  . 1 cosmetic",
    ]
    assert lines[lines.index("GET /v1/accounts/{id}") + 1] == "  ! BREAKING removed"
    assert lines[lines.index("GET /v1/queue") + 1] == "  + added"
    assert "  ! BREAKING request body: (JobRunParams).tags: required now" in lines
    assert "openapi.json replaced: 33 operations" in lines


def test_overlay_actions_that_match_nothing_any_more_are_named(vendored: Callable[..., str]) -> None:
    def edit(document: Document) -> None:
        properties(document, "ComplexNumber").pop("number")
        properties(document, "JobSession").pop("closed_at")

    out = vendored(edit)
    assert "`$.components.schemas.ComplexNumber.properties.number.items` matches nothing" in out
    assert "`closed_at` of `$.components.schemas.JobSession.properties[" in out
    assert out.count("matches nothing") == 2


def test_an_overlay_action_that_is_clear_is_added(vendored: Callable[..., str], layout: Layout) -> None:
    def edit(document: Document) -> None:
        properties(document, "JobState")["steps"] = {"description": "Steps.", "type": "array"}

    out = vendored(edit)
    assert "openapi-overlay.yaml: added, so that everything generates (move each to its section):\n" in out
    assert '  - target: "$.components.schemas.JobState.properties.steps"\n' in out
    added = load_overlay(layout.overlay)["actions"][-1]
    assert added["target"] == "$.components.schemas.JobState.properties.steps"
    assert added["update"] == {"items": {}}
    assert "added, so that" not in vendored(edit)


def test_an_overlay_action_that_needs_a_decision_is_only_named(vendored: Callable[..., str], layout: Layout) -> None:
    def edit(document: Document) -> None:
        document["paths"]["/v1/tags"]["get"]["operationId"] = "get_job"

    before = layout.overlay.read_text("utf-8")
    out = vendored(edit)
    assert "openapi-overlay.yaml: add, so that everything generates:\n" in out
    assert "A_NAME_OF_ITS_OWN" in out
    assert layout.overlay.read_text("utf-8") == before


def test_a_new_schema_called_model_gets_a_plain_class_name(vendored: Callable[..., str], layout: Layout) -> None:
    def edit(document: Document) -> None:
        document["components"]["schemas"]["GateErrorModel"] = {"description": "An error.", "type": "object"}

    vendored(edit)
    added = load_overlay(layout.overlay)["actions"][-1]
    assert added["target"] == "$.components.schemas.GateErrorModel"
    assert added["update"] == {"title": "GateError"}


def without_words(document: Document) -> None:
    for _, kind, node in walk(document, "document"):
        for key in WORDS & node.keys():
            if key == "description" and kind == "response":
                node[key] = ""
            else:
                del node[key]


def test_descriptions_examples_and_links_stay(layout: Layout, tmp_path: Path, contract: Document) -> None:
    bare = json.loads(json.dumps(contract))
    without_words(bare)
    assert bare != contract
    (tmp_path / "newer.json").write_text(json.dumps(bare), encoding="utf-8")
    before = layout.contract.read_bytes()
    assert main([str(tmp_path / "newer.json")], layout=layout) == 0
    assert layout.contract.read_bytes() == before


def test_words_stay_with_what_they_describe_when_a_list_grows_in_the_middle(vendored: Callable[..., str]) -> None:
    def edit(document: Document) -> None:
        fresh = {"in": "query", "name": "color", "description": "A color.", "schema": {"type": "string"}}
        document["paths"]["/v1/jobs"]["get"]["parameters"].insert(1, fresh)

    vendored(edit)  # the fixture compares the document that was written


def test_the_published_words_do_not_replace_ours(
    layout: Layout, tmp_path: Path, contract: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(json.dumps(contract))
    document["components"]["schemas"]["JobState"]["description"] = "Words of the publisher."
    (tmp_path / "newer.json").write_text(json.dumps(document), encoding="utf-8")
    assert main([str(tmp_path / "newer.json")], layout=layout) == 0
    assert json.loads(layout.contract.read_text("utf-8")) == contract
    assert "0 changes" in capsys.readouterr().out


def test_what_has_no_description_yet_is_named(vendored: Callable[..., str]) -> None:
    def edit(document: Document) -> None:
        properties(document, "JobState")["since"] = {"type": "string"}
        document["components"]["schemas"]["Note"] = {"type": "object"}

    lines = vendored(edit).splitlines()
    start = lines.index("openapi.json: describe these 2, in the document itself:")
    assert lines[start + 1 : start + 3] == [
        "  /components/schemas/JobState/properties/since",
        "  /components/schemas/Note",
    ]


def test_the_changes_are_written_as_a_page_for_this_client(vendored: Callable[..., str], layout: Layout) -> None:
    def edit(document: Document) -> None:
        del properties(document, "JobState")["reason_solution"]

    vendored(edit)
    page = (layout.root / "build" / "drift.md").read_text("utf-8")
    assert page.startswith("# The contract: from 2026-04-15 to 2026-04-15 (newer.json)\n")
    assert "| `GET /v1/jobs/{id}` | `response 200: state.reason_solution` | removed |" in page


def test_invalid_parts_are_listed_and_vendored_as_published(vendored: Callable[..., str]) -> None:
    out = vendored(lambda document: properties(document, "JobState").update(note={"type": ["string", "null"]}))
    assert out.startswith("not valid OpenAPI 3.0.0: components.schemas.JobState")
    vendored(lambda document: document.update(openapi="3.1.0"))


def test_a_yaml_document_is_read_too(layout: Layout, tmp_path: Path, contract: Document) -> None:
    (tmp_path / "newer.yaml").write_text(json.dumps(contract), encoding="utf-8")
    assert main([str(tmp_path / "newer.yaml")], layout=layout) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<html></html>", "is not JSON"),
        ("[]", "not an OpenAPI document"),
        ('{"swagger": "2.0", "paths": {}}', "no `openapi` version"),
    ],
)
def test_a_document_of_another_kind_is_refused(
    layout: Layout, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    before = layout.contract.read_bytes()
    (tmp_path / "newer.json").write_text(text, encoding="utf-8")
    assert main([str(tmp_path / "newer.json")], layout=layout) == 1
    assert message in capsys.readouterr().err
    assert layout.contract.read_bytes() == before


def test_a_reference_to_nothing_is_refused(
    layout: Layout, tmp_path: Path, contract: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(json.dumps(contract))
    properties(document, "JobState")["steps"] = {"$ref": "#/components/schemas/Gone"}
    before = layout.contract.read_bytes()
    (tmp_path / "newer.json").write_text(json.dumps(document), encoding="utf-8")
    assert main([str(tmp_path / "newer.json")], layout=layout) == 1
    assert "/components/schemas/Gone" in capsys.readouterr().err
    assert layout.contract.read_bytes() == before


def test_a_missing_file_is_named(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nowhere.json"], layout=layout) == 1
    assert "nowhere.json: no such file" in capsys.readouterr().err


class Published(BaseHTTPRequestHandler):
    """Serve the contract, or refuse it as a content network does."""

    contract: bytes = b""

    def do_GET(self) -> None:
        status = 200 if self.path == "/openapi.json" else 403
        self.send_response(status)
        self.end_headers()
        self.wfile.write(self.contract if status == 200 else b"<html>Ray ID</html>")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site(contract: Document) -> Iterator[str]:
    handler = type("Handler", (Published,), {"contract": json.dumps(contract).encode()})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_url_is_fetched(layout: Layout, site: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"{site}/openapi.json"], layout=layout) == 0
    assert "0 changes" in capsys.readouterr().out


def test_a_url_that_turns_scripts_away_says_what_to_do(
    layout: Layout, site: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([f"{site}/blocked.json"], layout=layout) == 1
    error = capsys.readouterr().err
    assert "answers 403: the content network in front of it turns scripts away" in error
    assert "Download it in a browser and pass its path" in error
