"""The page at `/`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from qiskit_runtime_rest import ApiError, JobFailed, RuntimeClient
from qiskit_runtime_rest.testing import Emulator

OpenPage = Callable[..., Page]

pytestmark = pytest.mark.browser

COIN = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nbit[1] c;\nsx $0;\nc[0] = measure $0;\n'
HOSTILE = ("<script>alert(1)</script>", "<img src=x onerror=alert(2)>", '"><svg/onload=alert(3)>')


def submit(client: RuntimeClient, *, tags: tuple[str, ...] = ()) -> str:
    params = {"pubs": [[COIN, None, 10]], "version": 2, "options": {}}
    return client.jobs.submit("sampler", backend="ibm_fez", params=params, tags=tags).id


def row(page: Page, table: str, text: str) -> str:
    return f"#{table} tbody tr:has-text('{text}')"


def test_a_running_job_becomes_completed_without_a_reload(
    emulator: Emulator, client: RuntimeClient, open_page: OpenPage
) -> None:
    emulator.pace = {"queued": "immediate", "running": "hold"}
    job_id = submit(client)
    page = open_page("/")
    line = page.locator(row(page, "jobs", job_id))
    expect(line).to_contain_text("Running")
    page.evaluate("window.sameDocument = true")
    emulator.pace = "immediate"
    expect(line).to_contain_text("Completed", timeout=30_000)
    assert page.evaluate("window.sameDocument")


def test_jobs_submitted_later_appear_on_top(emulator: Emulator, client: RuntimeClient, open_page: OpenPage) -> None:
    emulator.pace = "hold"
    first = submit(client)
    page = open_page("/")
    expect(page.locator(row(page, "jobs", first))).to_be_visible()
    second = submit(client, tags=("vqe",))
    expect(page.locator("#jobs tbody tr").first).to_contain_text(second)
    expect(page.locator("#jobs tbody tr").first).to_contain_text("vqe")
    expect(page.locator("#counts")).to_contain_text("Queued2")


def test_a_fault_switch_spoils_answers_until_it_is_switched_off(
    emulator: Emulator, client: RuntimeClient, open_page: OpenPage
) -> None:
    page = open_page("/")
    switch = page.get_by_role("switch", name="423 backend reserved")
    page.get_by_label("Switch on for").select_option("list_backends")
    switch.focus()
    page.keyboard.press("Space")
    expect(page.locator("#faults tbody tr")).to_contain_text("list_backends")
    assert [(rule.operation, rule.kind) for rule in emulator.faults.list()] == [("list_backends", "backend_reserved")]
    with pytest.raises(ApiError) as caught:
        client.backends.list()
    assert caught.value.status == 423
    expect(switch).to_be_checked()
    switch.click()
    expect(switch).not_to_be_checked()
    expect(page.locator("#faults .empty")).to_be_visible()
    assert emulator.faults.list() == []
    assert client.backends.list()


def test_a_fault_for_one_request_switches_itself_off(emulator: Emulator, open_page: OpenPage) -> None:
    page = open_page("/")
    page.get_by_label("How often").select_option(label="only the next request")
    switch = page.get_by_role("switch", name="502 bad gateway")
    switch.click()
    expect(page.locator("#faults tbody tr")).to_contain_text("1 to come")
    expect(switch).to_be_checked()
    assert httpx.get(f"{emulator.base_url}/v1/versions").status_code == 502
    expect(switch).not_to_be_checked()
    expect(page.locator("#requests tbody tr").first).to_contain_text("fault: bad_gateway")


def test_a_fault_of_a_test_shows_on_its_switch(emulator: Emulator, open_page: OpenPage) -> None:
    page = open_page("/")
    switch = page.get_by_role("switch", name="slow response")
    expect(switch).not_to_be_checked()
    emulator.faults.add("get_job", kind="slow")
    expect(switch).to_be_checked()


def test_what_clients_sent_stays_text(emulator: Emulator, client: RuntimeClient, open_page: OpenPage) -> None:
    emulator.pace = "hold"
    submit(client, tags=HOSTILE)
    httpx.post(f"{emulator.iam_url}/identity/token", content=HOSTILE[0], headers={"X-Y": HOSTILE[2]})
    httpx.get(f"{emulator.base_url}/v1/jobs/{HOSTILE[1]}?q={HOSTILE[0]}")
    page = open_page("/")
    for text in HOSTILE:
        expect(page.locator("#jobs .tag").get_by_text(text, exact=True)).to_be_visible()
    expect(page.locator("#requests tbody tr").first).to_contain_text(HOSTILE[1])
    page.locator("#requests tbody button").nth(1).click()
    expect(page.get_by_label("Body of the request")).to_have_text(HOSTILE[0])
    expect(page.locator("#details dl").first).to_contain_text(HOSTILE[2])
    assert page.locator("body script, body img, body svg").count() == 0


def test_selection_and_scrolling_survive_refreshes(
    emulator: Emulator, client: RuntimeClient, open_page: OpenPage
) -> None:
    emulator.pace = "hold"
    jobs = [submit(client) for _ in range(30)]
    page = open_page("/", viewport={"width": 1200, "height": 700})
    expect(page.locator("#jobs tbody tr")).to_have_count(len(jobs))
    page.evaluate(
        """id => {
            const cell = [...document.querySelectorAll("#jobs .code")].find(node => node.textContent === id);
            getSelection().selectAllChildren(cell);
            document.querySelector("#jobs .scroll").scrollTop = 300;
        }""",
        jobs[10],
    )
    later = submit(client)
    expect(page.locator("#jobs tbody tr").first).to_contain_text(later)
    for _ in range(2):
        page.wait_for_event("response", lambda answer: answer.url.endswith("/_emulator/overview"))
    assert page.evaluate("getSelection().toString()") == jobs[10]
    assert page.evaluate("document.querySelector('#jobs .scroll').scrollTop") >= 300


def test_it_rests_while_the_tab_is_hidden(open_page: OpenPage) -> None:
    asked: list[str] = []

    def watch(page: Page) -> None:
        page.clock.install()
        page.on("request", lambda request: asked.append(request.url))

    page = open_page("/", before=watch)
    expect(page.locator("#live")).to_have_text("live")
    hide = """hidden => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    expect(page.locator("#live")).to_have_text("paused while hidden")
    before = len(asked)
    page.clock.run_for(60_000)
    assert len(asked) == before
    page.evaluate(hide, False)
    expect(page.locator("#live")).to_have_text("live")
    assert len(asked) > before


