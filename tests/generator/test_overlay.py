"""The overlay is applied to the contract; an action that no longer fits is an error."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tools.generate import REPOSITORY, GenerationError, Layout, generate
from tools.overlay import OverlayError, load_overlay, prepare

Document = dict[str, Any]


@pytest.fixture(scope="session")
def prepared(contract: Document) -> Document:
    return prepare(contract, overlay=load_overlay(REPOSITORY.overlay)).document


def test_every_action_matches_and_gives_its_reason(contract: Document) -> None:
    overlay = load_overlay(REPOSITORY.overlay)
    assert prepare(contract, overlay=overlay).unmatched == ()
    assert all(action["description"] for action in overlay["actions"])


def test_the_contract_itself_is_left_alone(contract: Document) -> None:
    before = copy.deepcopy(contract)
    prepare(contract, overlay=load_overlay(REPOSITORY.overlay))
    assert contract == before


def test_every_operation_has_the_error_response_and_no_version_header(prepared: Document) -> None:
    for item in prepared["paths"].values():
        for operation in item.values():
            schema = operation["responses"]["default"]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorContainer"}
            assert {"$ref": "#/components/parameters/IBM-API-Version"} not in operation.get("parameters", [])
            assert "security" not in operation


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (lambda schemas: schemas.pop("ClopsType"), "$.components.schemas.ClopsType"),
        (lambda schemas: schemas["JobSession"]["properties"].pop("closed_at"), "`closed_at`"),
        (lambda schemas: schemas["PerformanceMetrics"].pop("properties"), "PerformanceMetrics.properties.*"),
    ],
)
def test_an_action_or_a_name_in_it_that_matches_nothing_fails(
    change: Callable[[Callable[[Document], None]], Layout], edit: Callable[[Document], None], named: str
) -> None:
    layout = change(lambda document: edit(document["components"]["schemas"]))
    with pytest.raises(GenerationError, match="matches nothing") as caught:
        generate(layout, package=layout.package)
    assert named in str(caught.value)
    assert not layout.package.exists()


def test_an_action_without_a_reason_is_refused(layout: Layout) -> None:
    text = layout.overlay.read_text("utf-8")
    layout.overlay.write_text(text + '  - target: "$.info"\n    update: {title: Another}\n')
    with pytest.raises(OverlayError, match="say why"):
        load_overlay(layout.overlay)


def test_a_file_that_is_not_an_overlay_is_refused(layout: Layout) -> None:
    layout.overlay.write_text("overlay: 1.0.0\nactions: nothing\n")
    with pytest.raises(OverlayError, match="not a valid OpenAPI Overlay"):
        load_overlay(layout.overlay)
