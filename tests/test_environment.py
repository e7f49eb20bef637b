"""environment.yml, constraints.txt and pyproject.toml say the same, and what is installed is what they say."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
CONDA_NAME = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))


def pins(lines: list[str]) -> dict[str, str]:
    """name -> version of requirements that are all pinned with `==`."""
    found = {}
    for line in lines:
        requirement = Requirement(line)
        (only,) = requirement.specifier
        assert only.operator == "==" and "*" not in only.version, f"{line}: pin it to one version with =="
        found[canonicalize_name(requirement.name)] = only.version
    return found


NEEDED = pins(PROJECT["dependencies"])
FOR_TESTS = pins(PROJECT["optional-dependencies"]["test"])
CONSTRAINTS = pins((ROOT / "constraints.txt").read_text("utf-8").splitlines())
CONDA = dict(line.partition("=")[::2] for line in ENVIRONMENT["dependencies"] if isinstance(line, str))
PIP = next((line["pip"] for line in ENVIRONMENT["dependencies"] if isinstance(line, dict)), [])


def test_environment_has_known_keys_only():
    # repo2docker and conda pass over a misspelt key in silence.
    assert set(ENVIRONMENT) == {"name", "channels", "dependencies"}
    mappings = [line for line in ENVIRONMENT["dependencies"] if not isinstance(line, str)]
    assert [list(mapping) for mapping in mappings] == [["pip"]]
    assert all(isinstance(line, str) for line in PIP)


def test_environment_takes_nothing_from_other_channels():
    assert ENVIRONMENT["channels"] == ["conda-forge", "nodefaults"]


def test_binder_finds_this_file():
    hiding = [name for name in ("binder", ".binder") if (ROOT / name).exists()]
    assert not hiding, f"{hiding[0]}/ would hide environment.yml from Binder; move its content to the root"


def test_python_is_one_the_project_supports():
    assert CONDA["python"] in SpecifierSet(PROJECT["requires-python"])


@pytest.mark.parametrize("name", NEEDED)
def test_environment_has_every_dependency(name: str):
    by_pip = pins([line for line in PIP if not line.startswith("-")])
    found = by_pip.get(name) or CONDA.get(CONDA_NAME.get(name, name))
    assert found == NEEDED[name], f"environment.yml has {name} {found}; write {NEEDED[name]} as in pyproject.toml"


def test_environment_has_nothing_else():
    named = {CONDA_NAME.get(name, name) for name in NEEDED} | {"python", "pip"}
    assert set(CONDA) <= named
    assert {canonicalize_name(Requirement(line).name) for line in PIP if not line.startswith("-")} <= set(NEEDED)
    assert [line for line in PIP if line.startswith("-")] == ["-e ."], "the course itself is installed last, editable"
    assert PIP[-1] == "-e ."


@pytest.mark.parametrize("name", [*NEEDED, *FOR_TESTS])
def test_constraints_have_every_dependency(name: str):
    wanted = (NEEDED | FOR_TESTS)[name]
    assert CONSTRAINTS.get(name) == wanted, f"constraints.txt: write {name}=={wanted} as in pyproject.toml"


def test_what_is_tested_is_what_is_pinned():
    other = []
    for name, version in CONSTRAINTS.items():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # only on other systems
        if installed.partition("+")[0] != version:
            other.append(f"{name}: {installed} installed, {version} in constraints.txt")
    assert not other, "run make env, or mend constraints.txt: " + "; ".join(other)


def test_build_uses_the_setuptools_of_the_makefile():
    (pinned,) = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]
    assert pinned in (ROOT / "Makefile").read_text("utf-8")
