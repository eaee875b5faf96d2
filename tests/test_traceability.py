"""The page that follows each claim of the thesis: rows point somewhere, numbers are computed."""

import json
import re
import subprocess
import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from scipy import stats

from helpers import evaluation, models, profiles, tuning
from helpers.datasets import FAMILIES
from helpers.runs import records
from tools.claims import claims, traceability
from tools.claims.evidence import (
    FEATURES,
    NOT,
    PARTLY,
    PENDING,
    REPRODUCED,
    UNTESTABLE,
    Evidence,
    noise_alone,
    spans,
    verdict,
)
from tools.claims.traceability import JUDGED
from tools.common import BookError

# The numbered sections of the thesis that say something, its tables and its figures.
SECTIONS = [
    section
    for line in (
        "Abstract 1 1.1 2.1 2.2 2.3 2.4 2.5 3.1 3.2.1 3.2.2 3.2.3 3.2.4 3.2.5 3.2.6 3.3",
        "4.1 4.2 4.2.1 4.2.2 4.3 5.1 5.2 5.3 5.4 5.5 5.6 5.7 5.8 6",
    )
    for section in line.split()
]
ITEMS = {f"Table {n}" for n in ("3.1", "3.2", "4.1", "4.2", "4.3", "4.4")} | {
    f"Figure 4.{n}" for n in (1, 2, 3, 4)
}


# The rules.


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ([True], REPRODUCED),
        ([True, True, True], REPRODUCED),
        ([False], NOT),
        ([False, False], NOT),
        ([True, False], PARTLY),
        ([False, False, True], PARTLY),
        ([np.True_, np.False_], PARTLY),
    ],
)
def test_the_verdict_follows_from_the_checks(checks, expected):
    assert verdict(checks) == expected


def test_no_verdict_without_a_check():
    with pytest.raises(ValueError, match="nothing was checked"):
        verdict([])


def test_a_number_within_the_range_of_runs():
    assert spans([0.95, 0.97, 0.99], 0.971)
    assert spans(pd.Series([0.971]), 0.971)
    assert not spans([0.95, 0.97], 0.971)


def test_noise_alone_is_an_analysis_of_variance():
    executions = np.random.default_rng(0).normal(size=(5, 2))
    expected = stats.f_oneway(*executions).pvalue
    assert noise_alone(executions) == pytest.approx(expected)
    assert noise_alone([[0.9, 0.9], [0.9, 0.9]]) == 1
    assert noise_alone([[0.9, 0.9], [0.8, 0.8]]) == 0


def test_a_falling_curve_falls_from_ten_to_ten():
    falling = 1 / np.arange(1, 51)
    assert claims.falls(falling)
    assert claims.falls(np.r_[falling[:40], np.ones(10)])
    assert not claims.falls(np.r_[falling[:30], np.ones(20)])


def test_arithmetic_gives_the_parameters_that_keras_counts():
    # As in chapters 6 and 7, whose asserts compare with Keras.
    shapes, flat, total = claims.cnn_arithmetic()
    assert (shapes[-1], flat, total) == ((31, 3, 128), 11_904, 6_239_338)
    assert claims.lstm_arithmetic() == (4_032, 2_109_194)
    assert claims.cnn_arithmetic(128, 128)[-1] == 6_442_218
    assert claims.lstm_arithmetic(32, 128)[-1] == 8_499_722


# The specification.


@pytest.fixture(scope="module")
def specification():
    return traceability.read_specification()


def test_every_section_table_and_figure_of_the_thesis_has_a_row(specification):
    assert [section["section"] for section in specification] == SECTIONS
    assert [s["section"] for s in specification if not s["rows"]] == []
    found = {row["item"] for section in specification for row in section["rows"] if "item" in row}
    assert found == ITEMS


def test_every_row_points_to_a_heading_that_exists(specification):
    assert traceability.locate(specification)


def test_every_function_is_used_and_says_what_it_checks(specification):
    used = {}
    for section in specification:
        for row in section["rows"]:
            if here := row.get("here"):
                name = next(iter(here)) if isinstance(here, dict) else here
                used.setdefault(name, []).append("verdict" in row)
    assert set(used) == set(claims.NUMBERS)
    for name, judged in used.items():
        assert all(judged) or claims.NUMBERS[name].__doc__, f"{name} states no rule"