def test_connection_details_can_be_copied(emulator: Emulator, open_page: OpenPage) -> None:
    page = open_page("/", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_label("Instance").select_option("emulator-open")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").splitlines() == [
        f"export QISKIT_IBM_URL={emulator.base_url}",
        f"export IAM_URL={emulator.iam_url}",
        f"export QISKIT_IBM_TOKEN={emulator.api_key}",
        f"export QISKIT_IBM_INSTANCE={emulator.instances['emulator-open']}",
    ]


def test_pace_and_clock_are_set_from_the_page(emulator: Emulator, open_page: OpenPage) -> None:
    page = open_page("/")
    expect(page.get_by_label("Jobs end")).to_have_value("immediate")
    page.get_by_label("Jobs end").select_option("hold")
    before = emulator.clock.now()
    with page.expect_response("**/_emulator/clock"):
        page.get_by_role("button", name="1 h").click()
    assert emulator.pace.as_json() == {"queued": "immediate", "running": "hold"}
    assert emulator.clock.now() >= before + 3600


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280, 1600])
def test_everything_fits(
    emulator: Emulator,
    client: RuntimeClient,
    open_page: OpenPage,
    pytestconfig: pytest.Config,
    scheme: str,
    width: int,
) -> None:
    with client.sessions.create(backend="ibm_fez", mode="batch") as session:
        session.sampler(COIN, shots=10).wait(timeout=60)
        with pytest.raises(JobFailed):
            session.sampler("nonsense", shots=10).wait(timeout=60)
    submit(client, tags=("vqe", "step 3 of 12", HOSTILE[0]))
    emulator.pace = "hold"
    submit(client)
    client.jobs.get(submit(client)).cancel()
    emulator.faults.add("get_job", kind="edge_error", times=3)
    page = open_page("/", color_scheme=scheme, viewport={"width": width, "height": 900})
    expect(page.locator("#jobs tbody tr")).to_have_count(5)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    folder = pytestconfig.rootpath / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    picture = Path(folder / f"overview-{width}-{scheme}.png")
    page.screenshot(path=picture, full_page=True)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 21, 27)"
    assert dark == (scheme == "dark")


