"""What the book promises about speed, measured side by side in one run: `make bench`.

Prints medians with the machine and versions; nothing is asserted, for a machine may be busy.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# One thread each, so that the comparison is of the work and not of the cores. Before numpy loads.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    if {"mfcc", "cores", "archive"} & set(sys.argv):
        os.environ[variable] = "1"

REPORT = Path(__file__).parents[1] / "_build" / "benchmarks"
FULL = 87_500
ARCHIVES = (1000, 10_000, FULL)  # notes; the last one once
HEARD = {"bytes": 3_000_000, "seconds": 1}  # of a sound that the page hears
VIEW = {"bytes": 1_500_000, "requests": 25, "shift": 0.05, "paint": 1.5}
EPOCHS = 8  # of 800 notes, in the recording bench


def report(name: str, value: str) -> None:
    print(f"{name:<58} {value}", flush=True)


def seconds(function, repeats: int) -> list[float]:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return times


def bench_import(repeats: int) -> None:
    """`import helpers`, a bare interpreter's start taken off."""

    def start(code):
        return seconds(lambda: subprocess.run([sys.executable, "-c", code], check=True), repeats)

    bare = statistics.median(start("pass"))
    report("import helpers", f"{statistics.median(start('import helpers')) - bare:.3f} s")
    modules = "from helpers import datasets, evaluation, features, folds, significance"
    runs = "from helpers.runs import records, training"
    took = statistics.median(start(f"{modules}; {runs}")) - bare
    report("from helpers import all that needs no network", f"{took:.3f} s")


def bench_mfcc(repeats: int) -> None:
    """`helpers.features.mfcc` against a loop over `librosa.feature.mfcc`, one thread each."""
    import librosa

    from helpers import datasets, features

    waveforms = datasets.load("nsynth-mini").sample(20).waveforms()

    def loop():
        for waveform in waveforms:
            librosa.feature.mfcc(y=waveform, sr=16_000, n_mfcc=13)

    def ours():
        features.mfcc(waveforms)

    loop(), ours()  # filters and compiled code are ready
    pairs = [(seconds(loop, 1)[0], seconds(ours, 1)[0]) for _ in range(repeats)]
    for name, column in (("librosa.feature.mfcc, looped", 0), ("helpers.features.mfcc", 1)):
        median = statistics.median(pair[column] for pair in pairs)
        report(name, f"{1000 * median / len(waveforms):.2f} ms a note")
    report("ratio (median of pairs)", f"{statistics.median(a / b for a, b in pairs):.2f}")


