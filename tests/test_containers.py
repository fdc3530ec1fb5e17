"""What the containers are told exists: commands, settings, files, and nothing that runs as root."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from couveuse import configuration
from couveuse.cli.app import app

ROOT = Path(__file__).parents[1]
COMPOSE = YAML(typ="safe").load(ROOT / "compose.yaml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every command of ours that a container is started or asked with."""
    for name, service in OURS.items():
        yield name, [str(word) for word in service["command"]]
        words = service.get("healthcheck", {}).get("test", [])
        if words:
            assert words[:2] == ["CMD", "couveuse"]
            yield name, [str(word) for word in words[2:]]


@pytest.mark.parametrize(
    ("name", "words"), list(commands()), ids=lambda value: value if isinstance(value, str) else None
)
def test_every_command_exists_with_its_options(name: str, words: list[str]) -> None:
    group: Any = get_command(app)
    command = group.commands[words[0]]
    command.make_context(words[0], list(words[1:]))  # refuses what it does not know


def environment(service: dict[str, Any]) -> dict[str, str]:
    """What a container's environment says where nothing else is said."""
    values = {str(name): str(value) for name, value in service["environment"].items()}
    return {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value) for name, value in values.items()}


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_setting_is_one_of_ours_and_is_taken(name: str, tmp_path: Path) -> None:
    given = environment(OURS[name])
    for setting, value in given.items():
        if setting.endswith("_FILE"):
            assert value.removeprefix("/run/secrets/") in OURS[name]["secrets"]
            kept = tmp_path / Path(value).name
            kept.write_text("postgresql://couveuse:x@db/couveuse" if "url" in value else "k" * 40)
            given[setting] = str(kept)
    read = configuration.read(given)
    assert not read.is_private
    assert read.backup_at == "03:10"


def test_what_variables_are_for_is_a_setting() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    known = {configuration.PREFIX + setting.name for setting in configuration.SETTINGS}
    assert set(re.findall(r"\$\{(\w+)", text)) <= known


def test_secrets_come_from_files_and_stand_nowhere() -> None:
    assert {name for service in SERVICES.values() for name in service.get("secrets", [])} == set(COMPOSE["secrets"])
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())
    for service in SERVICES.values():
        for name in service.get("environment", {}):
            assert "PASSWORD" not in name or name.endswith("_FILE")


def test_whoever_runs_for_long_is_looked_after_and_waits_for_the_tables() -> None:
    for name in ("web", "engine", "deliver"):
        assert SERVICES[name]["healthcheck"]["test"]
        assert SERVICES[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert SERVICES["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert SERVICES["migrate"]["restart"] == "no"


def test_the_database_is_of_a_version_that_we_know_and_keeps_its_data() -> None:
    assert SERVICES["db"]["image"] == "postgres:18"
    assert SERVICES["db"]["volumes"] == ["database:/var/lib/postgresql"]  # where the image has it from 18 on
    volumes = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert volumes == set(COMPOSE["volumes"])


def test_nothing_of_ours_runs_as_root_or_is_reached_from_outside() -> None:
    for service in OURS.values():
        assert service["cap_drop"] == ["ALL"]
        assert service["read_only"] is True
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert re.findall(r"^USER (\w+)", DOCKERFILE, re.MULTILINE) == ["couveuse"]


def test_the_image_is_of_pinned_packages_and_its_sources_exist() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert all(re.fullmatch(r"python:3\.1\d-slim", base) for base in bases)
    assert "--require-hashes" in DOCKERFILE
    assert "--no-index" in DOCKERFILE
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    for path in (word for words in copied for word in words.split()):
        assert (ROOT / path).exists(), path
        assert f"!{path}" in IGNORED
    assert "*" in IGNORED


def test_the_data_folder_of_the_image_is_the_volume() -> None:
    assert "COUVEUSE_DATA=/var/lib/couveuse" in DOCKERFILE
    for service in OURS.values():
        assert service["volumes"] == ["data:/var/lib/couveuse"]
