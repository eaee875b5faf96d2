"""Execute the chapters and judge their figures: `python -m tools.regression --profile smoke`.

Each chapter runs in a process of its own, with limits on time and memory, in a folder of this
call: no training of an earlier one is found there. What the chapters report is compared with the
baseline of the profile and the Keras backend (`tools.regression.baselines`). The solutions of their
exercises run after them, and every check has to pass. `report.txt` in
`_build/regression/<profile>-<backend>-seed<seed>/` says what came out; the executed chapters lie
beside it.

`--baseline` makes the baseline instead, from several seeds. It is resumable: a chapter that is
finished with a seed is not executed again, unless it, the helpers or the libraries changed.

Exit status: 0 pass, 1 fail (a chapter failed or met a limit), 3 drift (all chapters ran, and a
figure is not as before), 2 refused, 130 stopped.
"""

import argparse
import hashlib
import json
import os
import shutil
import statistics
import sys
from functools import partial
from pathlib import Path

import papermill

from helpers.commands.options import at_least, more_than_zero
from helpers.runs.files import write_atomic
from helpers.runs.machine import cards, environment
from tools.book import execute, sync
from tools.book.render import cell_ids
from tools.classroom import editions
from tools.common import ROOT, BookError
from tools.regression import baselines, report

PASS, FAIL, REFUSED, DRIFT, STOPPED = 0, 1, 2, 3, 130


def run_once(path: Path, target: Path, parameters: dict, run) -> dict:
    """`run`, unless this very chapter was executed there before: then what came out of that."""
    before = execute.read_status(target.parent.parent).get(path.stem)
    if before and not before["error"] and target.exists() and cell_ids(path) <= cell_ids(target):
        print(f"{path.stem}: done before")
        return before | {"notebook": str(target)}
    return run(path, target, parameters)


def collect(outcomes: dict[str, dict]) -> dict[str, dict]:
    """Return the figures of the chapters that ran; what cannot be read makes a chapter fail."""
    found = {}
    for name, outcome in outcomes.items():
        if not outcome["error"]:
            try:
                found[name] = baselines.figures(Path(outcome["notebook"]))
            except BookError as error:
                outcome["error"] = str(error)
    return found


def solve(masters: list[Path], folder: Path, run, jobs: int, root: Path) -> dict[str, dict]:
    """Execute the solution editions of exercises; a check that does not pass makes one fail."""
    parameters = {}
    for master in masters:
        path = folder / "solutions" / f"{master.stem}.ipynb"
        write_atomic(path, editions.editions(editions.read(master), root)["solutions"])
        parameters[path] = {}
    found = execute.run_all("solutions", parameters, folder / "exercises", run, jobs)
    for outcome in found.values():
        if not outcome["error"] and (wrong := editions.wrong(Path(outcome["notebook"]))):
            outcome["error"] = "; ".join(wrong)
    return {f"{name}, exercises": outcome for name, outcome in found.items()}


def own(seed: int, folder: Path) -> dict[str, str]:
    """Return the parameters that this command sets: no run reads the trainings of another."""
    return {"SEED": str(seed), "RUNS": str((folder / "runs").resolve())}


def regression(options, run, root: Path) -> int:
    """Execute, compare, report; return the exit status."""
    about = environment()
    place = f"{options.profile}-{about['backend']}-seed{options.seed}"
    folder = root / "_build/regression" / place
    notebooks = execute.select(options.only, root)
    parameters = execute.prepare(
        options.profile, notebooks, dict(options.parameter), root, own(options.seed, folder)
    )
    baseline = baselines.load(baselines.path_of(options.profile, about["backend"], root))
    shutil.rmtree(folder, ignore_errors=True)
    took = {name: statistics.median(chapter["seconds"]) for name, chapter in baseline.items()}
    parameters = execute.longest_first(parameters, took)
    outcomes = execute.run_all(options.profile, parameters, folder, run, options.jobs)
    found = collect(outcomes)
    findings = baselines.compare(baseline, found, options.seed)
    drifted = [finding for finding in findings if finding.status in baselines.DRIFTS]
    if not options.no_exercises:
        chapters = {path.stem for path in notebooks}
        masters = [path for path in editions.masters(root) if path.stem in chapters]
        in_place = partial(run, cwd=root / sync.EDITIONS)
        outcomes |= solve(masters, folder, in_place, options.jobs, root) if masters else {}
    failed = any(outcome["error"] for outcome in outcomes.values())
    status = FAIL if failed else DRIFT if drifted else PASS

    print(execute.report(outcomes))
    for finding in drifted:
        print(f"{finding.chapter}, {finding.name}: {report.sentence(finding)}")
    if {finding.status for finding in drifted} & {"new", "missing"}:
        print(f"New and missing figures are accepted by `make baseline PROFILE={options.profile}`.")
    title = {PASS: "pass", FAIL: "fail", DRIFT: "drift"}[status]
    report.write(folder, f"{title}: {place}", about, outcomes, findings, baseline)
    print(f"{title}: {len(drifted)} of {len(findings)} figures drifted; {folder / 'report.txt'}")
    return status


