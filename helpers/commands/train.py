"""All the runs of a profile, in one command: `instruments train --profile mini`.

Runs that are recorded are passed over, one that was interrupted goes on from its last finished
epoch, and runs may be split among processes, machines or classmates: copy the folders of their
records together. `--dry-run` lists what is done and what is to do.
"""

import argparse
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, ProcessPoolExecutor, wait
from contextlib import contextmanager
from functools import lru_cache, partial
from itertools import product
from typing import Any

from tqdm import tqdm

from helpers import profiles, tuning
from helpers.commands import options
from helpers.notes import DatasetError, obey_interrupt, remembered_interrupts
from helpers.runs import records, training

VARIANTS = ("base", "tuning", "tuned", "thesis")
SPLITS = ("stratified", "grouped", "matched")


def jobs_of(where: tuple, model: str, variant: str, seed: int, **options: Any) -> list[dict]:
    """The runs of one model and variant, as arguments of `Experiment.run`.

    The tuned model's hyperparameters come from the records of its search on the thesis's folds,
    which `tuning.search` completes first where they are missing.

    `where`: the arguments of `helpers.runs.training.Experiment`. `seed`: of the trainings.
    `**options`: `fold`, of the search; `epochs` and `remeasure`, as `Experiment.run` has them.
    """
    experiment, search_fold = _experiment(*where), options.pop("fold", 1)
    if variant == "tuning":
        options.pop("remeasure", None)
        return [job | options for job in tuning.plan(experiment.profile, model, fold=search_fold)]
    found = {"base": None, "thesis": tuning.THESIS[model]}
    if variant == "tuned":
        found["tuned"] = tuning.search(_experiment(*where[:3]), model).best
    common = {"model": model, "hyperparameters": found[variant], "seed": seed} | options
    return [common | {"fold": fold} for fold in range(1, experiment.n_folds + 1)]


@lru_cache(maxsize=2)
def _experiment(*where: Any) -> training.Experiment:
    return training.Experiment(*where)


def run_job(where: tuple, job: dict) -> str:
    """Do one run in this process, whichever that is; returns the record's name."""
    return records.record_name(_experiment(*where).run(**job).config)


def left(
    experiment: training.Experiment, jobs: list[dict], done: list[records.Record], workers: int = 1
) -> str:
    """How long these runs will take, by those of the same model and hyperparameters that are done.

    Else by those of the same model; runs without either count as the others.
    """
    if not jobs:
        return "nothing left to do"
    seconds = []
    for config in (experiment.config(**job) for job in jobs):
        alike = records.select(done, model=config["model"])
        alike = records.select(alike, hyperparameters=config["hyperparameters"]) or alike
        if alike:
            epochs = config["epochs"] - training.epochs_done(experiment.runs, config)
            speeds = [record.seconds / record.config["epochs"] for record in alike]
            seconds.append(epochs * sum(speeds) / len(speeds))
    if not seconds:
        return "time left not known before the first run is done"
    minutes = sum(seconds) / len(seconds) * len(jobs) / 60 / workers
    return f"about {minutes:.0f} min left" if minutes >= 1.5 else f"about {60 * minutes:.0f} s left"


def look(experiment: training.Experiment, jobs: list[dict]) -> tuple[list, list, list]:
    """Sort runs into the records of those that are done, those to do, and refused records."""
    done, to_do, refused = [], [], []
    for job in jobs:
        try:
            record = records.find(experiment.runs, experiment.config(**job))
        except records.RecordError as error:
            refused.append(error)
        else:
            (to_do if record is None else done).append(job if record is None else record)
    return done, to_do, refused


def show(experiment: training.Experiment, jobs: list[dict], known: list) -> int:
    """What is done and what is to do, one line a run; returns how many records are refused."""
    done, to_do, refused = look(experiment, jobs)
    known += done
    for record in done:
        print(f"{records.record_name(record.config):<44} done in {record.seconds:.0f} s")
    for job in to_do:
        config = experiment.config(**job)
        epochs = training.epochs_done(experiment.runs, config)
        print(f"{records.record_name(config):<44} {epochs} of {config['epochs']} epochs")
    for error in refused:
        print(f"REFUSED {error}")
    print(f"{len(done)} of {len(jobs)} runs done, {left(experiment, to_do, known)}")
    return len(refused)


