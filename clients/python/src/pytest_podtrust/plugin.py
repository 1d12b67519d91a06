"""The fixtures. Each process of a run, as pytest-xdist starts several, has a sandbox of its own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .sandbox import Issuer, Sandbox

_END_SECONDS = 10


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--podtrust-command",
        default=os.environ.get("PODTRUST_COMMAND", "podtrust-sandbox"),
        help="how the sandbox is started, as a shell would read it (default: $PODTRUST_COMMAND, or podtrust-sandbox)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "podtrust_seed(providers=[], roles=[], parameters=[]): what the sandbox's account holds when the test begins",
    )


def _start(command: str, folder: Path) -> tuple[subprocess.Popen[str], Sandbox]:
    token_file = folder / "control-token"
    line = [
        *shlex.split(command),
        "--json",
        "--port=0",
        "--propagation=0s",
        f"--control-token={token_file}",
        f"--admin-credentials={folder / 'credentials'}",
        # The pipe to it ends with this process, however that ends: by SIGKILL no fixture is torn down.
        "--end-with-stdin",
    ]
    log = (folder / "log").open("w")
    try:
        process = subprocess.Popen(
            line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
    except FileNotFoundError:
        raise pytest.UsageError(
            f"{line[0]} was not found: build podtrust's checkout (npm ci --ignore-scripts && npm run build) and name what"
            " starts it: --podtrust-command 'node CHECKOUT/packages/sandbox/dist/sandbox/cli/main.js'"
        ) from None
    finally:
        log.close()
    assert process.stdout is not None
    text = ""
    for said in process.stdout:
        text += said
        if said.startswith("}"):
            break
    try:
        started = json.loads(text)
    except ValueError:
        process.kill()
        process.wait()
        why = (folder / "log").read_text().strip()
        raise pytest.UsageError(f"the sandbox did not start: {text.strip()} {why}") from None
    environment = started["environment"]
    sandbox = Sandbox(started["url"], started["account"], environment, token_file.read_text().strip())
    return process, sandbox


@pytest.fixture(scope="session")
def _podtrust_process(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sandbox]:
    process, sandbox = _start(pytestconfig.getoption("--podtrust-command"), tmp_path_factory.mktemp("podtrust"))
    try:
        yield sandbox
    finally:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def podtrust_sandbox(
    _podtrust_process: Sandbox, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Sandbox:
    """An account that holds what the test's ``podtrust_seed`` markers say; AWS clients find it by the environment.

    Threads of one test take an account each: ``podtrust_sandbox.new_account()``.
    """
    _podtrust_process.reset()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in _podtrust_process.environment.items():
        monkeypatch.setenv(name, value)
    # The nearest marker comes first, and what a class seeds its tests may need.
    for marker in reversed(list(request.node.iter_markers("podtrust_seed"))):
        _podtrust_process.seed(**marker.kwargs)
    return _podtrust_process


@pytest.fixture
def podtrust_issuer(podtrust_sandbox: Sandbox) -> Issuer:
    """The issuer of the stand-in cluster: its ``token`` is what a pod would hold."""
    return podtrust_sandbox.issuer()
