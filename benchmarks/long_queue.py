"""Requests to the embedded service while many jobs are in the queue, in raw HTTP on one connection.

A second service, whose queue stays at ten jobs, is asked in turns with it; the ratios compare the two. The jobs of
`analytics` have ended.
"""

import http.client
import itertools
import json
import time
from statistics import median
from typing import Any
from urllib.parse import urlencode, urlsplit

from rich.table import Table

from .service import service

SIZES = (10, 1_000, 10_000, 20_000)
ROUNDS = 100
AIM = "<= 1.2"
JOB = json.dumps({"program_id": "sampler", "backend": "ibm_fez", "params": {"pubs": [["q", None, 1]], "version": 2}})
READS = {
    "get": "/jobs/{newest}",
    "list": "/jobs?limit=10",
    "workloads": "/workloads?limit=10",
    "analytics": "/analytics/usage",
}


class Queue:
    """A service whose jobs stay in the queue, and a connection to it."""

    def __init__(self, ready: dict[str, Any]) -> None:
        """Log in."""
        form = urlencode({"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": ready["api_key"]})
        address = urlsplit(ready["base_url"])
        self._prefix = address.path
        self._connection = http.client.HTTPConnection(str(address.hostname), address.port)
        self._headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self._prefix, prefix = urlsplit(ready["iam_url"]).path, f"{self._prefix}/v1"
        token = json.loads(self.send("POST", "/identity/token", form))["access_token"]
        self._prefix = prefix
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Service-CRN": ready["instance"],
            "Content-Type": "application/json",
        }
        self.size = 0
        self.newest = ""

    def send(self, method: str, path: str, body: str | None = None) -> bytes:
        """Send a request and read the answer."""
        self._connection.request(method, self._prefix + path, body, self._headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {content[:200]!r}")
        return content

    def create(self) -> None:
        """Add a job."""
        self.newest = json.loads(self.send("POST", "/jobs", JOB))["id"]
        self.size += 1

    def cancel(self) -> None:
        """Take the newest job out of the queue again."""
        self.send("POST", f"/jobs/{self.newest}/cancel")
        self.size -= 1

    def figures(self) -> dict[str, float]:
        """Seconds of one request of each kind; afterwards, the queue is as long as before."""
        figures = {"create": _seconds(self.create)}
        for name, path in READS.items():
            figures[name] = _seconds(lambda path=path: self.send("GET", path.format(newest=self.newest)))
        return figures | {"cancel": _seconds(self.cancel)}


def _seconds(act: Any) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def rows() -> Table:
    """Measure."""
    shown = Table("", *(f"{size:,} jobs: ratio, ms" for size in SIZES), "aim", box=None, header_style="bold")
    with service("--pace", "hold") as many, service("--pace", "hold") as few:
        long, short = Queue(many), Queue(few)
        cells: dict[str, list[str]] = {}
        for size in SIZES:
            for queue, jobs in ((long, size), (short, SIZES[0])):
                while queue.size < jobs:
                    queue.create()
            took: dict[str, dict[Queue, list[float]]] = {}
            turns = itertools.islice(itertools.cycle(((long, short), (short, long))), ROUNDS)
            for queue in itertools.chain.from_iterable(turns):
                for name, seconds in queue.figures().items():
                    took.setdefault(name, {long: [], short: []})[queue].append(seconds)
            for name, figures in took.items():
                middle, reference = median(figures[long]), median(figures[short])
                cells.setdefault(name, []).append(f"{middle / reference:.2f}, {middle * 1e3:.2f}")
        for name, row in cells.items():
            shown.add_row(name, *row, AIM)
    return shown
