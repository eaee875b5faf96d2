"""Execute the chapters headless: `python -m tools.book.execute --profile mini [--only 06_cnn]`.

Each chapter's `.ipynb` runs under papermill in the folder `book/`, one after another or `--jobs`
at once, and lands executed in `_build/executed/book/`, from where `tools.book.render` renders it.
Whatever can be known to be wrong (an unknown profile, a mistyped parameter, a notebook out of step
with its source) is refused before anything runs; papermill itself would only warn. A chapter that
fails does not stop the others. `status.json` beside the folder keeps seconds and versions of every
chapter.
"""

import argparse
import ast
import itertools
import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

import papermill
import tenacity
from papermill.exceptions import PapermillExecutionError

from helpers.commands.options import data, folder, jobs
from helpers.runs.files import writable, write_atomic
from helpers.runs.machine import environment
from tools.book import memory, sync
from tools.common import ROOT, BookError

OUTPUT = Path("_build/executed")


def select(only: list[str], root: Path = ROOT) -> list[Path]:
    """Return the chapters' notebooks, all or those named (`06_cnn`, `05`, `book/06_cnn.ipynb`)."""
    every = sorted((root / "book").glob("[0-9][0-9]_*.ipynb"))
    if not every:
        raise BookError(f"there is no chapter in {root / 'book'}: run `make sync`")
    chosen = {}
    for name in only:
        stem = Path(name).name.removesuffix(".ipynb").removesuffix(".py")
        found = [path for path in every if path.stem == stem or path.stem.split("_")[0] == stem]
        if not found:
            raise BookError(
                f"there is no chapter {name!r}: choose one of {', '.join(p.stem for p in every)}"
            )
        chosen.update(dict.fromkeys(found))
    return sorted(chosen) or every


def value_of(name: str, text: str, default: object) -> object:
    """Return the value that `--parameter NAME=VALUE` means, of the same type as the default."""
    if isinstance(default, str):
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = text
    if isinstance(default, float) and type(value) is int:
        value = float(value)
    if default is not None and type(value) is not type(default):
        raise BookError(
            f"{name} is of type {type(default).__name__}, such as {default!r}, not {text!r}"
        )
    return value


def literal(path: Path) -> str:
    """A path for papermill, which fills in what stands in braces, and writes it down as UTF-8.

    From here on it has no letters of the folders above, which may be none of UTF-8's.
    """
    return os.path.relpath(path).replace("{", "{{").replace("}", "}}")


def from_here(name: str, text: str) -> str:
    """The value of a parameter; a path counts from the current folder, not from the chapter's."""
    kinds = {"DATA": data, "RUNS": folder}
    try:
        return str(kinds[name](text)) if name in kinds else text
    except argparse.ArgumentTypeError as error:
        raise BookError(f"{name}: {error}") from error


def prepare(
    profile: str,
    notebooks: list[Path],
    given: dict[str, str],
    root: Path = ROOT,
    own: dict[str, str] | None = None,
) -> dict[Path, dict[str, object]]:
    """Return each notebook's parameters, or raise `BookError` for what cannot run.

    A parameter goes to the chapters that have it; one that no chapter has is an error, unless it
    is among `own`, those that the calling command sets and nobody may give. Values equal to the
    chapter's own are left out, so that a page shows an injected cell only where it says something
    else than the cell above it.
    """
    from helpers.profiles import PROFILES

    if profile not in PROFILES:
        raise BookError(f"there is no profile {profile!r}: choose one of {', '.join(PROFILES)}")
    stale = set(sync.out_of_step(root)) & {
        twin for path in notebooks for twin in (path, path.with_suffix(".py"))
    }
    if stale:
        names = ", ".join(sorted(str(path.relative_to(root)) for path in stale))
        raise BookError(f"out of step: {names}. Run `make sync`")
    known = {path: papermill.inspect_notebook(literal(path)) for path in notebooks}
    everywhere = sorted(set().union(*known.values()))
    own = {"PROFILE": profile} | (own or {})
    given = {name: from_here(name, text) for name, text in given.items()}
    for name in given:
        if name in own:
            raise BookError(f"{name} is set by this command: see its options, such as --profile")
        if name not in everywhere:
            raise BookError(
                f"no parameter {name!r} in any chapter that would run: "
                f"there are {', '.join(everywhere) or 'none'}"
            )
    values = {path: {} for path in notebooks}
    for path, name in itertools.product(notebooks, own | given):
        if name in known[path]:
            text = known[path][name]["default"]
            try:
                default = ast.literal_eval(text)
            except (ValueError, SyntaxError) as error:
                raise BookError(f"the default of {name} is not a literal: {text}") from error
            value = value_of(name, (own | given)[name], default)
            if value != default:
                values[path][name] = value
    return values