def bench_cores(repeats: int) -> None:
    """Features of 400 notes by one process and by two, each with one thread."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    from helpers import datasets
    from helpers.runs import cache

    notes = datasets.load("nsynth-mini").sample(40)
    context, times = get_context("spawn"), {1: [], 2: []}
    with ProcessPoolExecutor(1, context) as one, ProcessPoolExecutor(2, context) as two:

        def run(executor):
            cache.extract(notes, cache=None, progress=False, executor=executor)

        run(one), run(two)  # processes have started
        for _ in range(repeats):
            times[1] += seconds(lambda: run(one), 1)
            times[2] += seconds(lambda: run(two), 1)
    for n, found in times.items():
        report(f"features, {n} process(es)", f"{len(notes) / statistics.median(found):.0f} notes/s")
    ratio = statistics.median(a / b for a, b in zip(*times.values(), strict=True))
    report("two processes over one (median of pairs)", f"{ratio:.2f}")


def bench_archive(repeats: int) -> None:
    """From an archive on loopback to a store: against its two parts, and against more notes."""
    import real_size

    cores = len(os.sched_getaffinity(0))
    parts, found = [], {n: [] for n in ARCHIVES}
    for repeat in range(repeats):
        # The parts beside the whole: a machine that others use is now faster, now slower.
        parts.append(real_size.parts())
        for notes, stores in found.items():
            if notes == FULL and repeat:
                continue
            # A fresh folder each time, and a test split in proportion, as NSynth's is not larger.
            with tempfile.TemporaryDirectory() as folder:
                stores.append(real_size.store(notes, notes // 20, Path(folder)))
                # The server's own seconds are not the store's: they are taken off the clock.
                stores[-1]["net"] = stores[-1]["seconds"] - stores[-1]["server_seconds"] / cores
    middle = {key: statistics.median(p[key] for p in parts) for key in parts[0]}
    for name in ("isal", "gzip"):
        report(f"decompression, {name}", f"{middle[f'{name}_bytes_a_second'] / 1e6:.0f} MB/s")
    ratio = statistics.median(p["gzip"] / p["isal"] for p in parts)
    report("isal over gzip (median of pairs)", f"{ratio:.2f}")
    report(
        "features of a note, decoded and digested", f"{1000 * middle['features']:.2f} ms of a core"
    )
    keys = ("notes", "test", "net", "peak_bytes")
    usual = {n: {k: statistics.median(s[k] for s in found[n]) for k in keys} for n in found}

    def a_note(few, many):
        """Seconds of one more note: what starts and ends is the same for all."""
        more = (many["notes"] + many["test"]) - (few["notes"] + few["test"])
        return (many["net"] - few["net"]) / more

    few, some, *full = usual.values()
    report("archive to store, a note on the clock", f"{1000 * a_note(few, some):.2f} ms")
    ratios = [
        a_note(one, more) / (part["isal"] + part["features"]) * cores
        for part, one, more in zip(parts, *list(found.values())[:2], strict=True)
    ]
    ends = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    report("over (decompression + features) / cores", ends)
    for many in full:
        ratio = a_note(some, many) / a_note(few, some)
        report(f"a note beyond {some['notes']:,.0f} over one before", f"{ratio:.2f}")
    for one in usual.values():
        report(f"peak memory, {one['notes']:,.0f} notes", f"{one['peak_bytes'] / 2**20:.0f} MiB")
    for many in full:
        ratio = many["peak_bytes"] / some["peak_bytes"]
        report(f"{many['notes']:,.0f} notes over {some['notes']:,.0f}", f"{ratio:.2f}")
    REPORT.mkdir(parents=True, exist_ok=True)
    (REPORT / "archive.json").write_text(json.dumps({"parts": parts, "stores": found}, indent=1))
    report("numbers", str(REPORT))


def bare_fit(experiment, name: str, seed: int, epochs: int = EPOCHS) -> None:
    import keras

    from helpers import models

    fold = experiment.folds[0]
    keras.utils.set_random_seed(seed)
    model = models.compiled(name)
    model.fit(
        experiment.X[fold.train],
        experiment.y[fold.train],
        validation_data=(experiment.X[fold.validation], experiment.y[fold.validation]),
        epochs=epochs,
        verbose=0,
    )
    model.predict(experiment.X[fold.test], verbose=0)
    model.predict(experiment.X_test, verbose=0)


def bench_batches(repeats: int) -> None:
    """An epoch of batches read by index against one of arrays in memory, in turns."""
    import keras
    import numpy as np

    from helpers import models
    from helpers.runs import training

    experiment = training.Experiment("mini")
    X, y, part = experiment.X, experiment.y, experiment.folds[0]
    for name in ("cnn", "lstm"):
        keras.utils.set_random_seed(0)
        model = models.compiled(name)
        whole = X[part.validation], y[part.validation]
        rows = np.random.default_rng(0).permutation(part.train)

        def arrays():
            model.fit(X[rows], y[rows], validation_data=whole, shuffle=False, verbose=0)  # noqa: B023

        def indexed():
            model.fit(  # noqa: B023
                training.batches(X, y, rows, 32),  # noqa: B023
                validation_data=training.batches(X, y, part.validation, 32),
                shuffle=False, verbose=0,
            )  # fmt: skip

        arrays(), indexed()
        pairs = [(seconds(arrays, 1)[0], seconds(indexed, 1)[0]) for _ in range(repeats)]
        ratio = statistics.median(b / a for a, b in pairs)
        report(f"{name}: an epoch by index over one from arrays", f"{ratio:.3f}")


def recorded_run(experiment, name: str, seed: int) -> None:
    experiment.run(name, seed=seed, epochs=EPOCHS)


def bench_recording(repeats: int) -> None:
    """A recorded, resumable run against a bare `model.fit` with the same settings."""
    from helpers.runs import training

    for name in ("cnn", "lstm"):
        ratios = []
        bare_fit(training.Experiment("mini"), name, seed=0, epochs=1)  # all is loaded and warm
        for repeat in range(repeats):
            with tempfile.TemporaryDirectory() as folder:
                experiment = training.Experiment("mini", runs=folder)
                pair = [bare_fit, recorded_run]
                # In turns, so that neither always comes first.
                times = {}
                for run in pair if repeat % 2 else pair[::-1]:
                    times[run] = seconds(lambda: run(experiment, name, repeat), 1)[0]  # noqa: B023
                ratios.append(times[recorded_run] / times[bare_fit])
        shown = ", ".join(f"{ratio:.3f}" for ratio in ratios)
        report(f"{name}: recorded over bare fit", f"{statistics.median(ratios):.3f} (of {shown})")


# Runs a file or a module as a program; the last line on stderr is what is measured.
PROGRAM = """
import contextlib, runpy, sys, time
start = time.perf_counter()
run = runpy.run_path if sys.argv[1].endswith(".py") else runpy.run_module
sys.argv.pop(0)
with contextlib.suppress(SystemExit):
    run(sys.argv[0], run_name="__main__")
