"""The hooks before a commit and the hosted checks run the commands of `packaging/start.py test`, and no others."""

import importlib.util
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


def _yaml(*parts: str) -> Any:
    return yaml.safe_load(ROOT.joinpath(*parts).read_text(encoding="utf-8"))


def _commands_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return what `packaging/start.py test` runs, from the name of the module on."""
    spec = importlib.util.spec_from_file_location("start", ROOT / "packaging" / "start.py")
    assert spec is not None
    assert spec.loader is not None
    start = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(start)
    commands: list[list[str]] = []

    def record(command: list[object], **options: object) -> SimpleNamespace:
        commands.append([str(word) for word in command][2:])
        return SimpleNamespace(returncode=0, stdout="", communicate=lambda: ("", ""), wait=lambda: 0)

    monkeypatch.setattr(subprocess, "run", record)
    monkeypatch.setattr(subprocess, "Popen", record)
    start.run_tests()
    return commands


def test_hooks_run_the_tools_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = [[word for word in words if word != "."] for words in _commands_of_the_tests(monkeypatch)]
    (repository,) = _yaml(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"  # nothing is fetched
    for hook in repository["hooks"]:
        python, module, *words = hook["entry"].split()
        assert (python, module, hook["language"]) == ("python", "-m", "system")
        assert [word for word in words if word != "--force-exclude"] in ours, hook["id"]
    assert {hook["entry"].split()[2] for hook in repository["hooks"]} == {"ruff", "mypy"}


def test_hosted_checks_run_the_one_command_on_three_systems() -> None:
    job = _yaml(".github", "workflows", "checks.yml")["jobs"]["checks"]
    systems = {name.split("-")[0] for name in job["strategy"]["matrix"]["system"]}
    assert systems == {"ubuntu", "macos", "windows"}
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands[-1] == "python packaging/start.py test"
    assert "never executed" in (ROOT / ".github" / "workflows" / "checks.yml").read_text().splitlines()[0]