def make_chapter(root, name, *texts):
    """A chapter of these markdown cells, alone in its book."""
    path = root / "book" / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = ["# ".join(["# %% [markdown]\n", *text.splitlines(True)]) for text in texts]
    path.write_text("\n\n".join([*cells, "# %%\n# ## not a heading"]))
    (root / "_toc.yml").write_text(f"root: book/index\nchapters:\n- file: book/{name}\n")
    return path


def test_anchors_are_those_of_the_rendered_page(tmp_path):
    chapter = make_chapter(
        tmp_path,
        "06_cnn",
        '# The CNN: a note\n\n## Why "same"?\nText\n### `Dense`, at last\n#### Too deep',
        "## Next\n```\n## code\n```",
        "Again\n\n### Next",
    )
    assert traceability.anchors(chapter) == {
        "The CNN: a note": "the-cnn-a-note",
        'Why "same"?': "why-same",
        "Dense, at last": "dense-at-last",
        "Next": "next",
    }


def sections(**row):
    return [{"section": "1", "rows": [{"says": "that", "chapter": "06_cnn", **row}]}]


def test_a_row_that_points_to_nothing_is_named_with_what_is_near(tmp_path):
    make_chapter(tmp_path, "06_cnn", "# The CNN\n\n## Count before you build")
    with pytest.raises(BookError, match="section 1, 'that'.*'Count'.*nearest is 'Count before"):
        traceability.locate(sections(heading="Count"), tmp_path)
    wrong = sections(heading="The CNN")
    wrong[0]["rows"][0]["chapter"] = "11_lost"
    with pytest.raises(BookError, match=r"'that': book/11_lost\.py: no such chapter"):
        traceability.locate(wrong, tmp_path)
    (tmp_path / "book/11_lost.py").write_text("# %% [markdown]\n# # The CNN\n")
    with pytest.raises(BookError, match=r"'that': book/11_lost\.py: not in _toc\.yml"):
        traceability.locate(wrong, tmp_path)
    assert traceability.locate(sections(heading="The CNN"), tmp_path) == {
        ("06_cnn", "The CNN"): "the-cnn"
    }


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"verdict": NOT}, "missing .'heading'"),
        ({"heading": "x"}, "neither `here` nor `verdict`"),
        ({"heading": "x", "verdict": "maybe"}, "'maybe' is none of"),
        ({"heading": "x", "verdict": PENDING}, "is none of"),
        ({"heading": "x", "here": "lucky", "because": "y"}, "unknown .'because'"),
    ],
)
def test_a_malformed_row_is_refused(tmp_path, row, message):
    path = tmp_path / "specification.yml"
    path.write_text(json.dumps(sections(**row)))  # JSON is YAML
    with pytest.raises(BookError, match=message):
        traceability.read_specification(path)


@pytest.mark.parametrize(
    ("here", "message"),
    [
        ("luckyy", "no function 'luckyy', the nearest is 'lucky'"),
        ("lucky", "'that': lucky cannot be computed.*TypeError"),
        ({"on_folds": {"Best CNN": {"loss": 1}}}, "cannot be computed.*no model is called"),
        ("parameters", "makes no checks, so the row needs a verdict"),
    ],
)
def test_a_number_that_cannot_be_computed_is_named(here, message, tmp_path):
    with pytest.raises(BookError, match=message):
        traceability.compute({"says": "that", "here": here}, Evidence(tmp_path))


# Made-up records of the whole protocol, good enough to compute every row from.


