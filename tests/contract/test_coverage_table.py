"""The table of what of the contract is tested where: what a run notes, what the page says, and when it is stale."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qiskit_runtime_rest.client.operations import OPERATIONS
from tools.coverage.__main__ import main
from tools.coverage.items import items
from tools.coverage.record import CHECK, Fact, Item, Record
from tools.coverage.table import PAGE, claims, render

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
ALL = [item for row in items().values() for cell in row.values() for item in cell]

TESTS = """
import asyncio
import threading

import httpx
import pytest
from hypothesis import given, settings, strategies as st

from qiskit_runtime_api.api.accounts import get_account
from qiskit_runtime_api.api.jobs import cancel_job, get_job_logs, get_job_metrics, list_jobs
from qiskit_runtime_api.api.tags import list_tags
from qiskit_runtime_api.client import Client


def service(status=200, version="2025-01-01"):
    def answer(request):
        if status is None:
            raise httpx.ConnectError("nobody there", request=request)
        return httpx.Response(status, json={})

    transport = {"transport": httpx.MockTransport(answer)}
    headers = {"IBM-API-Version": version}
    return Client(base_url="https://example.com/api", headers=headers, verify_ssl=False, httpx_args=transport)


@pytest.fixture(scope="session")
def account():
    get_account.sync_detailed(id="x", client=service(401))


def test_generated_functions():
    get_job_logs.sync_detailed(id="x", client=service(404))
    asyncio.run(get_job_logs.asyncio_detailed(id="a/b?c", client=service(403, "2026-02-01")))


def test_without_any_function():
    service(401).get_httpx_client().get("/v1/tags?search=x", params={"type": "job"})
    service(401).get_httpx_client().get("/v1/tags/more")
    service(401).get_httpx_client().post("/v1/tags")


@given(st.sampled_from([200, 404]))
@settings(derandomize=True)
def test_made_up(status):
    get_job_metrics.sync_detailed(id="x", client=service(status))


def test_that_fails():
    cancel_job.sync_detailed(id="x", client=service(409))
    pytest.xfail("it does")


def test_of_a_fixture(account):
    with pytest.raises(httpx.ConnectError):
        list_jobs.sync_detailed(client=service(None))


def test_conveniences(runtime_client):
    backend = runtime_client.backends.get("ibm_kingston")
    work = threading.Thread(target=backend.status)
    work.start()
    work.join()
    for job in runtime_client.jobs.list():
        pass
    list_tags.sync(search="xyz", client=runtime_client.api)

"""

OF_TASKS = """
import asyncio


async def asked(client):
    assert [job async for job in client.jobs.list(limit=1)] == []
    await asyncio.gather(client.versions(), client.usage())


def test_conveniences(async_runtime_client):
    asyncio.run(asked(async_runtime_client))
