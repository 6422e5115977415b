"""The store of programs, with generated uploads and concurrent writers."""

from __future__ import annotations

import base64
import json
import multiprocessing
import re
import string
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from qiskit_runtime_rest.legacy.messages import ClassicError, ClassicRequest, ClassicResponse
from qiskit_runtime_rest.legacy.programs import Programs
from qiskit_runtime_rest.legacy.store import Store
from qiskit_runtime_rest.legacy.table import find_route

READY_MADE = 6
OWNERS = ("ada", "bob", None)

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
programs = st.binary(min_size=1, max_size=200).map(lambda content: base64.b64encode(content).decode())
plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
nested = st.lists(plain, max_size=3) | st.dictionaries(texts, plain, max_size=3)
values = plain | nested | st.lists(nested, max_size=2) | st.dictionaries(texts, nested, max_size=2)
schemas = st.fixed_dictionaries(
    {"type": st.sampled_from(["object", "string", "integer"])},
    optional={"title": texts, "default": values, "enum": st.lists(values, min_size=1, max_size=3)},
)
METADATA = {
    "cost": st.integers(min_value=1, max_value=2**31 - 1),
    "description": texts,
    "spec": st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ("backend_requirements", "parameters", "return_values", "interim_results"),
            schemas,
        ),
    ),
    "tags": st.lists(texts.map(lambda text: text[:24]), min_size=1, max_size=5),
}
names = texts.map(lambda text: text[:52])
updates = st.fixed_dictionaries({}, optional={"name": names, **METADATA})
uploads = st.fixed_dictionaries({"name": names, "data": programs}, optional={"is_public": st.booleans(), **METADATA})


def call(
    kept: Programs, method: str, path: str, *, owner: str | None, body: Any = None, **query: str
) -> ClassicResponse:
    match = find_route(method, path)
    assert match
    assert match.route.handler
    request = ClassicRequest(
        method=method,
        path=path,
        query={name: [value] for name, value in query.items()},
        headers={"content-type": "application/json"},
        body=b"" if body is None else json.dumps(body).encode(),
    )
    here = match.route.handler.removeprefix("programs.")
    try:
        return kept.handle(here, request, match.names, owner=owner, era="2023")
    except ClassicError as error:
        return error.response


def listed(kept: Programs, owner: str | None) -> list[Any]:
    response = call(kept, "GET", "/programs", owner=owner, limit="1000000", offset=str(READY_MADE)).json()
    assert response["count"] == READY_MADE + len(response["programs"])
    return list(response["programs"])


class Model(RuleBasedStateMachine):
    """The store behaves like a dictionary for each of three callers."""

    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.kept = Programs(Store(Path(self.folder.name) / "legacy.sqlite"))
        self.expected: dict[str, dict[str, Any]] = {}
        self.owners: dict[str, str] = {}

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(target=ids, fields=uploads, owner=st.sampled_from(["ada", "bob"]))
    def upload(self, fields: dict[str, Any], owner: str) -> str:
        response = call(self.kept, "POST", "/programs", owner=owner, body=fields)
        assert response.status == 201, response.body
        program_id = str(response.json()["id"])
        defaults = {"cost": 600, "description": "", "spec": {}, "tags": [], "is_public": False}
        self.expected[program_id] = defaults | fields
        self.owners[program_id] = owner
        return program_id

    def change(self, method: str, path: str, program_id: str, owner: str | None, body: Any = None) -> bool:
        """Whether the change was made; if not, check the status for this caller."""
        status = call(self.kept, method, path.format(program_id), owner=owner, body=body).status
        if owner is None:
            assert status == 401
        elif owner != self.owners[program_id]:
            assert status == (403 if self.expected[program_id]["is_public"] else 404)
        else:
            assert status == 204
        return status == 204

    @rule(program_id=ids, owner=st.sampled_from(OWNERS), fields=updates)
    def update(self, program_id: str, owner: str | None, fields: dict[str, Any]) -> None:
        if self.change("PATCH", "/programs/{}", program_id, owner, fields):
            before = self.expected[program_id]
            self.expected[program_id] = before | fields | {"spec": before["spec"] | fields.get("spec", {})}

    @rule(program_id=ids, owner=st.sampled_from(OWNERS), text=programs)
    def replace(self, program_id: str, owner: str | None, text: str) -> None:
        if self.change("PUT", "/programs/{}/data", program_id, owner, {"data": text}):
            self.expected[program_id]["data"] = text

    @rule(program_id=ids, owner=st.sampled_from(OWNERS), way=st.sampled_from(["public", "private"]))
    def publish(self, program_id: str, owner: str | None, way: str) -> None:
        if self.change("PUT", f"/programs/{{}}/{way}", program_id, owner):
            self.expected[program_id]["is_public"] = way == "public"

    @rule(program_id=consumes(ids))
    def delete(self, program_id: str) -> None:
        assert self.change("DELETE", "/programs/{}", program_id, self.owners[program_id])
        del self.expected[program_id], self.owners[program_id]
        assert call(self.kept, "GET", f"/programs/{program_id}", owner="ada").status == 404

    @invariant()
    def uploaded_programs_are_listed_and_read(self) -> None:
        for owner in OWNERS:
            seen = {one["id"]: one for one in listed(self.kept, owner)}
            expected = {
                program_id: fields
                for program_id, fields in self.expected.items()
                if fields["is_public"] or self.owners[program_id] == owner
            }
            assert seen.keys() == expected.keys()
            for program_id, fields in expected.items():
                read = call(self.kept, "GET", f"/programs/{program_id}", owner=owner).json()
                own = self.owners[program_id] == owner
                dates = {name: read[name] for name in ("creation_date", "update_date")}
                shown = {name: value for name, value in fields.items() if name != "data"} | dates | {"id": program_id}
                assert read == (shown | {"data": fields["data"]} if own else shown)
                assert seen[program_id] == shown


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=20, stateful_step_count=10, derandomize=True, database=None, deadline=None)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    return Programs(Store(tmp_path_factory.mktemp("programs") / "legacy.sqlite"))


