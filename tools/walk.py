"""A newcomer's walk: from the wheel, in an empty home, far from the sources. `python -m tools.walk` takes it.

The wheel is installed into an empty environment. Then the first page of the documentation is followed: demo, embedded
service, login, a job by Python and one by commands, and the pages that messages point at.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .wheel import CONSTRAINTS, UV, build, run

TRIES, PAUSE_SECONDS = 1200, 0.1


class Walk:
    """An empty home with an environment in which only the wheel is installed."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        """Install the wheel."""
        self.folder = folder
        self.python = folder / "env" / "bin" / "python"
        self.variables = {"PATH": f"{self.python.parent}:/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        installing = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL"))}
        run(UV, "venv", "--quiet", "--python", sys.executable, folder / "env", env=installing)
        wanted = f"qiskit-runtime-rest[cli,emulator] @ {wheel.resolve().as_uri()}"
        run(UV, "pip", "install", "--quiet", "--python", self.python, "-c", CONSTRAINTS, wanted, env=installing)

    def step(self, command: str, *, shows: str = "") -> str:
        """Run a command as a newcomer would type it; `shows`: what it prints, as a pattern.

        Raises:
            WheelError: it failed, or printed something else.
        """
        print(f"$ {command}", flush=True)
        output = run("bash", "-euo", "pipefail", "-c", f"( {command} ) 2>&1", cwd=self.folder, env=self.variables)
        if not re.search(shows, output):
            sys.exit(f"{command}: expected {shows!r}, got\n{output}")
        return output

    def serve(self) -> subprocess.Popen[bytes]:
        """Start the embedded service as in another terminal, and export what it prints."""
        print("$ qrr emulator serve", flush=True)
        ready = self.folder / "ready.json"
        command = [f"{self.python.with_name('qrr')}", "emulator", "serve", "--ready-file", f"{ready}"]
        serving = subprocess.Popen(command, cwd=self.folder, env=self.variables, stdout=subprocess.DEVNULL)
        for _ in range(TRIES):
            if ready.exists() or serving.poll() is not None:
                break
            time.sleep(PAUSE_SECONDS)
        given = json.loads(ready.read_text("utf-8"))
        self.variables |= {
            "QISKIT_IBM_TOKEN": given["api_key"],
            "QISKIT_IBM_INSTANCE": given["instance"],
            "QISKIT_IBM_URL": given["base_url"],
            "IAM_URL": given["iam_url"],
        }
        return serving


def main() -> None:
    """Build the wheel, and walk."""
    with tempfile.TemporaryDirectory() as built, tempfile.TemporaryDirectory() as folder:
        wheel, _ = build(Path(built))
        walk = Walk(Path(folder), wheel)
        walk.step(
            "python -c 'import qiskit_runtime_rest; print(qiskit_runtime_rest.__file__)'", shows=r"env/lib/python"
        )
        walk.step("qrr --help", shows="3 timed")
        walk.step("qrr docs", shows=r"start +First job in a minute")
        walk.step("qrr demo", shows=r"00 ")
        page = walk.step("qrr docs start", shows="# First job in a minute")
        (program,) = re.findall(r"^```python\n# bell.py\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
        (Path(folder) / "bell.py").write_text(program)
        serving = walk.serve()
        try:
            walk.step("python bell.py", shows=r"'00': \d+")
            walk.step('echo "$QISKIT_IBM_TOKEN" | qrr login --instance emulator', shows="readable only by you")
            walk.step("qrr doctor", shows="access +the service accepts it")
            (circuit,) = re.findall(r'"""(.*?)"""', program, re.DOTALL)
            (Path(folder) / "bell.qasm").write_text(circuit)
            walk.step("qrr submit sampler bell.qasm --backend ibm_fez > id", shows="^$")
            walk.step("qrr wait $(cat id) && qrr result $(cat id)", shows=r"00 .*%")
            walk.step("qrr show $(cat id)", shows="QPU time charged")
            walk.step("qrr submit sampler bell.qasm -b ibm_fze || true", shows="Did you mean 'ibm_fez'")
            walk.step("qrr docs howto/quotas#what-is-refused-and-what-then", shows="QuotaExceeded")
            walk.step("qrr docs migration#get-backends", shows="/v1/backends")
        finally:
            serving.terminate()
            serving.wait()
        if (Path(folder) / ".qiskit" / "qiskit-ibm.json").stat().st_mode & 0o077:
            sys.exit("the account file can be read by others")
    shutil.rmtree(folder, ignore_errors=True)
    print("ok: from the wheel to counts")


if __name__ == "__main__":
    main()
