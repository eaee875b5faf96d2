"""All the runs of a profile, in one command: `python -m tools.train --profile mini`.

Runs that are recorded are passed over, one that was interrupted goes on from its last finished
epoch, and runs may be split among processes, machines or classmates: copy the folders of their
records together. `--dry-run` lists what is done and what is to do.
"""

import argparse
import multiprocessing
import sys
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from functools import lru_cache
from pathlib import Path

from helpers import profiles, records, training, tuning

# Table 4.1, trial 5, and table 4.2, trial 4: what the thesis's own search found.
THESIS = {
    "cnn": {"conv_2_filters_1": 128, "conv_2_filters_2": 128, "dropout_cnn": 0.2},
    "lstm": {"lstm_layer_units_1": 32, "lstm_layer_units_2": 128, "dropout_lstm": 0.3},
}
VARIANTS = ("base", "tuning", "tuned", "thesis")


def folds_of(experiment, model: str, hyperparameters, seed: int) -> list[dict]:
    return [
        {"model": model, "hyperparameters": hyperparameters, "fold": fold, "seed": seed}
        for fold in range(1, experiment.profile.folds + 1)
    ]


def jobs_of(experiment, model: str, variant: str, seed: int) -> list[dict]:
    """The runs of one model and variant, as arguments of `Experiment.run`.

    The tuned model's hyperparameters come from the records of its search, which `tuning.search`
    completes first where they are missing.
    """
    if variant == "tuning":
        return tuning.plan(experiment.profile, model)
    found = {"base": None, "thesis": THESIS[model]}
    if variant == "tuned":
        found["tuned"] = tuning.search(experiment, model).best
    return folds_of(experiment, model, found[variant], seed)


@lru_cache(maxsize=1)
def _experiment(profile: str, data: str, runs: str) -> training.Experiment:
    return training.Experiment(profile, data, runs)


def run_job(where: tuple, job: dict) -> str:
    """Do one run in this process, whichever that is; returns the record's name."""
    return records.record_name(_experiment(*where).run(**job).config)


def estimate(experiment, jobs: list[dict], done: list[records.Record]) -> list[float | None]:
    """Seconds each run will take, from the records of the same model and hyperparameters.

    Else from those of the same model; None where there are none to go by.
    """
    speeds = {}
    for record in done:
        speed = record.seconds / record.config["epochs"]
        for key in (record.config["model"], _kind(record.config)):
            speeds.setdefault(key, []).append(speed)

    def of(config):
        speed = speeds.get(_kind(config)) or speeds.get(config["model"])
        left = config["epochs"] - training.epochs_done(experiment.runs, config)
        return left * sum(speed) / len(speed) if speed else None

    return [of(experiment.config(**job)) for job in jobs]


def _kind(config: dict) -> str:
    return records.config_hash({"model": config["model"], "h": config["hyperparameters"]})


def left(estimates: list, workers: int = 1) -> str:
    known = [seconds for seconds in estimates if seconds is not None]
    if not estimates:
        return "nothing left to do"
    if not known:
        return "time left not known before the first run is done"
    minutes = sum(known) / len(known) * len(estimates) / 60 / workers
    return f"about {minutes:.0f} min left" if minutes >= 1.5 else f"about {60 * minutes:.0f} s left"


def show(experiment, jobs: list[dict]) -> None:
    """What is done and what is to do, one line a run, and the time left."""
    done, to_do = [], []
    for job in jobs:
        config = experiment.config(**job)
        record = records.find(experiment.runs, config)
        (to_do if record is None else done).append(job if record is None else record)
        epochs = training.epochs_done(experiment.runs, config)
        state = (
            f"done in {record.seconds:.0f} s"
            if record
            else f"{epochs} of {config['epochs']} epochs"
        )
        print(f"{records.record_name(config):<44} {state}")
    times = estimate(experiment, to_do, done)
    print(f"{len(done)} of {len(jobs)} runs done, {left(times)}")