@given(text=st.text(string.printable + "äß日", min_size=1, max_size=40))
@settings(max_examples=100, derandomize=True, database=None)
def test_only_base64_is_stored(shared: Programs, text: str) -> None:
    count = len(listed(shared, "ada"))
    response = call(shared, "POST", "/programs", owner="ada", body={"name": "n", "data": text})
    alphabet = string.ascii_letters + string.digits + "+/"
    text = re.sub("[\r\n]", "", text)
    body = text.rstrip("=")
    padding = len(text) - len(body)
    right = text != "" and set(body) <= set(alphabet) and len(text) % 4 == 0 and padding <= 2
    assert response.status == (201 if right else 400)
    assert len(listed(shared, "ada")) == count + right


@given(body=st.binary(max_size=60) | values.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=100, derandomize=True, database=None)
def test_an_invalid_body_stores_nothing(shared: Programs, body: bytes) -> None:
    request = ClassicRequest(method="POST", path="/programs", body=body)
    before = listed(shared, "ada")
    with pytest.raises(ClassicError, match="400 Bad Request"):
        shared.handle("upload", request, {}, owner="ada", era="2023")
    assert listed(shared, "ada") == before


def upload_many(path: Path, owner: str, count: int) -> None:
    kept = Programs(Store(path))
    for number in range(count):
        body = {"name": f"{owner}-{number}", "data": "QUJD"}
        assert call(kept, "POST", "/programs", owner=owner, body=body).status == 201


def update_many(path: Path, program_id: str, field: str, count: int) -> None:
    kept = Programs(Store(path))
    for number in range(1, count + 1):
        value = {"cost": number, "description": str(number)}[field]
        assert call(kept, "PATCH", f"/programs/{program_id}", owner="ada", body={field: value}).status == 204
        # The other process writes another field, so this one keeps its value.
        assert call(kept, "GET", f"/programs/{program_id}", owner="ada").json()[field] == value


def test_concurrent_threads_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "legacy.sqlite"
    threads = [threading.Thread(target=upload_many, args=(path, f"owner{number}", 10)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(6):
        owner = f"owner{number}"
        assert {one["name"] for one in listed(Programs(Store(path)), owner)} == {f"{owner}-{n}" for n in range(10)}


def test_two_processes_that_change_the_same_program_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "legacy.sqlite"
    kept = Programs(Store(path))
    program = call(kept, "POST", "/programs", owner="ada", body={"name": "n", "data": "QUJD"}).json()
    spawn = multiprocessing.get_context("spawn")
    processes = [
        spawn.Process(target=update_many, args=(path, program["id"], field, 40)) for field in ("cost", "description")
    ]
    processes += [spawn.Process(target=upload_many, args=(path, "bob", 40))]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    after = call(kept, "GET", f"/programs/{program['id']}", owner="ada").json()
    assert (after["cost"], after["description"], after["name"], after["data"]) == (40, "40", "n", "QUJD")
    assert len(listed(kept, "bob")) == 40
