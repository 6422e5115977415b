"""Requests per second on 64 connections: the emulator, and a bare Starlette application that answers the same bytes."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import uvicorn
from rich.table import Table
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from qiskit_runtime_rest.base.serving import listen, url_of

from .measure import interleaved
from .service import BELL, service

CONNECTIONS = 64
SECONDS = 2.0
JOBS = 200
ROUNDS = 3
BUSY = 4
SHOTS = 200_000
AIM = 0.4


async def load(url: str, headers: Mapping[str, str]) -> float:
    """Responses per second."""
    target = urlsplit(url)
    path = target.path + (f"?{target.query}" if target.query else "")
    lines = [f"GET {path} HTTP/1.1", f"Host: {target.netloc}", *(f"{name}: {text}" for name, text in headers.items())]
    request = "\r\n".join([*lines, "", ""]).encode()
    done = 0

    async def keep_asking(until: float) -> None:
        nonlocal done
        reader, writer = await asyncio.open_connection(target.hostname, target.port)
        while time.perf_counter() < until:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            assert b" 200 " in head.partition(b"\r\n")[0], head
            await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
            done += 1
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(keep_asking(began + SECONDS) for _ in range(CONNECTIONS)))
    return done / (time.perf_counter() - began)


def serve_bare(folder: Path) -> None:
    """Serve the files of a folder, each below its name, with uvicorn as it is; writes its URL into `url`."""
    bodies = {file.name: file.read_bytes() for file in folder.iterdir()}

    async def answer(request: Request) -> Response:
        return Response(bodies[request.path_params["name"]], media_type="application/json")

    listener = listen("127.0.0.1", 0)
    (folder / "url").write_text(url_of(listener))
    config = uvicorn.Config(Starlette(routes=[Route("/{name}", answer)]), log_level="critical")
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


def in_other_process(url: str, headers: Mapping[str, str]) -> float:
    """`load`, which must not share an interpreter with anything else; returns seconds per request."""
    command = [sys.executable, "-m", __name__, "load", url, json.dumps(dict(headers))]
    return 1 / float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def rows() -> Table:
    """Measure."""
    shown = Table("GET", "ours / bare", "aim", "ours, requests/s", "bare, requests/s", box=None, header_style="bold")
    held = {"queued": "hold", "running": "hold"}
    with service("--workers", str(BUSY)) as ready, tempfile.TemporaryDirectory() as name:
        form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": ready["api_key"]}
        token = httpx.post(f"{ready['iam_url']}/identity/token", data=form).json()["access_token"]
        headers = {
            "Authorization": f"Bearer {token}",
            "Service-CRN": ready["instance"],
            "IBM-API-Version": "2026-04-15",
        }
        api = httpx.Client(base_url=f"{ready['base_url']}/v1", headers=headers, timeout=120)
        control = httpx.Client(base_url=f"{ready['url']}/_emulator", timeout=120)
        control.post("/pace", json={"pace": held}).raise_for_status()
        job = {"program_id": "sampler", "backend": "ibm_torino"}
        light = {**job, "params": {"pubs": [[BELL, None, 100]], "version": 2}}
        ids = [api.post("/jobs", json=light).raise_for_status().json()["id"] for _ in range(JOBS)]
        paths = {"a job": f"/jobs/{ids[0]}", f"list of {JOBS} jobs": f"/jobs?limit={JOBS}", "devices": "/backends"}
        folder = Path(name)
        for number, path in enumerate(paths.values()):
            (folder / str(number)).write_bytes(api.get(path).raise_for_status().content)
        with subprocess.Popen([sys.executable, "-m", __name__, "bare", name]) as bare:
            while not (folder / "url").exists():
                time.sleep(0.02)
            root = (folder / "url").read_text()
            heavy = {**job, "params": {"pubs": [[BELL, None, SHOTS]] * 4, "version": 2}}
            for state in ("at rest", f"while {BUSY} jobs run"):
                if state != "at rest":
                    for job_id in ids:
                        api.post(f"/jobs/{job_id}/cancel")
                    control.post("/pace", json={"pace": {"queued": "immediate", "running": "hold"}})
                    for _ in range(BUSY * 10):
                        api.post("/jobs", json=heavy).raise_for_status()
                for number, (what, path) in enumerate(paths.items()):
                    ours, theirs = f"{api.base_url}".rstrip("/") + path, f"{root}/{number}"
                    figures = interleaved(
                        {
                            "ours": partial(in_other_process, ours, headers),
                            "bare": partial(in_other_process, theirs, headers),
                        },
                        rounds=ROUNDS,
                    )
                    own, other = (sorted(1 / one for one in figures[who])[ROUNDS // 2] for who in ("ours", "bare"))
                    shown.add_row(f"{what}, {state}", f"{own / other:.2f}", f">= {AIM}", f"{own:.0f}", f"{other:.0f}")
            bare.terminate()
        api.close()
        control.close()
    return shown


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        serve_bare(Path(sys.argv[2]))
    else:
        print(asyncio.run(load(sys.argv[2], json.loads(sys.argv[3]))))