def run_all(experiment, where: tuple, jobs: list[dict], executor: Executor | None = None) -> int:
    """Do all runs, one after the other or through any `concurrent.futures.Executor`.

    A run that fails is reported and does not stop the others. Returns how many failed.
    """
    done = [r for r in (records.find(experiment.runs, experiment.config(**j)) for j in jobs) if r]
    names = {records.record_name(record.config) for record in done}
    to_do = [j for j in jobs if records.record_name(experiment.config(**j)) not in names]
    finished, failed = len(done), 0
    workers = getattr(executor, "_max_workers", 1)

    def finish(job, result):
        nonlocal finished, failed
        name = records.record_name(experiment.config(**job))
        remaining.remove(job)
        try:
            result()
        except Exception as error:
            failed += 1
            print(f"{name}: FAILED, {type(error).__name__}: {error}", flush=True)
            return
        finished += 1
        done.append(records.find(experiment.runs, experiment.config(**job)))
        times = estimate(experiment, remaining, done)
        print(f"[{finished}/{len(jobs)}] {name}, {left(times, workers)}", flush=True)

    remaining = list(to_do)
    if executor is None:
        for job in to_do:
            finish(job, lambda job=job: experiment.run(**job))
        return failed
    futures = {executor.submit(run_job, where, job): job for job in to_do}
    try:
        for future in as_completed(futures):
            finish(futures[future], future.result)
    except BaseException:
        for future in futures:
            future.cancel()
        raise
    return failed


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--profile", default="quick", choices=list(profiles.PROFILES))
    parser.add_argument("--data", default="nsynth-mini", help="a set in NSynth's layout")
    parser.add_argument("--runs", default="_build/runs", help="the folder of records")
    parser.add_argument("--only", nargs="+", choices=("cnn", "lstm"), default=["cnn", "lstm"])
    parser.add_argument("--variant", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--fold", type=int, nargs="+", help="only these folds, from 1")
    parser.add_argument("--seed", type=int, nargs="+", default=[0], help="of the trainings")
    parser.add_argument("--jobs", type=int, default=1, help="processes that train at once")
    parser.add_argument("--dry-run", action="store_true", help="list runs, train nothing")
    options = parser.parse_args(arguments)
    where = (options.profile, options.data, str(Path(options.runs).resolve()))
    try:
        return _run(options, where)
    except KeyboardInterrupt:
        print(
            f"\nStopped. Finished runs are in {options.runs}; one that was interrupted goes on "
            "from its last finished epoch: give the same command again."
        )
        return 130


def _run(options, where) -> int:
    experiment = _experiment(*where)
    wrong = [f for f in options.fold or [] if not 1 <= f <= experiment.profile.folds]
    if wrong:
        print(
            f"--fold {wrong[0]}: profile {options.profile} has folds 1 to {experiment.profile.folds}"
        )
        return 2
    failed = 0
    # The tuned models come last: which they are is known when the search is done.
    for variants in (("base", "thesis", "tuning"), ("tuned",)):
        jobs = []
        for variant in variants:
            if variant not in options.variant:
                continue
            for model in options.only:
                if variant == "tuned" and options.dry_run and not searched(experiment, model):
                    n = len(options.seed) * len(options.fold or range(experiment.profile.folds))
                    print(f"{model} tuned: {n} runs, once its search is done")
                    continue
                for seed in options.seed:
                    found = jobs_of(experiment, model, variant, seed)
                    jobs += [j for j in found if j not in jobs]
        if options.fold:
            jobs = [job for job in jobs if job["fold"] in options.fold]
        if options.dry_run:
            show(experiment, jobs)
        elif options.jobs == 1:
            failed += run_all(experiment, where, jobs)
        else:
            # Spawned, not forked: Keras's backends do not survive a fork.
            context = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(options.jobs, mp_context=context) as pool:
                failed += run_all(experiment, where, jobs, pool)
    return min(failed, 1)


def searched(experiment, model: str) -> bool:
    """Whether every execution of the model's search is recorded."""
    planned = tuning.plan(experiment.profile, model)
    return all(records.find(experiment.runs, experiment.config(**job)) for job in planned)


if __name__ == "__main__":
    sys.exit(main())
