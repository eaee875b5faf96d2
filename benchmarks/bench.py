"""What the book promises about speed, measured side by side in one run: `make bench`.

Prints medians with the machine and versions; nothing is asserted, for a machine may be busy.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # for `tools`, which is not installed
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


def bare_fit(experiment, name: str, seed: int, epochs: int = EPOCHS) -> None:
    import keras

    from helpers import models

    fold, X, y = experiment.folds[0], experiment.X, experiment.y
    keras.utils.set_random_seed(seed)
    model = models.compiled(name)
    known = X[fold.validation], y[fold.validation]
    model.fit(X[fold.train], y[fold.train], validation_data=known, epochs=epochs, verbose=0)
    for asked in (X[fold.test], experiment.X_test):
        model.predict(asked, verbose=0)


def bench_recording(repeats: int) -> None:
    """A recorded, resumable run against a bare `model.fit` with the same settings."""
    from helpers.runs import training

    def ratio(name, repeat):
        with tempfile.TemporaryDirectory() as folder:
            experiment = training.Experiment("mini", runs=folder)
            runs = {
                "bare": lambda: bare_fit(experiment, name, repeat),
                "recorded": lambda: experiment.run(name, seed=repeat, epochs=EPOCHS),
            }
            # In turns, so that neither always comes first.
            took = {key: seconds(runs[key], 1)[0] for key in sorted(runs, reverse=repeat % 2)}
            return took["recorded"] / took["bare"]

    for name in ("cnn", "lstm"):
        bare_fit(training.Experiment("mini"), name, seed=0, epochs=1)  # all is loaded and warm
        ratios = [ratio(name, repeat) for repeat in range(repeats)]
        shown = ", ".join(f"{one:.3f}" for one in ratios)
        report(f"{name}: recorded over bare fit", f"{statistics.median(ratios):.3f} (of {shown})")


def bench_views(repeats: int) -> None:
    """First views of the rendered pages from a local server, against the limits of the book."""
    from tools.book import browser as tool

    html = ROOT / tool.HTML
    names = tool.pages(html)
    if not names:
        return report("views", f"no pages in {html}: run `make book`")
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
    from tools.book import browser as tool

    html, name = ROOT / tool.HTML, "book/13_your_own_sound.html"
    if not (html / name).exists():
        return report("hears", f"no page {name} in {html}: run `make book`")

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
        name.removeprefix("bench_"): bench
        for name, bench in globals().items()
        if name.startswith("bench_")
    }
    parser.add_argument("only", nargs="*", choices=[*benches, []], help="default: all")
    parser.add_argument("--repeats", type=at_least(1), default=5)
    options = parser.parse_args()
    for name in options.only:
        benches[name](options.repeats)
    if options.only:
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