def make_baseline(options, run, root: Path) -> int:
    """Execute the chapters with every seed and write the baseline; return the exit status."""
    about = environment()
    place = f"{options.profile}-{about['backend']}-{made_by(root, about)}"
    path = baselines.path_of(options.profile, about["backend"], root)
    before, runs, took = baselines.load(path), {}, {}
    notebooks = execute.select(options.only, root)
    for seed in range(options.seeds):
        folder = root / "_build/baseline" / place / f"seed{seed}"
        parameters = execute.prepare(options.profile, notebooks, {}, root, own(seed, folder))
        if seed:  # again only where another seed makes a difference
            parameters = {p: v for p, v in parameters.items() if has_seed(p)}
        print(f"seed {seed}, {seed + 1} of {options.seeds}", flush=True)
        parameters = execute.longest_first(parameters, took)
        once = partial(run_once, run=run)
        outcomes = execute.run_all(options.profile, parameters, folder, once, options.jobs)
        found = collect(outcomes)
        if len(found) < len(outcomes):
            print(execute.report(outcomes), "\nno baseline was written", sep="\n")
            return FAIL
        for name, outcome in outcomes.items():
            runs.setdefault(name, {})[seed] = outcome | {"figures": found[name]}
            took[name] = outcome["seconds"]

    made = {"versions": report.versions(about), "device": about["device"]}
    after = dict(before) if options.only else {}
    for notebook in notebooks:
        by_seed = runs[notebook.stem]
        figures = {seed: outcome["figures"] for seed, outcome in by_seed.items()}
        after[notebook.stem] = {
            "seeds": list(by_seed) if has_seed(notebook) else None,
            "made": made,
            "seconds": [outcome["seconds"] for outcome in by_seed.values()],
            "gib": [outcome["gib"] for outcome in by_seed.values()],
            "figures": baselines.merge(figures, notebook.stem),
        }
    print("\n".join(changes(before, after)))
    baselines.save(path, after)
    print(f"wrote {path}: look at what changed, then commit it")
    return PASS


def has_seed(notebook: Path) -> bool:
    """Return whether a chapter's figures may depend on luck."""
    return "SEED" in papermill.inspect_notebook(execute.literal(notebook))


def made_by(root: Path, about: dict) -> str:
    """Return a digest of what a run depends on besides its chapter, profile, backend and seed."""
    digest = hashlib.sha256(json.dumps([about["versions"], about["device"]]).encode())
    for path in sorted((root / "helpers").rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def changes(before: dict, after: dict) -> list[str]:
    """Return old against new, one line for each figure that is another than before."""
    lines, same, chance = [], 0, baselines.level(before)
    for chapter in sorted({*before, *after}):
        olds, news = (side.get(chapter, {}).get("figures", {}) for side in (before, after))
        for name in dict.fromkeys([*olds, *news]):
            old, new = olds.get(name), news.get(name)
            if old == new:
                same += 1
                continue
            line = f"{chapter}, {name}: {report.spread(old)} -> {report.spread(new)}"
            if isinstance(old, list) and isinstance(new, list):
                ends = baselines.interval(name, old, chance)
                line += "  DRIFTED" * bool(ends and not ends[0] <= statistics.mean(new) <= ends[1])
            lines.append(line)
    return [*lines, f"{len(lines)} figures changed, {same} are as they were"]


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; return the exit status (see the module)."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    execute.add_options(parser)
    # One card holds one chapter: TensorFlow takes all of its memory.
    parser.set_defaults(jobs=1 if cards() else min(4, os.cpu_count()))
    parser.add_argument("--seed", type=at_least(0), default=0, help="default 0")
    parser.add_argument("--no-exercises", action="store_true", help="leave the solutions out")
    parser.add_argument("--baseline", action="store_true", help="make the baseline")
    parser.add_argument("--seeds", type=at_least(2), default=10, help="of a baseline; default 10")
    parser.add_argument(
        "--limit-seconds", type=more_than_zero(), default=1800, help="a chapter; default 1800"
    )
    parser.add_argument(
        "--limit-gib", type=more_than_zero(), default=8, help="a chapter; default 8"
    )
    options = parser.parse_args(arguments)
    if options.baseline and (options.parameter or options.seed):
        parser.error("a baseline is made with the chapters' own parameters and seeds from 0 on")
    execute.be_quiet_and_stoppable()
    run = partial(execute.run_limited, seconds=options.limit_seconds, gib=options.limit_gib)
    try:
        return (make_baseline if options.baseline else regression)(options, run, root)
    except BookError as error:
        print(f"regression: {error}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return STOPPED
