"""What the repository promises about itself: licence, lock, environments, size, laziness."""

import ast
import io
import itertools
import re
import subprocess
import sys
import tokenize
import tomllib

import pytest
import yaml
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers import profiles

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = (ROOT / "requirements.txt").read_text()
PINS = {
    canonicalize_name(name): version
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", LOCK, re.MULTILINE)
}


def test_the_lock_satisfies_the_project():
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    for requirement in map(Requirement, itertools.chain(*groups)):
        version = PINS.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not in requirements.txt: run make lock"
        assert requirement.specifier.contains(version), f"{requirement} against {version}"


def test_every_pin_has_a_hash_and_no_address():
    entries = re.split(r"\n(?=[\w.-]+==)", LOCK)
    assert len(entries) > 100
    assert [e.splitlines()[0] for e in entries if "--hash=sha256:" not in e] == []
    assert re.findall(r"(?i)https?://\S+|--(?:extra-)?index-url|--find-links", LOCK) == []


def test_environment_and_workflows_agree_with_the_project():
    # All packages come from the lock, so there is no second list that could differ.
    python, *rest = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert rest == ["pip", {"pip": ["--requirement requirements.txt"]}]
    allowed = Requirement("python" + PROJECT["requires-python"]).specifier
    assert allowed.contains(python.removeprefix("python=") + ".0")
    makefile = (ROOT / "Makefile").read_text()
    workflow = yaml.safe_load((ROOT / ".github/workflows/book.yml").read_text())
    matrix = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert matrix == [v for v in ("3.10", "3.11", "3.12", "3.13", "3.14") if allowed.contains(v)]
    (tested,) = re.findall(r"foreach python,([\d. ]+),", makefile)
    assert matrix == tested.split()  # of `make test-matrix`
    steps = [step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"]]
    assert "make test" in steps
    assert "make test" in (ROOT / ".ci/run").read_text()
    weekly = yaml.safe_load((ROOT / ".github/workflows/weekly.yml").read_text())
    (parts,) = re.findall(r"(?m)^test-all: (.+?)  ##", makefile)
    assert weekly["jobs"]["test-all"]["strategy"]["matrix"]["part"] == parts.split()


def test_contributing_is_one_page():
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) <= 120


def test_licence_citation_and_versions_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["title"] == "CNN or LSTM? Hearing instruments"
    assert citation["authors"] == [{"name": "the cnn-or-lstm contributors"}]
    newest = re.search(r"(?m)^## ([^\s,]+)", (ROOT / "CHANGELOG.md").read_text())[1]
    assert citation["version"] == newest == PROJECT["version"]
    licence = (ROOT / "LICENSE").read_text()
    for text in ("MIT License", "CC BY 4.0", "the cnn-or-lstm contributors", "arXiv:1704.01279"):
        assert text in licence


def test_helpers_load_heavy_libraries_on_first_use():
    modules = ["datasets", "features", "folds", "models", "runs.training", "tuning", "plots"]
    code = f"""
import importlib, sys, helpers
from helpers import profiles
assert not {{"numpy", "tensorflow", "keras", "librosa"}} & set(sys.modules)
for module in {modules}:
    importlib.import_module("helpers." + module)
    loaded = {{"tensorflow", "keras", "librosa", "matplotlib"}} & set(sys.modules)
    assert not loaded, f"{{module}} loads {{loaded}}"
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def code_lines(source: str) -> int:
    """Lines that hold code: not blank, not only a comment, not part of a docstring."""
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER):
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines -= set(range(node.lineno, node.end_lineno + 1))
    return len(lines)


def test_helpers_stay_thin():
    counts = {path.name: code_lines(path.read_text()) for path in ROOT.glob("helpers/*.py")}
    own = counts.pop("sounds.py") + counts.pop("hearing.py")  # of chapter 13
    assert sum(counts.values()) < 2000, counts
    assert own < 250


def test_modules_import_only_what_stands_above_them():
    docstring = ast.get_docstring(ast.parse((ROOT / "helpers" / "__init__.py").read_text()))
    order = re.findall(r"`([\w.]+)`", docstring.split("flow of the\ndata:")[1])
    modules = [*ROOT.glob("helpers/[!_]*.py"), *ROOT.glob("helpers/runs/[!_]*.py")]
    stems = [str(path.relative_to(ROOT / "helpers"))[:-3].replace("/", ".") for path in modules]
    assert set(stems) == set(order)
    for name, path in zip(stems, modules, strict=True):
        # What only the type checker reads may come from anywhere.
        text = re.sub(r"(?m)^if TYPE_CHECKING:\n(?:    .+\n)+", "", path.read_text())
        lines = re.findall(r"(?m)^\s*from helpers(\.[\w.]+)? import (.+)$", text)
        for package, names in lines:
            module = package.removeprefix(".")
            inside = "runs." if module == "runs" else ""
            imported = [module] if module in order else [inside + n for n in names.split(", ")]
            for other in imported:
                assert order.index(other) < order.index(name), f"{name} imports {other}"


@pytest.mark.parametrize(
    "path",
    [p for p in sorted(ROOT.glob("helpers/[!_]*.py")) if p.stem != "checks"],
    ids=lambda path: path.stem,
)
def test_a_helper_names_a_chapter_that_has_it(path):
    """In a cell of its own, or imported; `checks` belongs to the exercises, `notes` to datasets."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = " ".join(ast.get_docstring(tree).split())
    numbers = re.search(r"[Ss]hown in chapters? ([\d, and]+)", said)
    assert numbers, f"{path.name} does not say which chapter shows it"
    public = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    for number in re.findall(r"\d+", numbers[1]):
        (chapter,) = ROOT.glob(f"book/{int(number):02}_*.py")
        named = rf"\b(?:{path.stem}\.|(?:def|class) (?:{'|'.join(public)})\b)"
        if path.stem == "notes":
            named = r"\bdatasets\."
        assert re.search(named, chapter.read_text()), f"{chapter.name} has nothing of {path.name}"


def test_the_index_shows_the_profiles_as_they_are():
    index = (ROOT / "book" / "index.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+) \| (\d+) \|", index, re.MULTILINE)
    shown = {name: (int(notes.replace(",", "")), int(epochs)) for name, notes, epochs in rows}
    assert shown == {p.name: (p.notes_per_family, p.epochs) for p in profiles.PROFILES.values()}


def test_nothing_hangs_on_what_python_leaves_out_with_an_o():
    """PYTHONOPTIMIZE drops asserts, and docstrings with 2."""
    for path in [*ROOT.glob("helpers/**/*.py"), *ROOT.glob("tools/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{path.relative_to(ROOT)}, line {getattr(node, 'lineno', 0)}"
            assert not isinstance(node, ast.Assert), f"{where}: raise an error instead"
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert node.value.id != "__doc__", f"{where}: there may be no docstring"
