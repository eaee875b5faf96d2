"""The thesis's size, measured with what is at hand: `python benchmarks/real_size.py --notes 2000`.

A server on loopback sends an archive of any number of notes that it makes as it goes: the bundled
notes, again and again, under other names. Nothing large is stored. From it a feature store is made
as from NSynth's own archive, with a test split; then each of the four models is trained for some
steps from the memory-mapped store. `--write` puts the table of times into the book's page.

What is measured: seconds on the clock, and peak memory without files that are mapped, over all
processes but the server. Linux only.
"""

import argparse
import gzip
import io
import json
import os
import sys
import tarfile
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor, wait
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # for `tools`, which is not installed
from tools.book.memory import family  # noqa: E402

PAGE = ROOT / "book" / "real_size.md"
OUT = ROOT / "_build" / "benchmarks"
STEPS = 200
FULL = 87_500


class Archive:
    """A `.tar.gz` of `n` notes as pieces that are ready: to send it costs next to nothing."""

    def __init__(self, n: int, split: str):
        import soundfile

        from helpers import datasets

        bundled = datasets.load("nsynth-mini", split)
        table = bundled.table
        ranks = table.groupby("family")["instrument"].transform(lambda x: x.rank(method="dense"))
        self.sounds, kinds = [], []
        # One of each family in turn: any ten in a row are balanced, as far as the set is.
        turns = table.groupby("family").cumcount().sort_values(kind="stable").index
        for i in turns:
            row = table.loc[i]
            samples, rate = soundfile.read(io.BytesIO(bundled.read_bytes(i)), dtype="int16")
            wav = io.BytesIO()
            soundfile.write(wav, samples, rate, format="WAV", subtype="PCM_16")
            size = len(wav.getvalue())
            self.sounds.append(gzip.compress(wav.getvalue() + b"\0" * (-size % 512), 6))
            kinds.append((row, int(ranks[i]) - 1))
        self.names = []
        first = 500 if split == "test" else 0  # no note is in both splits
        for i in range(n):
            # The same note as another instrument's, so that no name comes twice.
            row, rank = kinds[i % len(kinds)]
            number = first + i // len(kinds) * int(ranks.max()) + rank
            kind = f"{row.family}_{row.source}_{number:03d}"
            self.names.append(f"{kind}-{row.pitch:03d}-{row.velocity:03d}")
        assert len(set(self.names)) == n
        self.split, self.wav_size = split, size

    def pieces(self):
        for i, name in enumerate(self.names):
            yield gzip.compress(self._header(f"audio/{name}.wav", self.wav_size), 1)
            yield self.sounds[i % len(self.sounds)]
        listing = self._listing()
        end = b"\0" * (-len(listing) % 512 + 1024)
        yield gzip.compress(self._header("examples.json", len(listing)) + listing + end, 1)

    def _header(self, name: str, size: int) -> bytes:
        member = tarfile.TarInfo(f"nsynth-{self.split}/{name}")
        member.size = size
        return member.tobuf(tarfile.USTAR_FORMAT)

    def _listing(self) -> bytes:
        from helpers import datasets

        notes = map(datasets.parse_note, self.names)
        fields = {n["note"]: {old: n[new] for old, new in datasets.COLUMNS.items()} for n in notes}
        return json.dumps(fields).encode()


