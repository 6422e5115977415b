"""The classic Programs API: every call, field, default, limit and status."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from qiskit_runtime_rest.legacy.messages import ClassicError, ClassicRequest, ClassicResponse
from qiskit_runtime_rest.legacy.programs import Programs
from qiskit_runtime_rest.legacy.programs.local_jobs import RESULT, interim_results
from qiskit_runtime_rest.legacy.store import Store
from qiskit_runtime_rest.legacy.table import find_route

READY_MADE = ["sampler", "estimator", "circuit-runner", "qasm3-runner", "runtime-simple", "hello-world"]
TEXT = base64.b64encode(b"def main(backend, user_messenger): pass").decode()
OTHER_TEXT = base64.b64encode(b"def main(backend, user_messenger): return 1").decode()
BELL = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;'

Call = Callable[..., ClassicResponse]


class Clock:
    def __init__(self) -> None:
        self.now = 1620637191.7

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def now() -> Clock:
    return Clock()


@pytest.fixture
def programs(tmp_path: Path, now: Clock) -> Programs:
    return Programs(Store(tmp_path / "legacy.sqlite"), now=now)


@pytest.fixture
def call(programs: Programs) -> Call:
    """Send a request; errors become responses."""

    def made(
        method: str,
        path: str,
        *,
        owner: str | None = "ada",
        era: str = "2023",
        body: Any = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> ClassicResponse:
        match = find_route(method, path)
        assert match
        assert match.route.handler
        content = raw if raw is not None else json.dumps(body).encode() if body is not None else b""
        request = ClassicRequest(
            method=method,
            path=path,
            query={name: value if isinstance(value, list) else [str(value)] for name, value in query.items()},
            headers=dict(headers or {}),
            body=content,
        )
        here = match.route.handler.removeprefix("programs.")
        try:
            return programs.handle(here, request, match.names, owner=owner, era=era)
        except ClassicError as error:
            return error.response

    return made


@pytest.fixture
def upload(call: Call) -> Callable[..., Any]:
    def uploaded(*, owner: str = "ada", **fields: Any) -> Any:
        response = call("POST", "/programs", owner=owner, body={"name": "mine", "data": TEXT} | fields)
        assert response.status == 201, response.body
        return response.json()

    return uploaded


Upload = Callable[..., Any]


def error(response: ClassicResponse) -> dict[str, Any]:
    """The only error of a response, in the classic form."""
    body = response.json()
    assert list(body) == ["errors"]
    [found] = body["errors"]
    assert set(found) == {"code", "message", "solution", "more_info"}
    assert found["solution"]
    return dict(found)


# Uploading


def test_an_upload_returns_the_program(call: Call) -> None:
    schema = {"type": "object", "properties": {"shots": {"type": "integer"}}}
    described = {
        "name": "My VQE (2)",
        "cost": 300,
        "description": "Finds a ground state.",
        "spec": {
            "backend_requirements": {"type": "object", "properties": {"min_num_qubits": {"const": 5}}},
            "parameters": schema,
            "return_values": {"type": "string"},
            "interim_results": {},
        },
        "tags": ["vqe", "chemistry"],
        "is_public": True,
    }
    response = call("POST", "/programs", body=described | {"data": TEXT})
    assert response.status == 201
    program = response.json()
    assert program.pop("id").startswith("my-vqe-2-")
    assert program == described | {"creation_date": "2021-05-10T08:59:51Z", "update_date": "2021-05-10T08:59:51Z"}


def test_missing_fields_get_their_defaults(upload: Upload) -> None:
    program = upload()
    assert (program["cost"], program["is_public"]) == (600, False)
    assert (program["description"], program["spec"], program["tags"]) == ("", {}, [])


def test_programs_with_the_same_name_have_different_ids(upload: Upload, call: Call) -> None:
    ids = {upload()["id"] for _ in range(5)}
    assert len(ids) == 5
    assert all(call("GET", f"/programs/{one}").status == 200 for one in ids)


def test_a_name_without_url_safe_characters_gets_an_id(upload: Upload, call: Call) -> None:
    program = upload(name="量子/ケット")
    assert program["id"].isascii()
    assert call("GET", f"/programs/{program['id']}").json()["name"] == "量子/ケット"


def test_the_longest_allowed_values_are_stored(upload: Upload) -> None:
    limits = {"name": "n" * 52, "description": "d" * 10000, "tags": ["t" * 24] * 5, "cost": 2**31 - 1}
    program = upload(**limits)
    assert {name: program[name] for name in limits} == limits


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", None),
        ("name", ""),
        ("name", "n" * 53),
        ("name", 5),
        ("cost", 0),
        ("cost", 2**31),
        ("cost", "600"),
        ("cost", True),
        ("description", ""),
        ("description", "d" * 10001),
        ("tags", []),
        ("tags", ["t"] * 6),
        ("tags", [""]),
        ("tags", ["t" * 25]),
        ("tags", "t"),
        ("is_public", "True"),
        ("spec", []),
        ("spec", {"parameters": []}),
        ("spec", {"parameters": {"type": "nothing"}}),
        ("spec", {"return_values": {"required": "all"}}),
        ("spec", {"interim_results": {"pattern": "("}}),
        ("spec", {"backend_requirements": {"$schema": []}}),
        ("spec", {"parameters": {"$schema": "http://[", "type": "object"}}),
        ("spec", {"more": {}}),
        ("data", None),
        ("data", 5),
        ("data", ""),
        ("data", "def main(): pass"),
        ("data", TEXT[:-1]),
        ("data", f"{TEXT[:8]} {TEXT[8:]}"),
        ("data", "\n\r\n\n"),
        ("data", "QQ==QQ=="),
        ("data", "日本"),
        ("colour", "red"),
    ],
)
def test_an_invalid_field_is_named_and_nothing_is_stored(call: Call, field: str, value: Any) -> None:
    body = {"name": "mine", "data": TEXT, field: value}
    if value is None:
        del body[field]
    response = call("POST", "/programs", body=body)
    assert response.status == 400
    assert error(response)["code"] == 1204
    assert field in error(response)["message"]
    assert call("GET", "/programs").json()["count"] == len(READY_MADE)


def test_the_place_inside_a_field_is_named(call: Call) -> None:
    body = {"name": "mine", "data": TEXT, "spec": {"parameters": {"properties": {"shots": {"minimum": "one"}}}}}
    message = error(call("POST", "/programs", body=body))["message"]
    assert "spec.parameters.properties.shots.minimum" in message


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"\xff\xfe\xfd", b'{"name": NaN}', b'{"cost": 1e999}', b'{"name": "\\ud800"}', b"[" * 200_000],
    ids=["nothing", "cut", "bytes", "NaN", "infinity", "half a pair", "too deep"],
)
def test_a_body_that_is_not_json_is_refused(call: Call, raw: bytes) -> None:
    response = call("POST", "/programs", raw=raw)
    assert response.status == 400
    assert "not JSON" in error(response)["message"]


@pytest.mark.parametrize("body", [[], "text", 5, None])
def test_a_body_that_is_not_an_object_is_refused(call: Call, body: Any) -> None:
    response = call("POST", "/programs", raw=json.dumps(body).encode())
    assert response.status == 400
    assert "is not of type 'object'" in error(response)["message"]


def test_schemas_are_checked_by_their_own_dialect(call: Call, upload: Upload) -> None:
    dialect = "http://json-schema.org/draft-04/schema#"
    upload(spec={"parameters": {"$schema": dialect, "minimum": 1, "exclusiveMinimum": True}})
    response = call(
        "POST", "/programs", body={"name": "mine", "data": TEXT, "spec": {"parameters": {"exclusiveMinimum": True}}}
    )
    assert response.status == 400


def test_a_cost_of_a_whole_number_with_a_point_is_an_integer(call: Call, upload: Upload) -> None:
    program = upload(cost=600.0)
    assert (type(program["cost"]), program["cost"]) == (int, 600)
    assert call("PATCH", f"/programs/{program['id']}", body={"cost": 7.0}).status == 204
    assert b'"cost":7,' in call("GET", f"/programs/{program['id']}").body


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_line_breaks_in_base64_are_removed(call: Call, upload: Upload, line_break: str) -> None:
    source = b"def main(backend, user_messenger):\n" * 9
    wrapped = base64.encodebytes(source).decode().replace("\n", line_break)
    program = upload(data=wrapped)
    assert call("GET", f"/programs/{program['id']}").json()["data"] == base64.b64encode(source).decode()
    headers = {"content-type": "application/octet-stream"}
    response = call("PUT", f"/programs/{program['id']}/data", raw=wrapped[4:].encode(), headers=headers)
    assert response.status == 204
    assert call("GET", f"/programs/{program['id']}").json()["data"] == base64.b64encode(source).decode()[4:]


@pytest.mark.parametrize(("method", "path"), [("POST", "/programs"), ("PUT", "/programs/{id}/data")])
def test_a_body_of_ten_megabytes_is_too_large_and_changes_nothing(
    call: Call, upload: Upload, method: str, path: str
) -> None:
    program = upload()
    large = base64.b64encode(bytes(7_500_000)).decode()
    json_headers = {"content-type": "application/json"}
    response = call(method, path.format(id=program["id"]), body={"name": "large", "data": large}, headers=json_headers)
    assert response.status == 413
    assert str(8 * 2**20) in error(response)["message"]
    assert call("GET", f"/programs/{program['id']}").json()["data"] == TEXT
    assert call("GET", "/programs").json()["count"] == len(READY_MADE) + 1


def test_a_spec_that_would_take_long_to_check_is_too_large(call: Call) -> None:
    properties = {f"p{number}": {"type": "integer"} for number in range(3000)}
    spec = {"parameters": {"properties": properties}}
    response = call("POST", "/programs", body={"name": "mine", "data": TEXT, "spec": spec})
    assert response.status == 413
    assert "spec" in error(response)["message"]


def test_a_schema_that_is_too_deep_to_check_is_refused(call: Call) -> None:
    deep = '{"properties":{"a":' * 300 + "{}" + "}}" * 300
    raw = f'{{"name": "mine", "data": "{TEXT}", "spec": {{"parameters": {deep}}}}}'
    response = call("POST", "/programs", raw=raw.encode())
    assert response.status == 400
    assert "spec.parameters" in error(response)["message"]


def test_messages_about_long_values_are_short(call: Call) -> None:
    response = call("POST", "/programs", body={"name": "n" * 100_000, "data": TEXT})
    assert response.status == 400
    assert len(response.body) < 1000


# Listing


def test_the_ready_made_programs_are_listed_without_logging_in(call: Call) -> None:
    listed = call("GET", "/programs", owner=None).json()
    assert set(listed) == {"programs", "count", "limit", "offset"}
    assert [one["id"] for one in listed["programs"]] == READY_MADE
    assert (listed["count"], listed["limit"], listed["offset"]) == (6, 20, 0)
    for program in listed["programs"]:
        assert program["is_public"]
        assert program["creation_date"] == program["update_date"]
        for part in program["spec"].values():
            Draft202012Validator.check_schema(part)
    dates = {one["id"]: one["creation_date"] for one in listed["programs"]}
    assert dates["runtime-simple"] == "2021-05-10T08:59:51Z"


def test_the_newest_program_comes_first_after_the_ready_made_ones(call: Call, upload: Upload, now: Clock) -> None:
    first = upload()["id"]
    same_time = upload()["id"]
    now.now += 1
    last = upload()["id"]
    listed = [one["id"] for one in call("GET", "/programs").json()["programs"]]
    assert listed == [*READY_MADE, last, same_time, first]


def test_pages_are_cut_and_the_count_is_of_all(call: Call, upload: Upload) -> None:
    for _ in range(20):
        upload()
    first = call("GET", "/programs").json()
    assert (len(first["programs"]), first["count"]) == (20, 26)
    pages = [call("GET", "/programs", limit=10, offset=offset).json() for offset in (0, 10, 20, 30)]
    assert [len(page["programs"]) for page in pages] == [10, 10, 6, 0]
    assert {(page["count"], page["limit"]) for page in pages} == {(26, 10)}
    assert [page["offset"] for page in pages] == [0, 10, 20, 30]
    assert len({one["id"] for page in pages for one in page["programs"]}) == 26


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"name": "alpha"}, ["alpha"]),
        ({"name": "ALPHA"}, []),
        ({"name": "alph"}, []),
        ({"search": "LPH"}, ["alphabet", "alpha"]),
        ({"search": "second letter"}, ["beta"]),
        ({"search": "%"}, []),
        ({"tags": ["greek"]}, ["beta", "alpha"]),
        ({"tags": ["greek", "first"]}, ["alpha"]),
        ({"tags": ["gree"]}, []),
        ({"name": "alpha", "tags": ["second"]}, []),
        ({"name": "alpha", "search": "first", "tags": ["first"]}, ["alpha"]),
    ],
)
def test_filters_narrow_the_list_and_the_count(
    call: Call, upload: Upload, filters: dict[str, Any], names: list[str]
) -> None:
    upload(name="alpha", description="The first letter.", tags=["greek", "first"])
    upload(name="beta", description="The Second Letter.", tags=["greek", "second"])
    upload(name="alphabet")
    listed = call("GET", "/programs", **filters).json()
    assert ([one["name"] for one in listed["programs"]], listed["count"]) == (names, len(names))


@pytest.mark.parametrize(
    ("tags", "names"),
    [
        (["greek,first"], ["alpha"]),
        (["greek", "first"], ["alpha"]),
        (["greek, second,"], ["beta"]),
        ([","], ["beta", "alpha", *READY_MADE]),
    ],
)
def test_tags_may_have_commas_between_them(call: Call, upload: Upload, tags: list[str], names: list[str]) -> None:
    upload(name="alpha", tags=["greek", "first"])
    upload(name="beta", tags=["greek", "second"])
    assert {one["name"] for one in call("GET", "/programs", tags=tags).json()["programs"]} == set(names)


def test_empty_filters_do_not_filter(call: Call) -> None:
    listed = call("GET", "/programs", limit=20, offset=0, name="", search="", tags="").json()
    assert listed["count"] == len(READY_MADE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "-1"),
        ("limit", "ten"),
        ("limit", ""),
        ("limit", "1.5"),
        ("limit", "٣"),
        ("limit", ["1", "2"]),
        ("offset", "-1"),
        ("offset", "1e3"),
        ("name", ["a", "b"]),
        ("page", "1"),
    ],
)
def test_an_invalid_parameter_is_named(call: Call, name: str, value: Any) -> None:
    response = call("GET", "/programs", owner=None, **{name: value})
    assert response.status == 400
    assert error(response)["message"].startswith("The request is not valid. " + name)


# Reading, and who may


def test_only_the_owner_gets_the_text(call: Call, upload: Upload) -> None:
    program = upload(is_public=True)
    path = f"/programs/{program['id']}"
    assert call("GET", path).json() == program | {"data": TEXT}
    assert call("GET", path, owner="bob").json() == program
    assert call("GET", path, owner=None).json() == program
    assert "data" not in call("GET", "/programs/sampler").json()
    assert all("data" not in one for one in call("GET", "/programs").json()["programs"])


CHANGES: list[tuple[str, str, Any]] = [
    ("PATCH", "/programs/{id}", {"name": "theirs"}),
    ("PUT", "/programs/{id}/data", {"data": OTHER_TEXT}),
    ("PUT", "/programs/{id}/public", None),
    ("PUT", "/programs/{id}/private", None),
    ("DELETE", "/programs/{id}", None),
]


def change(call: Call, method: str, path: str, body: Any, program_id: str, **caller: Any) -> ClassicResponse:
    headers = {"content-type": "application/json; charset=utf-8"}
    return call(method, path.format(id=program_id), body=body, headers=headers, **caller)


def test_a_private_program_of_another_owner_is_not_found(call: Call, upload: Upload, programs: Programs) -> None:
    program = upload()
    missing = error(call("GET", "/programs/nothing-0000000000"))["message"]
    for owner in ("bob", None):
        response = call("GET", f"/programs/{program['id']}", owner=owner)
        assert response.status == 404
        assert error(response)["message"] == missing.replace("nothing-0000000000", program["id"])
        assert call("GET", "/programs", owner=owner).json()["count"] == len(READY_MADE)
        with pytest.raises(ClassicError, match="404 Not Found"):
            programs.find(program["id"], owner=owner)
    for method, path, body in CHANGES:
        assert change(call, method, path, body, program["id"], owner="bob").status == 404
    assert call("GET", f"/programs/{program['id']}").json() == program | {"data": TEXT}


def test_other_callers_can_read_but_not_change_a_public_program(call: Call, upload: Upload, programs: Programs) -> None:
    program = upload(is_public=True)
    assert call("GET", "/programs", owner="bob", name="mine").json()["programs"] == [program]
    assert programs.find(program["id"], owner="bob").name == "mine"
    for method, path, body in CHANGES:
        response = change(call, method, path, body, program["id"], owner="bob")
        assert (response.status, error(response)["code"]) == (403, 1200)
    assert call("GET", f"/programs/{program['id']}").json() == program | {"data": TEXT}


@pytest.mark.parametrize("program_id", READY_MADE)
def test_a_ready_made_program_cannot_be_changed(call: Call, program_id: str) -> None:
    before = call("GET", f"/programs/{program_id}").json()
    for method, path, body in CHANGES:
        response = change(call, method, path, body, program_id)
        assert response.status == 403
        assert "ready-made" in error(response)["message"]
    assert call("GET", f"/programs/{program_id}").json() == before


def test_only_reading_needs_no_login(call: Call, upload: Upload) -> None:
    program = upload(is_public=True)
    answers = [change(call, *one, program["id"], owner=None) for one in CHANGES]
    answers.append(call("POST", "/programs", owner=None, body={"name": "mine", "data": TEXT}))
    assert {(response.status, error(response)["code"]) for response in answers} == {(401, 1201)}


# Changing


def test_an_update_replaces_the_given_metadata(call: Call, upload: Upload, now: Clock) -> None:
    program = upload(name="old", description="Old.", tags=["old"], spec={"parameters": {"type": "object"}})
    path = f"/programs/{program['id']}"
    now.now += 60
    changes = {"name": "new", "cost": 5, "tags": ["new", "newer"], "spec": {"return_values": {"type": "string"}}}
    response = call("PATCH", path, body=changes)
    assert (response.status, response.body) == (204, b"")
    spec = {"parameters": {"type": "object"}, "return_values": {"type": "string"}}
    after = program | changes | {"spec": spec, "update_date": "2021-05-10T09:00:51Z", "data": TEXT}
    assert call("GET", path).json() == after


def test_an_update_of_nothing_changes_nothing(call: Call, upload: Upload) -> None:
    program = upload(cost=7)
    assert call("PATCH", f"/programs/{program['id']}", body={}).status == 204
    assert call("GET", f"/programs/{program['id']}").json() == program | {"data": TEXT}


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"cost": -1},
        {"cost": 2**31},
        {"tags": []},
        {"spec": {"parameters": {"type": 5}}},
        {"data": TEXT},
        {"is_public": True},
    ],
    ids=lambda body: next(iter(body)),
)
def test_an_invalid_update_is_named_and_changes_nothing(call: Call, upload: Upload, body: dict[str, Any]) -> None:
    program = upload()
    response = call("PATCH", f"/programs/{program['id']}", body={"description": "New."} | body)
    assert response.status == 400
    assert next(iter(body)) in error(response)["message"]
    assert call("GET", f"/programs/{program['id']}").json() == program | {"data": TEXT}


@pytest.mark.parametrize(
    ("raw", "media_type"),
    [
        (OTHER_TEXT.encode(), "application/octet-stream"),
        (OTHER_TEXT.encode(), ""),
        (json.dumps({"data": OTHER_TEXT}).encode(), "application/json"),
    ],
    ids=["octets", "no type", "JSON"],
)
def test_the_text_can_be_replaced_in_either_form(
    call: Call, upload: Upload, now: Clock, raw: bytes, media_type: str
) -> None:
    program = upload()
    now.now += 1
    path = f"/programs/{program['id']}"
    response = call("PUT", f"{path}/data", raw=raw, headers={"content-type": media_type})
    assert (response.status, response.body) == (204, b"")
    assert call("GET", path).json() == program | {"data": OTHER_TEXT, "update_date": "2021-05-10T08:59:52Z"}


@pytest.mark.parametrize("raw", [b"", b"def main(): pass", b"\xff\xff\xff\xff", OTHER_TEXT[:-2].encode()])
def test_a_broken_text_replaces_nothing(call: Call, upload: Upload, raw: bytes) -> None:
    program = upload()
    response = call("PUT", f"/programs/{program['id']}/data", raw=raw)
    assert response.status == 400
    assert "data" in error(response)["message"]
    assert call("GET", f"/programs/{program['id']}").json()["data"] == TEXT


def test_a_program_can_be_made_public_and_private_again(call: Call, upload: Upload, now: Clock) -> None:
    path = f"/programs/{upload()['id']}"
    for way, seen, updated in (
        ("public", 200, "08:59:52Z"),
        ("public", 200, "08:59:53Z"),
        ("private", 404, "08:59:54Z"),
    ):
        now.now += 1
        assert call("PUT", f"{path}/{way}").status == 204
        assert call("GET", path, owner="bob").status == seen
        program = call("GET", path).json()
        assert program["is_public"] is (way == "public")
        assert program["update_date"].endswith(updated)


def test_a_deleted_program_is_gone(call: Call, upload: Upload) -> None:
    program, kept = upload(), upload()
    path = f"/programs/{program['id']}"
    assert call("DELETE", path).status == 204
    assert [call(method, path).status for method in ("GET", "DELETE")] == [404, 404]
    assert [one["id"] for one in call("GET", "/programs").json()["programs"]] == [*READY_MADE, kept["id"]]


def test_programs_are_stored_for_their_owner(call: Call, upload: Upload, tmp_path: Path) -> None:
    program = upload()
    later = Programs(Store(tmp_path / "legacy.sqlite"))
    assert later.find(program["id"], owner="ada").name == "mine"
    assert (tmp_path / "legacy.sqlite").stat().st_mode & 0o077 == 0


def test_the_owner_is_not_shown(programs: Programs, upload: Upload) -> None:
    program = programs.find(upload(owner="secret-owner", is_public=True)["id"], owner="bob")
    assert "secret-owner" not in repr(program)
    assert "secret-owner" not in json.dumps(program.as_json(era="2023") | program.as_json(era="2021"))


# The oldest form


def test_in_2021_the_list_is_bare_and_its_keys_are_in_camel_case(call: Call, upload: Upload) -> None:
    upload(spec={"parameters": {"type": "object", "properties": {"shots": {}}}}, tags=["a"])
    listed = call("GET", "/programs", era="2021", limit=2, offset=5).json()
    ready_made, mine = listed
    assert ready_made["id"] == "hello-world"
    assert json.loads(mine["parameters"]) == {"type": "object", "properties": {"shots": {}}}
    assert (mine["creationDate"], mine["updateDate"]) == ("2021-05-10T08:59:51Z",) * 2
    assert mine["isPublic"] is False
    assert not [key for key in mine if "_" in key]
    assert "spec" not in mine
    assert call("GET", f"/programs/{mine['id']}", era="2021").json() == mine | {"data": TEXT}


def test_in_2021_an_upload_may_have_the_form_of_responses(call: Call) -> None:
    parameters = {"type": "object"}
    body = {"name": "mine", "data": TEXT, "isPublic": True, "parameters": json.dumps(parameters), "returnValues": "{}"}
    response = call("POST", "/programs", era="2021", body=body)
    assert response.status == 201
    program = call("GET", f"/programs/{response.json()['id']}").json()
    assert program["spec"] == {"parameters": parameters, "return_values": {}}
    assert program["is_public"] is True


def test_in_2021_one_part_of_the_spec_can_be_updated(call: Call, upload: Upload) -> None:
    path = f"/programs/{upload(spec={'parameters': {'type': 'object'}})['id']}"
    assert call("PATCH", path, era="2021", body={"interimResults": '{"type": "number"}'}).status == 204
    spec = call("GET", path).json()["spec"]
    assert spec == {"parameters": {"type": "object"}, "interim_results": {"type": "number"}}


@pytest.mark.parametrize("text", ["{", '{"type": 5}', "[]", '"\\ud800"', 5])
def test_in_2021_an_invalid_schema_is_named(call: Call, text: Any) -> None:
    response = call("POST", "/programs", era="2021", body={"name": "mine", "data": TEXT, "returnValues": text})
    assert response.status == 400
    message = error(response)["message"]
    assert "returnValues" in message or "return_values" in message


# Parameters of jobs

RIGHT: list[tuple[str, Any]] = [
    ("sampler", {"circuits": BELL}),
    ("sampler", {"circuits": [BELL, BELL], "circuit_indices": [0, 1], "parameter_values": [[], [0.5]]}),
    ("sampler", {"circuits": [{"__type__": "QuantumCircuit", "__value__": "..."}], "run_options": {"shots": 10}}),
    ("sampler", {"pubs": [[BELL]], "version": 2, "options": {}, "transpilation": {"optimization_level": 1}}),
    ("sampler", {"pubs": [BELL, [BELL, None, 100], [BELL, {"theta": [0.1]}]], "shots": 10}),
    ("estimator", {"circuits": BELL, "observables": ["Z"], "observable_indices": [0]}),
    ("estimator", {"pubs": [[BELL, "Z"], [BELL, {"Z": 1}, None, 0.1]], "precision": 0.01}),
    ("circuit-runner", {"circuits": [BELL], "shots": 1, "optimization_level": 3, "initial_layout": None}),
    ("qasm3-runner", {"circuits": BELL, "run_config": {"shots": 5}}),
    ("runtime-simple", {}),
    ("runtime-simple", {"iterations": 1, "seed": 5}),
]
WRONG: list[tuple[str, Any, str]] = [
    ("sampler", {}, "params: 'circuits'"),
    ("sampler", [BELL], "params: "),
    ("sampler", {"circuits": 5}, "params.circuits: "),
    ("sampler", {"circuits": []}, "params.circuits: "),
    ("sampler", {"circuits": [BELL, ""]}, "params.circuits.1: "),
    ("sampler", {"circuits": BELL, "circuit_indices": [-1]}, "params.circuit_indices.0: "),
    ("sampler", {"circuits": BELL, "parameter_values": [0.5]}, "params.parameter_values.0: "),
    ("sampler", {"circuits": BELL, "run_options": {"shots": 0}}, "params.run_options.shots: "),
    ("sampler", {"pubs": []}, "params.pubs: "),
    ("sampler", {"pubs": [[BELL, None, 1, 1]]}, "params.pubs.0: "),
    ("sampler", {"pubs": [BELL], "version": 1}, "params.version: "),
    ("estimator", {"circuits": BELL}, "params: 'observables'"),
    ("estimator", {"pubs": [[BELL]]}, "params.pubs.0: "),
    ("estimator", {"pubs": [[BELL, "Z"]], "precision": 0}, "params.precision: "),
    ("circuit-runner", {"circuits": BELL, "optimization_level": 4}, "params.optimization_level: "),
    ("qasm3-runner", {"qasm": BELL}, "params: 'circuits'"),
    ("runtime-simple", {"iterations": 0}, "params.iterations: "),
    ("runtime-simple", {"iterations": "3"}, "params.iterations: "),
    ("runtime-simple", {"repetitions": 3}, "repetitions"),
]


@pytest.mark.parametrize(("program_id", "params"), RIGHT)
def test_valid_params_of_ready_made_programs_pass(programs: Programs, program_id: str, params: Any) -> None:
    programs.check_params(programs.find(program_id, owner=None), params)


@pytest.mark.parametrize(("program_id", "params", "named"), WRONG)
def test_invalid_params_are_named(programs: Programs, program_id: str, params: Any, named: str) -> None:
    with pytest.raises(ClassicError) as raised:
        programs.check_params(programs.find(program_id, owner=None), params)
    assert raised.value.status == 400
    assert named in raised.value.message


def test_ready_made_and_uploaded_programs_differ(programs: Programs, upload: Upload) -> None:
    program = upload(name="sampler")
    assert programs.find("sampler", owner="ada").is_ready_made
    assert not programs.find(program["id"], owner="ada").is_ready_made


# runtime-simple


def test_the_first_tutorials_program_publishes_counts_in_each_iteration() -> None:
    published = list(interim_results({"iterations": 3}))
    assert [one["iteration"] for one in published] == [0, 1, 2]
    for one in published:
        assert set(one) == {"iteration", "counts"}
        assert sum(one["counts"].values()) == 1024
        assert all(len(bits) == 5 and set(bits) <= {"0", "1"} for bits in one["counts"])
    assert len({json.dumps(one["counts"]) for one in published}) == 3
    assert RESULT == "All done!"


def test_the_first_tutorials_program_is_the_same_under_the_same_seed() -> None:
    assert len(list(interim_results({}))) == 5
    assert list(interim_results({"seed": 7})) == list(interim_results({}, seed=7))
    assert list(interim_results({}, seed="a")) == list(interim_results({}, seed="a"))
    assert list(interim_results({}, seed="a")) != list(interim_results({}, seed="b"))
