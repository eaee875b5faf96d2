"""A helper whose docstring says which section of a chapter shows it does what that section shows.

`Shown in chapter 5, "The helper".` holds if a cell of the section defines a function of the same
name and body, or asserts that the helper gives what the chapter's own code gives. Every public
helper claims this, or stands below with a reason.
"""

import ast
import re
from functools import cache

import pytest
from conftest import ROOT

from tools.book import sync

CLAIM = re.compile(r'Shown in chapter (\d+), "([^"]+)"')
HELPERS = {
    f"{path.stem}.{node.name}": node
    for path in ROOT.glob("helpers/**/*.py")
    for node in ast.parse(path.read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef)
}
CLAIMS = [
    (helper, int(chapter), section)
    for helper, node in sorted(HELPERS.items())
    for chapter, section in CLAIM.findall(" ".join((ast.get_docstring(node) or "").split()))
]

# Public helpers that no section shows, by the reason.
NOT_SHOWN = {
    "figures and players: what they draw or play is shown, not how": """
        plots.use_style plots.waveform plots.feature_image plots.histories plots.confusion
        listening.player listening.players listening.data_uri listening.folded""",
    "a part of a helper that is shown, or a few lines around one": """
        notes.parse_note datasets.recordings datasets.new_to significance.wilcoxon
        significance.flip_means significance.judge tuning.execution_score tuning.executions
        tuning.recorded_trials tuning.score_table hearing.axes""",
    "looks up what has a name: what it finds is shown": """
        profiles.get datasets.name_of_test datasets.with_sound evaluation.part
        evaluation.score_table tuning.protocol tuning.read_search tuning.plan""",
    "opens files and refuses what is no note: chapter 3 shows a refusal": """
        notes.decode notes.decode_note notes.hidden notes.some notes.left_out datasets.place
        datasets.check_place datasets.read_listing datasets.known_note datasets.split_of
        datasets.check_named datasets.list_folder datasets.check_size""",
    "interrupts: nothing that is taught": """
        notes.held_interrupts notes.remembered_interrupts notes.obey_interrupt""",
    "steps from a recording to an answer: chapter 13 shows what each one leads to": """
        sounds.read sounds.mono sounds.levels sounds.threshold sounds.cut sounds.note
        sounds.trimmed sounds.varied sounds.prepare hearing.hear""",
    "systems beside the thesis's two: a few layers or a line of scikit-learn each; settings": """
        models.hybrid models.small models.kawwa models.gessle_cnn models.gessle_lstm
        models.zhang_lstm models.compiled models.hyperparameters simple.kawwa_features
        simple.naive_bayes simple.random_forest simple.extra_trees simple.svm""",
}


@cache
def sections(chapter: int) -> dict[str, str]:
    """The code below each heading of a chapter, that of smaller headings included."""
    (path,) = ROOT.glob(f"book/{chapter:02}_*.py")
    code, above = {}, {}
    for cell, _ in sync.parse(path.read_text(encoding="utf-8"), path.name)[1]:
        if cell.cell_type == "markdown":
            for marks, title in re.findall(r"(?m)^(#+) (.+)$", cell.source):
                above = {t: depth for t, depth in above.items() if depth < len(marks)}
                above[title] = len(marks)
                code[title] = ""
        else:
            for title in above:
                code[title] += cell.source + "\n"
    return code


def plain(function: ast.FunctionDef) -> str:
    """A function without docstring and type hints."""
    function = ast.parse(ast.unparse(function)).body[0]
    function.returns = None
    if ast.get_docstring(function):
        del function.body[0]
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            node.annotation = None
    return ast.unparse(function)


def names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def assigned(code: ast.AST):
    """Pairs of a target and what it is given, by `=` and in loops."""
    for node in ast.walk(code):
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            yield from zip(target.elts, value.elts, strict=True) if both else [(target, value)]
        elif isinstance(node, ast.For | ast.comprehension):
            yield node.target, node.iter


def is_shown(helper: str, node: ast.FunctionDef, section: str) -> bool:
    code, name = ast.parse(section), helper.split(".")[1]
    shown = {n.name: n for n in ast.walk(code) if isinstance(n, ast.FunctionDef)}
    if name in shown and plain(shown[name]) == plain(node):
        return True

    held, pairs = set(), list(assigned(code))  # what comes from the helper

    def of_helper(node: ast.AST) -> bool:
        calls = {ast.unparse(n) for n in ast.walk(node) if isinstance(n, ast.Attribute)}
        return helper in calls or bool(names(node) & held)

    for _ in pairs:
        for target, value in pairs:
            if of_helper(value):
                held |= names(target)
    # An assert compares if what it names comes from elsewhere, too.
    return any(
        of_helper(n.test) and names(n.test) - held - {"np", "len", helper.split(".")[0]}
        for n in ast.walk(code)
        if isinstance(n, ast.Assert)
    )


@pytest.mark.parametrize(("helper", "chapter", "section"), CLAIMS, ids=[c[0] for c in CLAIMS])
def test_a_helper_does_what_the_chapter_shows(helper, chapter, section):
    assert section in sections(chapter), f"chapter {chapter} has no section {section!r}"
    assert is_shown(helper, HELPERS[helper], sections(chapter)[section]), (
        f"{helper} claims to be shown there: no function of its name and body, and no assert that "
        "compares the two"
    )


def test_every_helper_is_shown_or_has_a_reason():
    flat = {path.stem for path in ROOT.glob("helpers/*.py")} - {"checks"}  # of the exercises
    public = {helper for helper in HELPERS if helper.split(".")[0] in flat and "._" not in helper}
    shown = {helper for helper, _, _ in CLAIMS}
    assert public - shown == set(" ".join(NOT_SHOWN.values()).split()), (
        "say in its docstring which chapter and section show it, or in NOT_SHOWN why none does"
    )


def test_a_helper_that_a_chapter_compares_says_so():
    claimed = {(helper, chapter) for helper, chapter, _ in CLAIMS}
    for chapter in range(1, 14):
        for code in sections(chapter).values():
            for node in ast.walk(ast.parse(code)):
                if isinstance(node, ast.Assert):
                    called = {
                        ast.unparse(n) for n in ast.walk(node) if isinstance(n, ast.Attribute)
                    }
                    missing = {(helper, chapter) for helper in called & set(HELPERS)} - claimed
                    assert not missing


HOLM = "def holm(p):\n    return np.sort(p) * {}\n"


@pytest.mark.parametrize(
    ("section", "holds"),
    [
        (HOLM.format(2), True),
        (HOLM.format(3), False),
        ("mine = 3\nassert np.allclose(mine, significance.holm(p))", True),
        ("a, b = mine, significance.holm(p)\nfor k in b:\n    assert a == k", True),
        ("five = significance.holm(p)\nassert len(five) == 5", False),
        ("a, b = mine, significance.holm(p)\nassert a == theirs", False),
        ("print(mine == significance.holm(p))", False),
    ],
)
def test_what_counts_as_shown(section, holds):
    typed = '''def holm(p: list) -> list:\n    """Sorted."""\n    return np.sort(p) * 2\n'''
    assert is_shown("significance.holm", ast.parse(typed).body[0], section) == holds