@contextmanager
def serving(notes: int, test: int):
    """A server of both splits; its address."""
    archives = {
        f"/nsynth-{split}.jsonwav.tar.gz": Archive(n, split)
        for split, n in (("train", notes), ("test", test))
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            archive = archives[self.path]
            self.send_response(200)
            self.send_header("Content-Length", str(sum(map(len, archive.pieces()))))
            self.end_headers()
            for piece in archive.pieces():
                self.wfile.write(piece)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def anonymous(process) -> int:
    with suppress(psutil.Error):  # it has ended
        memory = process.memory_info()
        return memory.rss - memory.shared
    return 0


def measured(function, *arguments) -> dict:
    """Call a function in a process of its own: what it returns, what it took, and peak memory."""
    start, peak = time.perf_counter(), 0
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        future = pool.submit(function, *arguments)
        while not wait([future], timeout=0.2).done:  # looking takes time from what is measured
            peak = max(peak, sum(map(anonymous, family(os.getpid())[1:])))
    return future.result() | {"seconds": time.perf_counter() - start, "peak_bytes": peak}


def store(notes: int, test: int, folder: Path) -> dict:
    """Make both splits of a store from the server; what it cost."""
    with serving(notes, test) as url:
        return {"notes": notes, "test": test} | measured(make, url, str(folder), notes)


def make(url: str, folder: str, notes: int) -> dict:
    from helpers.commands.nsynth import stream

    arguments = ["train", "test", "--source", url, "--to", folder]
    stream.main([*arguments, "--per-family", str(notes // 10)])
    return {}


def train(folder: str, name: str, variant: str) -> dict:
    """Some steps of one model from the store, then a prediction of the test split."""
    import keras
    import numpy as np

    from helpers import datasets, folds, models, tuning
    from helpers.runs import cache, training

    notes, test = datasets.load(folder, "train"), datasets.load(folder, "test")
    X, y, X_test = cache.extract(notes), notes.labels, cache.extract(test)
    assert isinstance(X, np.memmap)
    part = folds.stratified(y)[0]
    setting = tuning.THESIS[name] if variant == "thesis" else {}
    model = models.compiled(name, **models.hyperparameters(name, setting))
    rows = np.resize(np.random.default_rng(0).permutation(part.train), STEPS * 32)
    model.fit(training.batches(X, y, rows[: 3 * 32], 32), shuffle=False, verbose=0)  # compiled
    start = time.perf_counter()
    model.fit(training.batches(X, y, rows, 32), shuffle=False, verbose=0)
    fitted = time.perf_counter() - start
    model.predict(training.batches(X_test, None, np.arange(min(256, len(test))), 256), verbose=0)
    start = time.perf_counter()
    model.predict(training.batches(X_test, None, np.arange(len(X_test)), 256), verbose=0)
    predicted = time.perf_counter() - start
    speeds = {"train": len(rows) / fitted, "predict": len(X_test) / predicted}
    return {"notes_a_second": speeds, "backend": keras.backend.backend()}


def whole(speeds: dict, profile) -> dict[str, float]:
    """Seconds that each part of the thesis's protocol takes at the speeds measured."""

    def run(model, variant, epochs):
        speed = speeds[f"{model} {variant}"]["notes_a_second"]
        n = 10 * profile.notes_per_family
        return epochs * (0.8 * n / speed["train"] + 0.1 * n / speed["predict"])

    found, folds = {}, profile.folds
    searches = profile.trials * profile.executions
    for model in ("cnn", "lstm"):
        label, fold = model.upper(), run(model, "thesis", profile.epochs)
        found[f"base {label}, {folds} folds"] = folds * run(model, "base", profile.epochs)
        # What a search draws is larger or smaller than its winner: taken to cost as much.
        execution = run(model, "thesis", profile.tuning_epochs)
        found[f"search for the {label}, {searches} executions"] = searches * execution
        found[f"optimised {label}, {folds} folds"] = folds * fold
    return found


def table(result: dict) -> str:
    from helpers import profiles

    made, full = result["store"], result["store"]["notes"] == FULL
    scale = FULL / made["notes"]
    hours = {name: s / 3600 for name, s in whole(result["models"], profiles.get("thesis")).items()}

    def shown(h):
        return f"{h / 24:.1f} days" if h > 48 else f"{h:.1f} h" if h > 1.5 else f"{60 * h:.0f} min"

    kind = "measured" if full else f"estimated from {made['notes']:,} notes, measured"
    rows = [
        ("87,500 training notes and a test split: archive to features, without the transfer",
         shown(made["seconds"] * scale / 3600), kind)
    ]  # fmt: skip
    rows += [(n, shown(h), f"estimated from {STEPS} steps") for n, h in hours.items()]
    rows += [("all trainings together", shown(sum(hours.values())), "estimated")]
    rows += [("the same on a GPU", "not measured", "no GPU was at hand")]
    peak = max(m["peak_bytes"] for m in result["models"].values())
    lines = ["| step | time | how we know |", "|---|---:|---|"]
    lines += [f"| {a} | {b} | {c} |" for a, b, c in rows]
    lines += [
        "",
        f"On {result['machine']}; the CNN on {result['models']['cnn base']['backend']}, the LSTM "
        f"on {result['models']['lstm base']['backend']}. Memory, without the mapped store: at most "
        f"{made['peak_bytes'] / 2**20:.0f} MiB over all processes while the store is made, "
        f"{peak / 2**20:.0f} MiB in a training. NSynth's training archive has 22 GiB: at 100 "
        f"Mbit/s it takes {22 * 2**30 * 8 / 1e8 / 60:.0f} minutes to arrive (computed), at a "
        "slower line longer.",
    ]
    return "\n".join(lines)


def write(result: dict, page: Path = PAGE) -> None:
    """Put the table of times into the page."""
    text = page.read_text()
    start, end = "<!-- times -->\n", "<!-- /times -->"
    before, rest = text.split(start)
    page.write_text(before + start + table(result) + "\n" + end + rest.split(end)[1])


def main() -> None:
    from helpers.commands.options import at_least
    from helpers.runs import machine

    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--notes", type=at_least(100), default=2000, help=f"the thesis has {FULL}")
    parser.add_argument("--write", action="store_true", help=f"the table, into {PAGE.name}")
    options = parser.parse_args()
    result = {"machine": f"{machine.processor()}, {os.cpu_count()} cores", "models": {}}
    with tempfile.TemporaryDirectory() as place:
        result["store"] = store(options.notes, min(4096, options.notes // 20), Path(place))
        print("store", json.dumps(result["store"]), flush=True)
        for name, backend in (("cnn", "tensorflow"), ("lstm", "jax")):
            os.environ["KERAS_BACKEND"] = backend
            for variant in ("base", "thesis"):
                found = measured(train, place, name, variant)
                result["models"][f"{name} {variant}"] = found
                print(name, variant, json.dumps(found), flush=True)
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"real_size-{options.notes}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(f"{table(result)}\n\nin {path}")
    if options.write:
        write(result)


if __name__ == "__main__":
    main()