def run_all(
    experiment: training.Experiment,
    where: tuple,
    jobs: list[dict],
    executor: Executor | None = None,
    known: list[records.Record] | None = None,
) -> int:
    """Do all runs, one after the other or through any `concurrent.futures.Executor`.

    A run that fails is reported and does not stop the others.

    `where`: the arguments of `Experiment`, of which a worker makes the same one. `jobs`: arguments
    of `Experiment.run`. `known` (list of Record): further records to estimate times from; those of
    this call are added. Returns how many runs failed or have records that are refused.
    """
    known = [] if known is None else known
    done, to_do, refused = look(experiment, jobs)
    known += done
    for error in refused:
        print(f"REFUSED {error}", flush=True)
    failed = len(refused)
    workers = getattr(executor, "_max_workers", 1)

    def finish(job: dict, result: Callable[[], object]) -> None:
        nonlocal failed
        name = records.record_name(experiment.config(**job))
        to_do.remove(job)
        try:
            result()
        except Exception as error:
            # A library may make an error of its own of an interrupt.
            obey_interrupt()
            failed += 1
            print(f"FAILED {name}: {type(error).__name__}: {error}", flush=True)
            return
        if record := records.find(experiment.runs, experiment.config(**job)):
            known.append(record)
        finished = f"{len(jobs) - len(to_do) - failed}/{len(jobs)}"
        print(f"[{finished}] {name}, {left(experiment, to_do, known, workers)}", flush=True)

    if executor is None:
        for job in list(to_do):
            finish(job, partial(experiment.run, **job))
        return failed
    futures = {executor.submit(run_job, where, job): job for job in to_do}
    configs = [experiment.config(**job) for job in to_do]
    # Workers may be anywhere: how far they are is read from their checkpoints.
    with tqdm(total=sum(c["epochs"] for c in configs), desc="all runs", unit="epoch") as bar:
        while futures:
            ready, _ = wait(futures, timeout=2, return_when=FIRST_COMPLETED)
            for future in ready:
                finish(futures.pop(future), future.result)
            bar.update(sum(training.epochs_done(experiment.runs, c) for c in configs) - bar.n)
    return failed


def _worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    os.environ["TQDM_DISABLE"] = "1"  # and shows one bar for all


@contextmanager
def processes(n: int) -> Iterator[ProcessPoolExecutor | None]:
    """A pool of n processes that an interrupt stops at once, or None for n = 1.

    Nothing is lost by that: a run goes on from its last finished epoch.
    """
    if n == 1:
        yield None
        return
    # Spawned, not forked: Keras's backends do not survive a fork.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(n, mp_context=context, initializer=_worker)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    pool.shutdown()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="instruments train", description=(__doc__ or "").partition("\n\n")[0]
    )
    add = parser.add_argument
    add("--profile", default="quick", choices=list(profiles.PROFILES))
    add("--data", default="nsynth-mini", type=options.data, help="a set in NSynth's layout")
    add("--runs", default="_build/runs", type=options.folder, help="the folder of records")
    add("--only", nargs="+", choices=("cnn", "lstm"), default=["cnn", "lstm"])
    add("--variant", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    add("--fold", type=options.at_least(1), nargs="+", help="only these folds, from 1")
    add("--seed", type=options.at_least(0), nargs="+", default=[0], help="of the trainings")
    add("--split", default="stratified", choices=SPLITS, help="the folds")
    add("--feature", default="mfcc", choices=("mfcc", "mel", "mel13"))
    add("--seconds", type=options.more_than_zero(4), default=4, help="of each note, from its start")
    add("--epochs", type=options.at_least(1), help="instead of the profile's")
    add("--search-fold", type=options.at_least(1), default=1, help="that a search trains on")
    add("--remeasure", action="store_true", help="the training notes, with dropout off")
    add("--jobs", type=options.jobs, default=1, help="processes that train at once")
    add("--dry-run", action="store_true", help="list runs, train nothing")
    args = parser.parse_args(arguments)
    where: tuple = (args.profile, args.data, str(args.runs))
    unusual = (0, args.split, args.feature, args.seconds)
    if unusual != (0, "stratified", "mfcc", 4):
        where += unusual
    try:
        with remembered_interrupts():
            return _run(args, where)
    except (DatasetError, OSError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            f"\nStopped. Finished runs are in {args.runs}; one that was interrupted goes on "
            "from its last finished epoch: give the same command again."
        )
        return 130


def _run(args: argparse.Namespace, where: tuple) -> int:
    experiment = _experiment(*where)
    for flag, folds in (("--fold", args.fold or []), ("--search-fold", [args.search_fold])):
        if beyond := [fold for fold in folds if fold > experiment.n_folds]:
            print(f"{flag} {beyond[0]}: {args.profile} has folds 1 to {experiment.n_folds}")
            return 2
    more = {key: value for key in ("epochs", "remeasure") if (value := getattr(args, key))}
    failed, known = 0, []
    # The tuned models come last: which they are is known when the search is done.
    for variants in (("base", "thesis", "tuning"), ("tuned",)):
        jobs = []
        for variant, model in product(variants, args.only):
            if variant not in args.variant:
                continue
            if variant == "tuned" and args.dry_run and not searched(where, model):
                print(f"{model}, tuned: known when its search is done")
                continue
            for seed in args.seed:
                each = more | ({"fold": args.search_fold} if variant == "tuning" else {})
                jobs += [j for j in jobs_of(where, model, variant, seed, **each) if j not in jobs]
        if args.fold:
            jobs = [job for job in jobs if job["fold"] in args.fold]
        if args.dry_run:
            failed += show(experiment, jobs, known)
            continue
        with processes(args.jobs) as pool:
            failed += run_all(experiment, where, jobs, pool, known)
    return min(failed, 1)


def searched(where: tuple, model: str) -> bool:
    """Whether every execution of the model's search on the thesis's folds is recorded."""
    experiment = _experiment(*where[:3])
    return not any(look(experiment, tuning.plan(experiment.profile, model))[1:])