def write_run(
    folder, evidence, model, setting, fold, seed, good, epochs=None, kind="mfcc", seconds=4,
    clean=False,
):  # fmt: skip
    """A record with the notes of its fold whose answers are right with probability `good`."""
    n_epochs = epochs or profiles.get("mini").epochs
    rng = np.random.default_rng([fold, seed % 1000, int(100 * good)])
    five, notes = evidence.folds()
    parts = {
        "fold_test": (notes.select(five[fold - 1].test), good),
        "nsynth_test": (evidence.notes("test"), good - 0.3),
    }
    predictions = {}
    for part, (asked, share) in parts.items():
        answers = np.where(
            rng.random(len(asked)) < share, asked.labels, rng.integers(0, 10, len(asked))
        )
        probabilities = np.full((len(asked), 10), 0.02, dtype=np.float32)
        probabilities[np.arange(len(asked)), answers] = 0.82
        names = asked.table["note"].to_numpy(dtype=str)
        predictions[part] = {"notes": names, "labels": asked.labels, "probabilities": probabilities}
    epochs = np.arange(1, n_epochs + 1)
    loss = 2 / epochs + rng.uniform(0, 0.01, len(epochs))
    history = pd.DataFrame(
        {
            "epoch": epochs,
            "loss": loss,
            "accuracy": good - loss / 3,
            "val_loss": 0.9 * loss,
            "val_accuracy": good - loss / 4,
        }
    )
    if clean:
        history["clean_loss"] = 0.8 * loss
    unusual = {"clean": True} if clean else {}
    cut = {} if seconds == 4 else {"seconds": seconds}
    full = models.hyperparameters(model, setting)
    _, first, second = tuning.SPACES[model]
    info = {
        "config": {
            "model": model,
            "hyperparameters": full,
            "learning_rate": models.LEARNING_RATES[model],
            "batch_size": 32,
            "epochs": n_epochs,
            "seed": seed,
            "split": {"kind": "stratified", "fold": fold, "n_folds": 5, "seed": 0},
            "features": {"kind": kind} | cut,
        }
        | unusual,
        "backend": "made-up",
        "parameters": claims.ARITHMETIC[model](full[first], full[second])[-1],
        "seconds": 60,
        "metrics": {
            part: evaluation.scores(p["labels"], p["probabilities"])
            for part, p in predictions.items()
        },
    }
    records.write(folder, info, history, predictions)


