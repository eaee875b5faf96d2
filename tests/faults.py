"""Faults to plant in a copy of the helpers, one at a time, and the check that must catch each.

A fault replaces a text that stands once in its file; where it does not, `plant` refuses: then the
helper has changed, and the fault has to be written anew. A check is a test, such as
`folds::seeds` of `tests/test_folds.py`, or a chapter that `tools.regression` executes and
compares with the baseline.
"""

import shutil
from pathlib import Path
from typing import NamedTuple

from tools.common import ROOT

COPIED = ("helpers", "tools", "tests", "baselines")
LINKED = ("data", "records", "images")
FILES = ("pyproject.toml", "_config.yml", "README.md", "CITATION.cff")


class Fault(NamedTuple):
    """What is wrong, where, what must notice, and the text that `new` replaces."""

    name: str
    file: str
    check: str
    old: str
    new: str


FAULTS = [
    Fault("labels shifted by one", "notes.py", "datasets::bundled_notes",
          'self.table["family"].map(FAMILIES.index)',
          '((self.table["family"].map(FAMILIES.index) + 1) % 10)'),
    Fault("the same notes drawn for every seed", "notes.py",
          "datasets::sample_is_balanced_and_seeded",
          "np.random.default_rng([seed, family]).permutation(rows)",
          "np.random.default_rng(family).permutation(rows)"),
    Fault("a wrong hop length", "features.py", "features::leading_axes_are_kept",
          "hop_length: int = 512,\n    n_mels: int = 128,\n    n_mfcc",
          "hop_length: int = 500,\n    n_mels: int = 128,\n    n_mfcc"),
    Fault("waveforms padded by their mirror image", "features.py",
          "features::log_mel_equals_librosa",
          "padded = np.pad(waveform, n_fft // 2)",
          'padded = np.pad(waveform, n_fft // 2, mode="reflect")'),
    Fault("another window", "features.py", "features::log_mel_equals_librosa",
          'scipy.signal.get_window("hann", n_fft)',
          'scipy.signal.get_window("hamming", n_fft)'),
    Fault("decibels without their floor", "features.py", "features::log_mel_equals_librosa",
          'return np.maximum(decibels, decibels.max() - SETTINGS["top_db"])',
          "return decibels"),
    Fault("a cosine transform that is not scaled", "features.py",
          "features::silence_and_full_scale",
          'scipy.fft.dct(mel, type=2, norm="ortho", axis=-1)',
          "scipy.fft.dct(mel, type=2, axis=-1)"),
    Fault("a fold that trains on its test notes", "folds.py",
          "folds::folds_are_what_the_thesis_asks_for",
          "np.setdiff1d(everything, np.concatenate([test, validation]))",
          "np.setdiff1d(everything, validation)"),
    Fault("held-out instruments that are not held out", "folds.py",
          "folds::grouped_folds_hold_out_whole_instruments",
          "test, validation = np.flatnonzero(pile == k), []",
          "test, validation = np.flatnonzero(np.roll(pile, 1) == k), []"),
    Fault("dropout left out before the dense layers of the CNN", "models.py",
          "models::layers_and_their_biases",
          "        _convolution(conv_2_filters_2),\n"
          "        layers.Dropout(dropout_cnn),\n",
          "        _convolution(conv_2_filters_2),\n"),
    Fault("a learning rate ten times too high", "models.py", "models::training_setup",
          'LEARNING_RATES = {"cnn": 1e-4',
          'LEARNING_RATES = {"cnn": 1e-3'),
    Fault("dead LSTM layers", "models.py", "models::every_layer_tells_notes_apart",
          "layers.LSTM(units, return_sequences=True)",
          'layers.LSTM(units, return_sequences=True, kernel_initializer="zeros")'),
    Fault("the confusion matrix transposed", "evaluation.py",
          "evaluation::rows_of_the_confusion_matrix_are_the_true_families",
          "np.add.at(counts, (labels, probabilities.argmax(axis=1)), 1)",
          "np.add.at(counts, (probabilities.argmax(axis=1), labels), 1)"),
    Fault("copies of training notes in the headline", "evaluation.py",
          "evaluation::tables_and_averages_over_folds",
          'keep = ~np.isin(predicted["notes"], list(without))',
          'keep = np.ones(len(predicted["notes"]), dtype=bool)'),
    Fault("copies of training notes that nobody finds", "evaluation.py",
          "evaluation::a_copy_leaks_under_any_name",
          "heard = copied | ~datasets.new_to(notes, test_notes)",
          "heard = ~datasets.new_to(notes, test_notes)"),
    Fault("recordings of training notes in the headline", "evaluation.py", "03_dataset",
          "heard = copied | ~datasets.new_to(notes, test_notes)",
          "heard = copied"),
    Fault("a record that is not checked", "runs/records.py",
          "records::a_damaged_record_is_named_and_refused",
          'if info["files"][name] != _sha256(path / name):',
          "if False:"),
    Fault("training on the test notes", "runs/training.py",
          "training::a_network_is_trained_as_its_configuration_says",
          "batches(X, y, part.train[order], size)",
          "batches(X, y, part.test[order % len(part.test)], size)"),
    Fault("validation notes tested", "runs/training.py",
          "training::each_part_of_a_fold_has_its_job",
          "(self.notes.select(part.test), self.X, part.test)",
          "(self.notes.select(part.validation), self.X, part.validation)"),
    Fault("dropout left out of every training", "runs/training.py",
          "training::a_network_is_trained_as_its_configuration_says",
          'options = config["hyperparameters"]',
          "options = config[\"hyperparameters\"] | {f\"dropout_{config['model']}\": 0}"),
    Fault("the same order of notes in every epoch", "runs/training.py",
          "training::a_network_is_trained_as_its_configuration_says",
          "np.random.default_rng([seed, epoch]).permutation(len(part.train))",
          "np.random.default_rng(seed).permutation(len(part.train))"),
    Fault("a training that is resumed without its optimizer", "runs/training.py",
          "training::an_interrupted_run_ends_in_the_same_record",
          "return [*model.variables, *model.optimizer.variables]",
          "return [*model.variables]"),
    Fault("networks that learn ten times as fast as they say", "runs/training.py", "07_lstm",
          "    history, seconds = load_checkpoint(work, model, config)\n",
          "    history, seconds = load_checkpoint(work, model, config)\n"
          '    model.optimizer.learning_rate = 10 * config["learning_rate"]\n'),
    Fault("executions of a trial with one seed", "tuning.py",
          "training::executions_of_a_trial_differ_and_are_averaged",
          "np.random.SeedSequence([seed, trial, execution])",
          "np.random.SeedSequence([seed, trial])"),
    Fault("a search judged by its last epochs", "tuning.py",
          "training::the_score_of_an_execution_is_its_best_epoch",
          'float(record.history["val_accuracy"][:epochs].max())',
          'float(record.history["val_accuracy"].iloc[-1])'),
    Fault("a sign error in the t-test", "significance.py",
          "significance::corrected_t_of_a_known_case",
          "t = mean / scale",
          "t = -mean / scale"),
    Fault("folds taken to be independent", "significance.py",
          "significance::corrected_t_of_a_known_case",
          "np.sqrt(1 / len(d) + n_test / n_train)",
          "np.sqrt(1 / len(d))"),
    Fault("a one-sided Wilcoxon test", "significance.py",
          "significance::the_thesis_could_not_have_found_less",
          "stats.wilcoxon(difference, method=method)",
          'stats.wilcoxon(difference, method=method, alternative="greater")'),
    Fault("notes drawn where instruments should be", "significance.py",
          "significance::more_notes_of_the_same_instruments_are_not_more_evidence",
          "sums, sizes = _by_instrument(values, instruments)\n    n = len(sums)",
          "sums, sizes = _by_instrument(values, np.arange(len(values)))\n    n = len(sums)"),
]  # fmt: skip


def plant(root: Path, fault: Fault) -> None:
    """Put a fault into the copy of the book at `root`.

    Raises `ValueError` if its file does not hold the text to replace exactly once.
    """
    path = root / "helpers" / fault.file
    text = path.read_text(encoding="utf-8")
    if (count := text.count(fault.old)) != 1:
        raise ValueError(f"{fault.file} has {fault.old!r} {count} times, expected once")
    path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")


def copy_of_the_book(root: Path) -> Path:
    """Copy into `root` what tests and chapters need; notes and records are linked to."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in COPIED:
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    for name in FILES:
        shutil.copy(ROOT / name, root / name)
    shutil.copytree(ROOT / "book", root / "book", ignore=shutil.ignore_patterns(*LINKED))
    for name in LINKED:
        (root / "book" / name).symlink_to(ROOT / "book" / name)
    return root
