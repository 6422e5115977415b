"""Programs in other languages, which know only the names of the real services.

They need Debian packages: curl, nodejs, openjdk-17-jdk-headless, golang-go.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from qiskit_runtime_rest.offline import Offline
from qiskit_runtime_rest.offline.hosts import SERVICE_HOSTS

from ..fixtures.offline_programs import URL, Program


@pytest.mark.parametrize("command", ["curl", "node", "java", "go"])
def test_it_is_installed(command: str) -> None:
    assert shutil.which(command)


def test_curl_offers_http_2_and_falls_back(program: Program) -> None:
    format_ = "%{http_version} %{http_code}\n"
    asked = ("curl", "--silent", "--show-error", "--output", os.devnull, "--write-out", format_)
    assert program(*asked, "--http2", f"{URL}/versions") == "1.1 200\n"
    assert program(*asked, "http://quantum.cloud.ibm.com/api/v1/versions") == "1.1 200\n"


def test_every_name_is_answered_with_its_certificate(program: Program) -> None:
    urls = [f"https://{host}/" for host in SERVICE_HOSTS]
    printed = program("curl", "--silent", "--show-error", *urls, "--write-out", "\n%{http_code}\n")
    assert len([line for line in printed.splitlines() if line.isdigit()]) == len(urls)


NODE = """
const https = require("node:https");
const get = url => new Promise((done, failed) => https.get(url, answer => {
  answer.resume(); done(answer.statusCode);
}).on("error", failed));
(async () => {
  const versions = await fetch("https://quantum.cloud.ibm.com/api/v1/versions");
  const plain = await fetch("http://quantum.cloud.ibm.com/api/v1/versions");
  const refused = await fetch("https://foreign.example/").catch(error => String(error.cause));
  const other = await get("https://foreign.example:8443/").catch(String);
  const classic = await get("https://auth.quantum-computing.ibm.com/api/version");
  console.log(JSON.stringify([versions.status, plain.status, refused, other, classic]));
})();
"""


def test_node_reaches_the_services_and_nothing_else(program: Program, services: Offline) -> None:
    before = services.report().refused
    versions, plain, refused, other, classic = json.loads(program("node", "-e", NODE))
    assert (versions, plain) == (200, 200)
    assert "qrr offline refuses foreign.example:443" in refused
    assert "qrr offline refuses foreign.example:8443" in other
    assert classic < 500
    names = ("foreign.example:443", "foreign.example:8443")
    assert [services.report().refused[name] - before.get(name, 0) for name in names] == [1, 1]


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


GO = """
package main

import (
	"fmt"
	"net/http"
)

func main() {
	answer, err := http.Get("URL/versions")
	fmt.Println(answer.StatusCode, answer.Proto, err)
	_, err = http.Get("https://foreign.example/")
	fmt.Println(err)
}
"""


def test_go_offers_http_2_and_falls_back(program: Program, tmp_path: Path) -> None:
    source = tmp_path / "main.go"
    source.write_text(GO.replace("URL", URL))
    answer, refused = program("go", "run", str(source)).splitlines()
    assert answer == "200 HTTP/1.1 <nil>"
    assert "qrr offline refuses foreign.example:443" in refused