print(f"{time.perf_counter() - start:.1f}", "tensorflow" in sys.modules, file=sys.stderr)
"""


def bench_pages(repeats: int) -> None:
    """The pages that are computed from records; `make book` leaves nothing to train."""
    root = Path(__file__).parents[1]
    environment = os.environ | {"MPLBACKEND": "agg"}
    for page in ("09_results", "10_significance"):
        times, loaded = [], False
        for _ in range(repeats):
            done = subprocess.run(
                [sys.executable, "-c", PROGRAM, f"{page}.py"],
                cwd=root / "book", env=environment, capture_output=True, text=True, check=True,
            )  # fmt: skip
            took, tensorflow = done.stderr.split("\n")[-2].split()
            times.append(float(took))
            loaded |= tensorflow == "True"
        with_it = "with" if loaded else "without"
        report(f"page: {page}", f"{statistics.median(times):.1f} s, {with_it} TensorFlow")


def bench_views(repeats: int) -> None:
    """First views of the rendered pages from a local server, against the limits of the book."""
    root = Path(__file__).parents[1]
    sys.path.insert(0, str(root))  # for `tools`, which is not installed
    from tools.book import browser as tool

    html = root / tool.HTML
    names = tool.pages(html)
    if not names:
        report("views", f"no pages in {html}: run `make book`")
    with tool.served(html) as address, tool.opened() as browser:
        for name in names:
            views = [tool.view(browser, address + name) for _ in range(repeats)]
            seen = {key: statistics.median(v[key] for v in views) for key in views[0]}
            over = [key for key, limit in VIEW.items() if seen[key] > limit]
            shown = (
                f"{seen['bytes'] / 1000:.0f} kB, {seen['requests']:.0f} requests, "
                f"shift {seen['shift']:.3f}, paint {seen['paint']:.2f} s"
            )
            report(f"view: {name}", shown + (f"; over: {', '.join(over)}" if over else ""))


def bench_hears(repeats: int) -> None:
    """A sound in chapter 13's rendered page: what the first one fetches, and when it is answered.

    Seconds from the choice of a sound to the answer: by the smallest model, with what is fetched
    first; by the same again; and with the thesis's two networks beside it, fetched before.
    """
    root = Path(__file__).parents[1]
    sys.path.insert(0, str(root))  # for `tools`, which is not installed
    from tools.book import browser as tool

    html, name = root / tool.HTML, "book/13_your_own_sound.html"
    if not (html / name).exists():
        report("hears", f"no page {name} in {html}: run `make book`")
        return

    def answered(page, sound, models):
        def choose():
            page.get_by_label("a sound of the book").select_option(sound)
            for model in models:
                page.get_by_text(re.compile(rf"^{sound}\. .*\b{model}: ")).wait_for()

        return seconds(choose, 1)[0]

    found = {"first": [], "again": [], "three": []}
    with tool.served(html) as address, tool.opened() as browser:
        for _ in range(repeats):
            page, responses = browser.new_page(), []
            page.goto(address + name, wait_until="networkidle")
            page.on("response", lambda response: responses.append(response))  # noqa: B023
            found["first"].append(answered(page, "flute", ["dense"]))
            fetched = sum(len(r.body()) for r in responses if r.url.startswith(address))
            found["again"].append(answered(page, "vocal", ["dense"]))
            for model in ("cnn", "lstm"):
                page.get_by_role("button", name=model).click()
            answered(page, "brass", ["dense", "cnn", "lstm"])
            found["three"].append(answered(page, "guitar", ["dense", "cnn", "lstm"]))
            page.close()
    over = "; over" if fetched > HEARD["bytes"] else ""
    report("fetched for the first sound", f"{fetched / 1000:.0f} kB{over}")
    for key, what in (("first", "dense, and its files"), ("again", "dense"),
                      ("three", "dense, CNN and LSTM")):  # fmt: skip
        took = statistics.median(found[key])
        over = "; over" if took > HEARD["seconds"] else ""
        report(f"a sound heard by {what}", f"{took:.2f} s{over}")


def main() -> None:
    from helpers.commands.options import at_least

    parser = argparse.ArgumentParser(description=__doc__)
    benches = {
        "archive": bench_archive,
        "batches": bench_batches,
        "cores": bench_cores,
        "hears": bench_hears,
        "import": bench_import,
        "mfcc": bench_mfcc,
        "pages": bench_pages,
        "recording": bench_recording,
        "views": bench_views,
    }
    parser.add_argument("only", nargs="*", choices=[*benches, []], help="default: all")
    parser.add_argument("--repeats", type=at_least(1), default=5)
    options = parser.parse_args()
    if options.only:
        for name in options.only:
            benches[name](options.repeats)
        return
    from importlib import metadata

    from helpers.runs import machine

    machine = f"{machine.processor()}, {os.cpu_count()} cores; Python {sys.version.split()[0]}"
    versions = ", ".join(
        f"{p} {metadata.version(p)}" for p in ("numpy", "librosa", "keras", "tensorflow")
    )
    print(f"{machine}, {versions}; medians of {options.repeats}\n", flush=True)
    for name in benches:  # each in a process of its own: imports and threads are its own
        subprocess.run(
            [sys.executable, __file__, name, "--repeats", str(options.repeats)], check=True
        )


if __name__ == "__main__":
    main()
