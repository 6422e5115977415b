"""Programs that know only the names of the real services, unchanged: of IBM's SDK, and in Java."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from qiskit_runtime_rest.offline import Offline

from ..fixtures.offline_programs import CRN, KEY, URL, Program

JAVA = """
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

public class Versions {
    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build();
        HttpRequest request = HttpRequest.newBuilder(URI.create("URL/versions")).build();
        System.out.println(client.send(request, BodyHandlers.ofString()).statusCode());
        HttpRequest foreign = HttpRequest.newBuilder(URI.create("https://foreign.example/")).build();
        try {
            client.send(foreign, BodyHandlers.ofString());
        } catch (java.io.IOException refused) {
            System.out.println(refused.getMessage());
        }
    }
}
"""


def test_java_offers_http_2_and_falls_back(program: Program, tmp_path: Path) -> None:
    source = tmp_path / "Versions.java"
    source.write_text(JAVA.replace("URL", URL))
    status, refused = program("java", str(source)).splitlines()
    assert status == "200"
    assert "403" in refused


QISKIT = """
from qiskit import QuantumCircuit, transpile
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2
service = QiskitRuntimeService(CHOICES)
backend = service.backend("ibm_fez")
circuit = QuantumCircuit(2)
circuit.h(0)
circuit.cx(0, 1)
circuit.measure_all()
job = SamplerV2(backend).run([transpile(circuit, backend)], shots=64)
print(sum(job.result()[0].data.meas.get_counts().values()), job.instance)
"""


@pytest.mark.parametrize(
    "choices",
    [
        "",
        f'channel="ibm_quantum_platform", token="{KEY}"',
        f'channel="ibm_cloud", token="{KEY}", instance="my-instance"',
        f'token="{KEY}", instance="{CRN}"',
    ],
)
def test_qiskit_ibm_runtime_arrives(program: Program, services: Offline, choices: str) -> None:
    shots, instance = program(sys.executable, "-W", "ignore", "-c", QISKIT.replace("CHOICES", choices)).split()
    assert shots == "64"
    assert instance == CRN if CRN in choices else instance
    assert KEY not in str(services.report())