@contextmanager
def kernels_stderr(log: Path):
    """Send to a file what kernels write past the notebook, such as TensorFlow's start-up lines."""
    kept = os.dup(2)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def places(target: Path) -> tuple[Path, Path]:
    """Return where a chapter that failed is left, and where one that still runs is written."""
    return target.with_suffix(".failed.ipynb"), target.with_suffix(".running.ipynb")


# Kernels choose their ports before they take them, and one that starts beside it may be quicker.
# No cell has run then, so nothing is run twice.
started = tenacity.retry(
    retry=tenacity.retry_if_exception_message(match="Kernel died before replying to kernel_info"),
    stop=tenacity.stop_after_attempt(3),
    reraise=True,
)(papermill.execute_notebook)


def run_chapter(path: Path, target: Path, parameters: dict, cwd: Path | None = None) -> dict:
    """Execute one notebook and leave it at `target`, whole, or as `*.failed.ipynb` if it fails.

    `path`, `target`: the notebook, and where it goes when executed. `parameters`: what papermill
    injects; checked by `prepare`. `cwd`: the working directory of the notebook; its own folder
    unless told otherwise. Returns `seconds`, `notebook` (the file left), and `error` (None, or cell
    and message).
    """
    failed, unfinished = places(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    # A page of an earlier run must not stand for this one.
    for old in (target, failed):
        old.unlink(missing_ok=True)
    error, start = None, time.perf_counter()
    try:
        with kernels_stderr(target.parent.parent / "kernels.log"):
            started(
                literal(path),
                literal(unfinished),
                parameters=parameters,
                cwd=str(cwd or path.parent),
                progress_bar=False,
                execution_timeout=None,
                # Every kernel warns that its sockets on this machine are not encrypted.
                extra_arguments=["--IPKernelApp.log_level=50"],
            )
    except PapermillExecutionError as caught:
        error = f"cell {caught.exec_count}: {caught.ename}: {caught.evalue}"
    except Exception as caught:  # a kernel that died or did not start
        error = f"{type(caught).__name__}: {caught}"
    left = failed if error else target
    if unfinished.exists():
        os.replace(unfinished, left)
    return {"seconds": round(time.perf_counter() - start, 1), "notebook": str(left), "error": error}


def run_limited(
    path: Path,
    target: Path,
    parameters: dict,
    seconds: float = math.inf,
    gib: float = math.inf,
    cwd: Path | None = None,
) -> dict:
    """`run_chapter` in a process of its own; its outcome has `gib`, the most memory, besides."""
    start = time.monotonic()
    failed, unfinished = places(target)
    outcome, reason, peak = memory.run(
        run_chapter, path, target, parameters, cwd, seconds=seconds, gib=gib
    )
    if outcome is None:
        if unfinished.exists():
            os.replace(unfinished, failed)
        took = round(time.monotonic() - start, 1)
        outcome = {"seconds": took, "notebook": str(failed), "error": reason}
    return outcome | {"gib": round(peak, 2)}


def longest_first(parameters: dict[Path, dict], seconds: dict[str, float]) -> dict:
    """Return `parameters` so ordered that no long chapter is left for the end, alone.

    `seconds`: what chapters took before, by name; one that is not known may be the longest.
    """
    return dict(sorted(parameters.items(), key=lambda item: -seconds.get(item[0].stem, math.inf)))


def run_all(
    profile: str,
    parameters: dict[Path, dict],
    output: Path,
    run: Callable = run_limited,
    jobs: int = 1,
) -> dict[str, dict]:
    """Execute chapters and return the outcome of each by name.

    `parameters` (dict of Path -> dict): the notebooks and their parameters, from `prepare`; they
    start in this order. `output`: the folder that gets `book/` and `status.json`. `run`: what
    executes one of them; called as `run_limited` is, and returns what it does. `jobs`: how many run
    at once.
    """
    about, status, outcomes = environment(), read_status(output), {}
    print(f"{len(parameters)} to run, {jobs} at once ({profile})", flush=True)
    with ThreadPoolExecutor(jobs) as pool:
        waiting = {
            pool.submit(run, path, output / "book" / path.name, values): path
            for path, values in parameters.items()
        }
        try:
            for future in as_completed(waiting):
                path, outcome = waiting.pop(future), future.result()
                outcomes[path.stem] = outcome
                said = "FAILED" if outcome["error"] else "ok"
                number = f"[{len(outcomes)}/{len(parameters)}]"
                print(f"{number} {path.stem} {said} {outcome['seconds']:.1f} s", flush=True)
                status[path.stem] = {
                    **outcome,
                    **about,
                    "profile": profile,
                    "parameters": parameters[path],
                    "finished": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
                    "notebook": os.path.relpath(outcome["notebook"], output),
                }
                text = json.dumps(status, indent=1, sort_keys=True) + "\n"
                write_atomic(output / "status.json", text)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            memory.end_descendants()
            pool.shutdown()
            for path in waiting.values():
                for left in places(output / "book" / path.name):
                    left.unlink(missing_ok=True)
            print(f"stopped. Finished: {', '.join(outcomes) or 'none'}.")
            raise
    return dict(sorted(outcomes.items()))


def read_status(output: Path) -> dict[str, dict]:
    """Return what `run_all` noted in a folder of each chapter, or nothing."""
    try:
        return json.loads((output / "status.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def report(outcomes: dict[str, dict]) -> str:
    """Return a table of what ran, and under it every error with the notebook to look at."""
    width = max(map(len, outcomes))
    lines = [
        f"{name:<{width}} {outcome['seconds']:>8.1f} s  {'FAILED' if outcome['error'] else 'ok'}"
        for name, outcome in outcomes.items()
    ]
    lines.append(f"{'together':<{width}} {sum(o['seconds'] for o in outcomes.values()):>8.1f} s")
    for name, outcome in outcomes.items():
        if outcome["error"]:
            lines.append(f"\n{name}, {outcome['error']}\n  see {outcome['notebook']}")
    return "\n".join(lines)


def assignment(text: str) -> tuple[str, str]:
    """Split the text of `--parameter NAME=VALUE`."""
    name, separator, value = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"takes NAME=VALUE, not {text!r}")
    return name, value


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is executed."""
    parser.add_argument("--profile", default="mini", help="a name in helpers/profiles.py")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="such as 06_cnn")
    parser.add_argument(
        "--parameter", action="append", default=[], metavar="NAME=VALUE", type=assignment
    )
    parser.add_argument(
        "--jobs", type=jobs, metavar="N", help="chapters at once; default %(default)s"
    )


def be_quiet_and_stoppable() -> None:
    """Keep TensorFlow's start-up lines out of notebooks, and let SIGTERM stop like Ctrl-C."""
    # Below 3, TensorFlow tells the chapter's outputs that it found no graphics card.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # A time limit's SIGTERM stops the chapters as tidily as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; return 0, 1 (a chapter failed), 2 (refused) or 130 (stopped)."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add_options(parser)
    parser.set_defaults(jobs=1)
    parser.add_argument("--output", type=folder, default=OUTPUT, help=f"default {OUTPUT}")
    options = parser.parse_args(arguments)
    be_quiet_and_stoppable()
    try:
        notebooks = select(options.only, root)
        parameters = prepare(options.profile, notebooks, dict(options.parameter), root)
        output = writable(root / options.output)
        if options.jobs > 1:
            took = {name: before["seconds"] for name, before in read_status(output).items()}
            parameters = longest_first(parameters, took)
        outcomes = run_all(options.profile, parameters, output, run_limited, options.jobs)
    except (BookError, OSError) as error:
        print(f"execute: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("The same command again goes on from the last finished epoch of each training.")
        return 130
    print(report(outcomes))
    return 1 if any(outcome["error"] for outcome in outcomes.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
