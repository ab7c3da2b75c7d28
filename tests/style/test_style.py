"""The house style, held: sizes, arguments, layers, thin notebooks, one door for numbers."""

import ast
import json
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "curv_eval"
FILES = sorted(SOURCE.rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))


def functions():
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def length(node):
    body = node.body
    if isinstance(body[0], ast.Expr) and isinstance(getattr(body[0], "value", None), ast.Constant):
        body = body[1:]
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def test_functions_are_short():
    sizes = [(length(node), f"{path.relative_to(SOURCE)}:{node.name}") for path, node in functions()]
    assert [s for s in sizes if s[0] > 40] == []
    assert statistics.median(size for size, _ in sizes) <= 8


def test_files_are_short():
    assert [f for f in FILES if len(f.read_text("utf-8").splitlines()) > 300] == []


def test_public_functions_take_at_most_three_arguments_by_position():
    # three: (panel, study, estimate) and (con, path, contract) are the shapes of a check and of a reader
    long = [
        f"{path.relative_to(SOURCE)}:{node.name}"
        for path, node in functions()
        if not node.name.startswith("_") and len([a for a in node.args.args if a.arg not in ("self", "cls")]) > 3
    ]
    assert [f for f in long if not f.startswith(("cli/", "report/chart_style.py"))] == []


def test_only_the_gate_makes_released_tables():
    made = [f for f in FILES if re.search(r"\bReleased\(", f.read_text("utf-8"))]
    assert {f.relative_to(SOURCE).parts[0] for f in made} == {"disclosure"}


def test_public_things_say_what_they_mean():
    silent = [
        f"{path.relative_to(SOURCE)}:{node.name}"
        for path, node in functions()
        if not node.name.startswith("_") and not ast.get_docstring(node) and node in ast.parse("").body + _top(path)
    ]
    assert silent == []


def _top(path):
    return [n for n in ast.parse(path.read_text("utf-8")).body if isinstance(n, ast.FunctionDef)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_are_thin_and_clean(path):
    cells = json.loads(path.read_text("utf-8"))["cells"]
    code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    assert len(cells) <= 15
    assert all(len(text.splitlines()) <= 8 for text in code)
    assert not any(c.get("outputs") or c.get("execution_count") for c in cells)
    assert [c for c in cells if "parameters" in c["metadata"].get("tags", [])]
    for text in code:
        tree = ast.parse(text)
        banned = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.Try, ast.With)
        assert not any(isinstance(node, banned) for node in ast.walk(tree))
        imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
        assert all(isinstance(n, ast.Import) and n.names[0].name == "curv_eval" for n in imports)


def test_notebooks_use_only_public_names():
    import curv_eval

    text = "\n".join(p.read_text("utf-8") for p in NOTEBOOKS)
    used = set(re.findall(r"\bce\.(\w+)", text))
    assert used <= set(curv_eval.__all__)
    # 20 for the analysis, and `freshness`, which says how the study stands to its runs
    assert len(curv_eval.__all__) <= 21
    for name in curv_eval.__all__:
        assert callable(getattr(curv_eval, name))


def test_layers_hold():
    done = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_ruff_is_content():
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "."], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    command = [sys.executable, "-m", "ruff", "format", "--check", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_importing_costs_little():
    heavy = ("pandas", "numpy", "duckdb", "pydantic", "papermill", "matplotlib", "scipy")
    code = f"import sys, curv_eval; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_tests_outweigh_the_source():
    source = sum(len(f.read_text("utf-8").splitlines()) for f in FILES)
    tests = sum(len(f.read_text("utf-8").splitlines()) for f in (ROOT / "tests").rglob("*.py"))
    assert tests >= 1.2 * source