WINNERS = {"cnn": (0.1, 64, 256), "lstm": (0.2, 64, 64)}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A folder with every run of the protocol, and the single ones of chapter 11."""
    folder = tmp_path_factory.mktemp("records")
    evidence = Evidence(folder)
    profile = profiles.get("mini")
    for model, space in tuning.SPACES.items():
        better = 0.02 * (model == "cnn")
        winner = dict(zip(space, WINNERS[model], strict=True))
        for trial in range(profile.trials):
            other = dict(zip(space, (0.3 + 0.1 * (trial % 3), 32, 128), strict=True))
            setting, good = (winner, 0.95) if trial == 2 else (other, 0.75)
            for fold in (1, 2):
                for job in tuning.executions(profile, model, setting, trial, 0, fold):
                    write_run(folder, evidence, model, setting, fold, job["seed"], good + better)
        for setting, good in (({}, 0.85), (winner, 0.95), (tuning.THESIS[model], 0.9)):
            for fold in range(1, 6):
                write_run(folder, evidence, model, setting, fold, 0, good + better)
        write_run(folder, evidence, model, {}, 1, 0, 0.85, epochs=20, clean=True)
        for seconds, good in ((1, 0.6), (2, 0.7), (4, 0.8)):
            write_run(
                folder, evidence, model, {}, 1, 0, good + better / seconds, 20, "mfcc", seconds
            )
        write_run(folder, evidence, model, {}, 1, 0, 0.9, epochs=20, kind="mel")
    return folder


class Anywhere(dict):
    """Every heading exists: one that moves shall fail the tests about headings, not all."""

    def __missing__(self, key):
        return "anchor"


@pytest.fixture(scope="module")
def complete(recorded, specification):
    evidence = Evidence(recorded)
    return evidence, traceability.rows(evidence, specification, Anywhere())


def test_when_all_runs_are_recorded_every_row_is_complete(complete):
    evidence, made = complete
    assert evidence.complete
    assert [row.says for row in made if row.verdict == PENDING or PENDING in row.number] == []
    assert {row.verdict for row in made} == {REPRODUCED, PARTLY, NOT, UNTESTABLE}
    assert [row.says for row in made if "nan" in row.number] == []
    for row in made:
        assert row.judged or row.held[1] > 0
        assert row.judged == (not row.why.startswith("*"))


def test_numbers_say_what_they_were_computed_from(complete):
    for row in complete[1]:
        if row.number:
            assert row.number.endswith((")*", "settings")) or "arithmetic" in row.number, row.number
    found = {text for row in complete[1] for text in re.findall(r"\*\((.*)\)\*", row.number)}
    assert "5 folds × 1 seed" in found
    assert "search: 5 trials × 2 executions, fold 1" in found
    assert "bundled notes" in found


def test_rows_are_computed_from_the_records(complete):
    evidence, made = complete
    base = evaluation.score_table({"x": evidence.runs("Base CNN")})
    base = base[base["part"] == "fold_test"]["accuracy"]
    (row,) = (r for r in made if r.says.startswith("Base CNN, folds"))
    assert f"accuracy {100 * base.mean():.1f} % ({100 * base.min():.1f} to " in row.number
    inside = base.min() <= 0.963 <= base.max()
    losses = [run.info["metrics"]["fold_test"]["loss"] for run in evidence.runs("Base CNN")]
    assert row.held == (inside + (min(losses) <= 0.112 <= max(losses)), 2)
    (row,) = (r for r in made if r.says.startswith("CNN: trial 5 wins"))
    assert row.number.startswith("trial ")
    assert row.held[1] == 3


def test_the_headline_leaves_the_copies_out(complete):
    evidence, _ = complete
    run = evidence.runs("Base LSTM")[0]
    answered = run.predictions["nsynth_test"]
    fresh = ~np.isin(answered["notes"], evidence.copies)
    assert 0 < len(evidence.copies) < 10
    right = answered["probabilities"][fresh].argmax(axis=1) == answered["labels"][fresh]
    assert evidence.values("Base LSTM", "nsynth_test")[0, 1] == pytest.approx(right.mean())
    matrix = evaluation.mean_confusion([run], "nsynth_test", evidence.copies)
    mallet = FAMILIES.index("mallet")
    alone = Evidence.recall(evidence, "Base LSTM", "nsynth_test")
    assert alone.index.tolist() == list(FAMILIES)
    assert matrix[mallet].sum() == pytest.approx(1)


def test_more_seeds_are_averaged_on_common_ground(recorded, tmp_path):
    folder = tmp_path / "records"
    folder.mkdir()
    for path in recorded.iterdir():
        (folder / path.name).symlink_to(path)
    evidence = Evidence(folder)
    for fold in range(1, 6):
        write_run(folder, evidence, "cnn", {}, fold, 1, 0.7)
    evidence.used.clear()
    assert len(evidence.runs("Base CNN")) == 10
    differences = evidence.paired("Base CNN", "Optimised CNN", "fold_test")
    assert differences.index.tolist() == [1, 2, 3, 4, 5]
    # The optimised model has seed 0 only, so the lower scores of seed 1 do not count.
    expected = Evidence(recorded).paired("Base CNN", "Optimised CNN", "fold_test")
    pd.testing.assert_series_equal(differences, expected)
    assert evidence.source() == "5 folds × 1 to 2 seeds"


def test_explanations_are_computed_from_the_single_runs(complete):
    evidence, made = complete

    def row(function):
        rule = " ".join(function.__doc__.split())
        (found,) = (row for row in made if rule in row.why)
        return found

    measured = row(claims.dropout_measured)
    assert measured.verdict == REPRODUCED
    assert (
        "CNN below the logged one in 20 of 20 epochs, below the clean one in 0" in measured.number
    )
    mallets = row(claims.mel_for_mallets)
    ours = [
        evidence.right(run, "fold_test", "mallet").mean()
        for run in evidence.alike(*FEATURES)["cnn"]
    ]
    assert f"CNN {100 * (ours[1] - ours[0]):+.1f} points on the fold" in mallets.number
    assert "1 seed, fold 1, 20 epochs" in mallets.number
    assert row(claims.mfcc_better).verdict == NOT
    elsewhere = row(claims.best_elsewhere)
    assert "winner: CNN trial 3, then 3, 0.0 points apart" in elsewhere.number
    assert elsewhere.verdict == NOT
    copies = evidence.copies
    (run, _) = evidence.alike(*FEATURES)["cnn"]
    assert len(evidence.right(run, "nsynth_test")) == 200 - len(copies)


def test_missing_runs_are_said_to_be_missing(tmp_path, specification):
    evidence = Evidence(tmp_path)
    made = traceability.rows(evidence, specification, Anywhere())
    assert not evidence.complete
    pending = [row for row in made if row.verdict == PENDING]
    assert len(pending) > 40
    assert all(row.number.startswith(f"{PENDING}: ") for row in pending)
    assert any(row.verdict == REPRODUCED and not row.judged for row in made)  # the notes are there


# The page.


def test_the_page_is_in_step_with_records_notes_and_specification(capsys):
    assert traceability.main(["--check"]) == 0, capsys.readouterr().out


def test_the_page_is_complete_if_the_records_are():
    if Evidence().complete:
        assert PENDING not in (ROOT / traceability.PAGE).read_text(encoding="utf-8")


def test_the_page_holds_every_row(complete, specification):
    evidence, made = complete
    text = traceability.page(made, specification, evidence)
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert all(line.count(" | ") in (3, 4, 5) for line in lines)
    for row in made:
        link = f"]({row.chapter}.ipynb#{row.anchor})"
        (line,) = (i for i in lines if row.says in i and link in i and row.why in i)
        assert row.judged == (f" {JUDGED} |" in line)
        if row.verdict == PARTLY and not row.judged:
            assert f"{PARTLY} ({row.held[0]} of {row.held[1]})" in line
    for section in specification:
        assert f"\n## {section['section']}" in text
    total = re.search(r"^\| all \| (\d+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    assert int(total[3]) == len(made) == int(total[1]) + int(total[2])


@pytest.fixture
def a_book(tmp_path, monkeypatch, specification):
    """A repository with the headings that rows name, and no records."""
    headings = {}
    for section in specification:
        for row in section["rows"]:
            headings.setdefault(row["chapter"], {})[row["heading"]] = None
    for chapter, names in headings.items():
        make_chapter(tmp_path, chapter, *(f"## {name}" for name in names))
    toc = "".join(f"- file: book/{chapter}\n" for chapter in headings)
    (tmp_path / "_toc.yml").write_text(f"root: book/index\nchapters:\n{toc}")
    monkeypatch.setattr(traceability, "Evidence", partial(Evidence, tmp_path / "records"))
    return tmp_path


def test_a_page_out_of_step_is_found_and_written_anew(a_book, capsys):
    assert traceability.main(["--check"], a_book) == 1
    assert "out of step: book/traceability.md" in capsys.readouterr().out
    assert traceability.main([], a_book) == 0
    assert traceability.main(["--check"], a_book) == 0
    page = a_book / traceability.PAGE
    page.write_text(page.read_text(encoding="utf-8").replace("reproduced", "proven", 1))
    capsys.readouterr()
    assert traceability.main(["--check"], a_book) == 1
    assert "proven" in capsys.readouterr().out


def test_a_chapter_that_lost_a_heading_is_an_error(a_book, capsys):
    chapter = a_book / "book/05_folds.py"
    text = chapter.read_text(encoding="utf-8")
    chapter.unlink()
    chapter.write_text(text.replace("# ## Prove it\n", "# ## Proof\n"), encoding="utf-8")
    assert traceability.main([], a_book) == 2
    said = capsys.readouterr().err
    assert "book/05_folds.py has no heading 'Prove it'; the nearest is 'Proof'" in said
    assert not (a_book / traceability.PAGE).exists()


def test_a_record_that_was_edited_is_an_error(a_book, recorded, capsys):
    folder = a_book / "records"
    folder.mkdir()
    source = next(path for path in recorded.iterdir() if path.name.startswith("lstm"))
    copy = folder / source.name
    copy.mkdir()
    for name in ("record.json", *records.FILES):
        (copy / name).write_bytes((source / name).read_bytes())
    with open(copy / "history.csv", "a") as file:
        file.write("51,0,1,0,1\n")
    assert traceability.main([], a_book) == 2
    assert "history.csv was changed" in capsys.readouterr().err


def test_the_page_is_made_in_seconds_and_without_tensorflow():
    code = (
        "import sys, time; from tools.claims import traceability; traceability.build(); "
        "print(sorted({'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)), "
        "time.process_time())"
    )
    out = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)
    loaded, seconds = out.rsplit(maxsplit=1)
    assert loaded == "[]"
    assert float(seconds) < 20