PHASE = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nsx $0;\n'


def test_a_job_shows_its_params_circuit_log_and_result(
    emulator: Emulator, client: RuntimeClient, open_page: OpenPage
) -> None:
    job = client.sampler([COIN], backend="ibm_fez", shots=100, tags=["mine"])
    counts = job.result(timeout=60)[0].counts()
    (ours,) = [tag for tag in client.jobs.get(job.id).raw["tags"] if tag.startswith("qrr-")]
    page = open_page("/")
    expect(page.locator(row(page, "jobs", job.id))).to_contain_text("mine")
    expect(page.locator("#jobs")).not_to_contain_text(ours)
    page.get_by_role("link", name=job.id).click()
    dialog = page.locator("#job")
    expect(dialog.locator("dl")).to_contain_text(ours)
    expect(dialog.get_by_role("img")).to_have_accessible_name("pub 1, c: 100 shots, 2 outcomes")
    expect(dialog.locator("svg")).to_contain_text(f"{counts['1']} (")
    expect(dialog.get_by_label("circuit 1 of 1, OpenQASM")).to_have_text(COIN)
    expect(dialog.get_by_label("Params")).to_contain_text('"pubs"')
    expect(dialog.get_by_label("Log")).not_to_be_empty()
    page.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    expect(page).to_have_url(f"{emulator.url}/")  # the event of the dialog comes a moment later


def test_an_address_leads_to_a_job(client: RuntimeClient, open_page: OpenPage) -> None:
    job = client.estimator((PHASE, ["Z", "X", "Y"]), backend="ibm_fez")
    job.wait(timeout=60)
    page = open_page(f"/#{job.id}")
    expect(page.get_by_role("img")).to_have_accessible_name("pub 1: 3 expectation values")
    expect(page.locator("svg circle")).to_have_count(3)


def test_a_private_job_keeps_its_result_for_its_reader(client: RuntimeClient, open_page: OpenPage) -> None:
    job = client.sampler([COIN], backend="ibm_fez", shots=10, private=True)
    job.wait(timeout=60)
    page = open_page(f"/#{job.id}")
    expect(page.get_by_label("Params")).to_have_text("(hidden: the job is private)")
    assert page.locator("svg").count() == 0
    assert sum(job.result()[0].counts().values()) == 10
    page = open_page("/")
    page.locator(row(page, "requests", f"/jobs/{job.id}/results")).get_by_role("button").first.click()
    expect(page.get_by_label("Body of the response")).to_have_text("(hidden: the job is private)")


def test_a_request_shows_its_answer_without_secrets(
    emulator: Emulator, client: RuntimeClient, open_page: OpenPage
) -> None:
    emulator.faults.add("list_backends", kind="bad_gateway", times=1)
    client.backends.list()
    page = open_page("/")
    spoilt = page.locator(row(page, "requests", "fault: bad_gateway"))
    spoilt.get_by_role("button").click()
    expect(page.get_by_label("Body of the response")).to_contain_text("502 Bad Gateway")
    expect(page.locator("#details dl").nth(1)).to_contain_text("502, changed by the fault bad_gateway")
    page.get_by_role("button", name="Close").click()
    page.locator(row(page, "requests", "/identity/token")).get_by_role("button").first.click()
    expect(page.get_by_label("Body of the response")).to_contain_text('"access_token": "***"')


def test_a_switch_says_for_what_it_is_on(emulator: Emulator, open_page: OpenPage) -> None:
    emulator.faults.add("get_job", kind="bad_gateway", times=2)
    page = open_page("/")
    label = page.locator("#presets label", has_text="502 bad gateway")
    expect(label).to_contain_text("on for get_job, 2 to come")
    emulator.faults.clear()
    expect(label.locator(".on")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_the_details_of_a_job_fit(
    client: RuntimeClient, open_page: OpenPage, pytestconfig: pytest.Config, scheme: str, width: int
) -> None:
    job = client.sampler([COIN], backend="ibm_fez", shots=100, tags=["vqe"])
    job.wait(timeout=60)
    page = open_page(f"/#{job.id}", color_scheme=scheme, viewport={"width": width, "height": 900})
    expect(page.get_by_role("img")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("(node => node.scrollWidth <= node.clientWidth)(document.querySelector('#job'))")
    folder = pytestconfig.rootpath / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"job-{width}-{scheme}.png")
