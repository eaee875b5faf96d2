"""Run the study that `book/plan.md` lays down: `instruments study`.

Every deal of every row that is not kept yet is run, first deals first; what is interrupted goes on
from its last finished epoch. Several processes may work side by side: each takes what no other has.
The confirmatory rows (W) ask wide-test, and are run with `--confirm` once all others are kept.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.commands.options import at_least, folder
from helpers.notes import obey_interrupt, remembered_interrupts
from helpers.runs import analysis, files, quick, study


def plan_of(options: argparse.Namespace) -> list[tuple]:
    """(row, deal) pairs to run or to list, first deals first."""
    found = study.rows()
    if unknown := set(options.rows or ()) - set(found):
        raise SystemExit(
            f"no row {', '.join(sorted(unknown))} in the plan: its rows are {', '.join(found)}"
        )
    pairs = [
        (row, deal)
        for row in found.values()
        for deal in range(1, min(row.deals, options.deals or row.deals) + 1)
        if not options.rows or row.name in options.rows
        # A dry run lists the whole plan.
        if options.dry_run or row.backend == options.backend
        if options.dry_run or row.name.startswith("W-") == options.confirm
    ]
    return sorted(pairs, key=lambda pair: pair[1])


def missing() -> list[str]:
    """What has to be kept before wide-test may be asked."""
    return [
        study.kept(row, deal).stem
        for row in study.rows().values()
        for deal in range(1, row.deals + 1)
        if not row.name.startswith("W-") and not study.kept(row, deal).exists()
    ]


def show(pairs: list[tuple]) -> None:
    """One line a row: what is kept, the seconds of a deal, and what is left."""
    table = pd.DataFrame([(row.name, study.kept(row, deal)) for row, deal in pairs])
    table["seconds"] = [
        sum(info["seconds"] for info in study.read(path).infos) if path.exists() else np.nan
        for path in table[1]
    ]
    table = table.groupby(0, sort=False)["seconds"].agg(["size", "count", "mean"])
    for name, deals, done, mean in table.itertuples():
        about = f", {mean:.0f} s a deal" if done else ""
        print(f"{name:<22} {done} of {deals} deals{about}")
    hours = ((table["size"] - table["count"]) * table["mean"]).sum() / 3600
    done = f"{table['count'].sum()} of {len(pairs)} deals kept"
    print(f"{done}; {hours:.1f} hours left for rows that were timed")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="instruments study", description=(__doc__ or "").partition("\n\n")[0]
    )
    add = parser.add_argument
    add("--rows", nargs="+", help="only these rows of the plan")
    add("--deals", type=at_least(1), help="only the first so many of each row")
    add("--backend", choices=("jax", "tensorflow"), default="jax", help="only rows of this one")
    add("--runs", default="_build/study", type=folder, help="the folder of unfinished deals")
    add("--confirm", action="store_true", help="the rows that ask wide-test, once")
    add("--dry-run", action="store_true", help="list what is kept, run nothing")
    add("--findings", action="store_true", help="write book/records/study.json")
    options = parser.parse_args(arguments)
    if options.findings:
        found = analysis.write()
        for kind in ("comparisons", "confirmatory"):
            for name, one in found[kind].items():
                print(f"{kind}, {name}: {one['rows']}: {one['verdict']}")
        return 0
    os.environ["KERAS_BACKEND"] = options.backend
    # What JAX has compiled serves every later run of the same shape, whatever its fold's mean and
    # deviation: these are arguments of what is compiled, not constants in it.
    os.environ.setdefault("JAX_USE_SIMPLIFIED_JAXPR_CONSTANTS", "1")
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path("_build/jax").resolve()))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")
    pairs = plan_of(options)
    if options.dry_run:
        show(pairs)
        return 0
    if options.confirm and (left := missing()):
        print(f"wide-test is asked when all else is kept; {len(left)} deals are missing: {left[0]}")
        return 2
    quick.keep_memory()
    try:
        with remembered_interrupts():
            return _run(pairs, options.runs)
    except KeyboardInterrupt:
        print("\nStopped. Give the same command again: it goes on from the last finished epoch.")
        return 130


def _run(pairs: list[tuple], runs: Path) -> int:
    from filelock import Timeout

    failed = 0
    runs.mkdir(parents=True, exist_ok=True)
    for number, (row, deal) in enumerate(pairs, 1):
        name = study.kept(row, deal).stem
        if study.kept(row, deal).exists():
            continue
        try:
            with files.lock_at(runs / f"{name}.lock").acquire(timeout=0):
                print(f"[{number}/{len(pairs)}] {name}", flush=True)
                study.run(row, deal, runs)
        except Timeout:
            continue  # another process has it
        except Exception as error:
            obey_interrupt()
            failed += 1
            print(f"FAILED {name}: {type(error).__name__}: {error}", flush=True)
    return min(failed, 1)