"""

LOGS, TAGS, METRICS = "GET /v1/jobs/{id}/logs", "GET /v1/tags", "GET /v1/jobs/{id}/metrics"


def noted(pytester: pytest.Pytester, *options: str) -> Record:
    """What a run of tests notes."""
    pytester.makepyfile(**{"tests/test_some": TESTS, "tests/test_tasks": OF_TASKS})
    file = pytester.path / "build" / "coverage.json"
    plugin = ("-p", "no:cacheprovider", "-p", "tools.coverage.plugin", "--contract-coverage", str(file))
    assert pytester.runpytest_subprocess(*plugin, *options, timeout=600).ret == 0
    return Record.read(file)


@pytest.fixture
def in_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let other processes import the tools."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.mark.usefixtures("in_project")
def test_a_run_and_its_workers_note_what_tests_meet_and_through_what(pytester: pytest.Pytester) -> None:
    record = noted(pytester, "-n", "2", "--dist", "load")
    assert record.ran == {"tests/test_some.py", "tests/test_tasks.py"}
    met: dict[str, dict[str, set[str]]] = {where: {} for where in record.ran}
    for item, where in record.facts:
        met[where].setdefault(item.operation, set()).add(f"{item.aspect} {item.name}")
    answered = {"status 200", "version 2026-04-15"}
    assert met["tests/test_some.py"] == {
        LOGS: {
            *("function sync", "function asyncio", "status 404", "status 403"),
            *("version 2025-01-01", "version 2026-02-01"),
        },
        TAGS: {"function sync", "status 401", "version 2025-01-01", *answered},
        METRICS: {"function sync", "version 2025-01-01"},
        "GET /v1/backends": {"convenience Backends.get", *answered},
        "GET /v1/backends/{id}/status": {"convenience Backend.status", "function sync", *answered},
        "GET /v1/jobs": {"convenience Jobs.list", *answered},
    }
    assert met["tests/test_tasks.py"] == {
        "GET /v1/jobs": {"convenience Jobs.list", *answered},
        "GET /v1/versions": {"convenience RuntimeClient.versions", *answered},
        "GET /v1/instances/usage": {"convenience RuntimeClient.usage", "function asyncio", *answered},
    }


@pytest.mark.usefixtures("in_project")
def test_a_run_without_workers_notes_the_same(pytester: pytest.Pytester) -> None:
    record = noted(pytester, "-k", "generated")
    assert {item for item, _ in record.facts} == {
        Item(LOGS, *words)
        for words in (
            *(("function", "sync"), ("function", "asyncio")),
            *(("status", "403"), ("status", "404")),
            *(("version", "2025-01-01"), ("version", "2026-02-01")),
        )
    }


def test_nothing_is_noted_unless_it_is_asked_for(pytester: pytest.Pytester, in_project: None) -> None:
    pytester.makepyfile(
        "import httpx\n\n\ndef test_it():\n    assert not hasattr(httpx.Cookies.extract_cookies, '__wrapped__')"
    )
    pytester.runpytest_subprocess("-p", "tools.coverage.plugin").assert_outcomes(passed=1)


# The page

WHERE = st.sampled_from(["tests/a/test_a.py", "tests/a/test_b.py", "tests/test_c.py", CHECK])
FACTS = st.frozensets(st.builds(Fact, st.sampled_from(ALL), WHERE), max_size=200)


@given(FACTS)
def test_the_page_says_no_more_than_the_facts_and_of_everything_that_was_met(facts: frozenset[Fact]) -> None:
    page = render(facts)
    assert claims(page) <= facts
    assert {item for item, _ in claims(page)} == {item for item, _ in facts}
    assert render(claims(page)) == page


@given(FACTS)
def test_a_record_is_read_as_it_was_written(facts: frozenset[Fact]) -> None:
    record = Record(facts, frozenset({CHECK}))
    assert Record.from_json(json.loads(json.dumps(record.as_json()))) == record


def row(page: str, operation: str) -> list[str]:
    """The cells of an operation."""
    (line,) = [line for line in page.splitlines() if line.startswith(f"| `{operation}`<br>")]
    return [cell.strip() for cell in line.strip("| ").split(" | ")]


def test_every_operation_has_a_row_in_which_what_is_missing_stands() -> None:
    page = render(())
    assert len(items()) == 33
    operation, generated, convenience, statuses, versions = row(page, LOGS)
    assert operation == f"`{LOGS}`<br>`jobs.get_job_logs`"
    assert generated == "**missing**: sync asyncio"
    assert convenience == "**missing**: Job.logs Job.result Job.wait"
    assert statuses == "**missing**: 200 401 403 404"
    assert versions == "**missing**: all 7"
    named = {operation: cells["convenience"] for operation, cells in items().items()}
    without = [operation for operation, found in named.items() if not found]
    pairs = sum(len(modules) for modules in OPERATIONS.values())
    assert {row(page, operation)[2] for operation in without} == {"none"}
    assert "- **documented statuses**: 0 of 127 met, at 0 of 33 operations" in page
    counted = f"0 of {pairs} met, at 0 of {33 - len(without)} operations; {len(without)} have none"
    assert f"- **convenience**: {counted}" in page


def facts(where: str, *names: str, aspect: str = "status", operation: str = LOGS) -> set[Fact]:
    return {Fact(Item(operation, aspect, name), where) for name in names}


def test_a_cell_names_the_files_that_meet_most_and_more_only_for_what_else_is_met() -> None:
    met = facts("tests/x/test_some.py", "404") | facts("tests/x/test_more.py", "200", "404")
    also = facts("tests/x/test_one.py", "200") | facts(CHECK, "200", "404")
    most = "[x/more](../tests/x/test_more.py): 200 404<br>[x/one](../tests/x/test_one.py): 200<br>"
    assert row(render(met | also), LOGS)[3] == f"{most}`make contract`: 200 404<br>**missing**: 401 403"
    third = facts("tests/x/test_two.py", "401") | facts("tests/x/test_three.py", "403")
    statuses = row(render(met | also | third), LOGS)[3]
    assert re.findall(r"\[x/(\w+)\]", statuses) == ["more", "three", "two"]
    assert "missing" not in statuses


# What makes it stale


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with test files, a page, and what a run of them showed."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"test_{name}.py").touch()
    (tmp_path / "docs").mkdir()
    write(facts("test_a.py", "200") | facts("test_b.py", "404"))
    assert main(["record.json"]) == 0
    return tmp_path


def write(met: set[Fact], *ran: str) -> None:
    Record(frozenset(met), frozenset(ran or ("test_a.py", "test_b.py"))).write(Path("record.json"))


def judged(capsys: pytest.CaptureFixture[str], *records: str) -> tuple[int, str]:
    status = main([*(records or ["record.json"]), "--check"])
    return status, capsys.readouterr().err


def test_a_page_is_good_while_a_run_shows_what_it_says(project: Path, capsys: Any) -> None:
    before = (project / PAGE).read_text("utf-8")
    assert judged(capsys) == (0, "")
    write(facts("test_a.py", "200", "404") | facts("test_b.py", "404"))
    assert judged(capsys) == (0, ""), "it need not say everything"
    write(facts("test_a.py", "200"), "test_a.py")
    assert judged(capsys) == (0, ""), "nothing is known of what did not run"
    assert (project / PAGE).read_text("utf-8") == before


def test_what_is_not_met_any_more_makes_it_stale(project: Path, capsys: Any) -> None:
    write(facts("test_a.py", "200"))
    status, told = judged(capsys)
    assert status == 1
    assert f"says that status 404 of {LOGS} is met, and nothing meets it" in told
    assert "status 200" not in told
    assert "make coverage" in told


def test_a_file_that_meets_nothing_of_a_cell_any_more_makes_it_stale(project: Path, capsys: Any) -> None:
    write(facts("test_a.py", "200", "404"))
    status, told = judged(capsys)
    assert (status, told.splitlines()[0]) == (1, f"{PAGE}: says that test_b.py meets status 404 of {LOGS}: not so")


def test_which_of_several_files_meets_an_item_may_be_a_matter_of_chance(project: Path, capsys: Any) -> None:
    write(facts("test_a.py", "200", "401") | facts("test_b.py", "401", "404"))
    assert main(["record.json"]) == 0
    write(facts("test_a.py", "200") | facts("test_b.py", "401", "404"))
    assert judged(capsys) == (0, "")


def test_what_is_met_now_makes_it_stale(project: Path, capsys: Any) -> None:
    write(facts("test_a.py", "200", "403") | facts("test_b.py", "404"))
    status, told = judged(capsys)
    assert status == 1
    assert f"says that status 403 of {LOGS} is missing, and test_a.py meets it" in told


def test_a_file_that_is_gone_makes_it_stale(project: Path, capsys: Any) -> None:
    (project / "test_b.py").unlink()
    write(facts("test_a.py", "200"), "test_a.py")
    status, told = judged(capsys)
    assert (status, "status 404" in told) == (1, True)


@pytest.mark.parametrize(
    "change", [lambda page: page.replace("401 403", "401"), lambda page: f"{page}And so on.\n", lambda _: ""]
)
def test_an_edited_page_is_stale(project: Path, capsys: Any, change: Any) -> None:
    page = project / PAGE
    page.write_text(change(page.read_text("utf-8")), "utf-8")
    status, told = judged(capsys)
    assert (status, "is not laid out as" in told) == (1, True)


def test_a_page_that_is_not_there_is_stale(project: Path, capsys: Any) -> None:
    (project / PAGE).unlink()
    assert judged(capsys)[0] == 1


def test_a_convenience_whose_source_does_not_seem_to_lead_to_the_operation_is_told(project: Path, capsys: Any) -> None:
    odd = facts("test_a.py", "Job.delete", aspect="convenience")
    write(facts("test_a.py", "200", "429") | facts("test_b.py", "404") | odd)
    status, told = judged(capsys)
    assert status == 1
    assert f"has no place for convenience Job.delete of {LOGS}, met by test_a.py" in told
    assert "429" not in told


def test_the_report_of_the_contracts_check_is_a_record_too(project: Path, capsys: Any) -> None:
    reports = [{"answers": {"get_jog_logs_jid 200": 7, "list_tags 404": 1}}, {"answers": {"list_tags 404": 2}}]
    Path("contract.json").write_text(json.dumps({"reports": reports}), "utf-8")
    assert Record.read(Path("contract.json")).facts == facts(CHECK, "200") | facts(CHECK, "404", operation=TAGS)
    assert "list_tags" not in judged(capsys, "contract.json")[1]
    assert main(["record.json", "contract.json"]) == 0
    assert judged(capsys, "contract.json") == (0, "")
    assert row((project / PAGE).read_text("utf-8"), TAGS)[3] == "`make contract`: 404<br>**missing**: 200 401 403"
    Path("contract.json").write_text(json.dumps({"reports": reports[:1]}).replace("404", "401"), "utf-8")
    assert judged(capsys, "contract.json")[0] == 1
