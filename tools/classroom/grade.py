"""Grade a folder of notebooks: `python -m tools.classroom.grade submissions`, or `make grade`.

No submission is trusted. Each runs in a sandbox of its own (`tools.classroom.sandbox`), and the
checks run outside of it (`tools.classroom.judge`), on plain values asked for by name: there is
nothing in reach of a submission that it could rewrite to its gain. Tests and points are those of
the solution editions that `make classroom` makes with otter; the tests in a submission's own
metadata are not read.

The output folder gets `grades.csv`, `index.html` and a page for each submission. What was graded
before, from the same file and with the same tests, is not run again.
"""

import argparse
import csv
import doctest
import hashlib
import io
import itertools
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path

import jinja2
import psutil
from tqdm import tqdm

from helpers.checks import asked, bound
from helpers.commands.options import at_least, existing, folder, jobs, more_than_zero
from helpers.notes import hidden
from helpers.runs.files import writable, write_atomic
from tools.classroom import judge
from tools.common import ROOT, BookError

NOTEBOOK = 32 * 2**20  # bytes that a submission may have
DISK = 256 * 2**20  # bytes that it may write
FORMAT = 2  # of the kept results: a change here grades all anew
COLUMNS = ("student", "file", "assignment", "state", "detail", "total", "possible")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
WALLS = (
    "bubblewrap, and no rights of root or of other users",
    "no file is writable but its own, and neither tests nor other submissions are in sight",
    "no network",
    "processes, devices and shared memory of its own, killed whole at the end",
)
NO_WALLS = (
    "NO SANDBOX: a submission could read, change and delete your files, use the network "
    "and leave processes behind"
)
COUNTED = "its memory is counted by a cgroup: all of it, whoever holds it"
UNCOUNTED = (
    "there is NO CGROUP for it here, so its memory is counted ten times a second, for each process "
    "and each open file, and what neither shows is NOT COUNTED: empty files, files on their way "
    "between processes, shared pages and System V segments that no process has mapped"
)


def assignments_in(where: Path) -> dict[str, Path]:
    """Return the notebooks at `where` (one, or a folder of them) by what they are called."""
    paths = [where] if where.is_file() else sorted(where.glob("*.ipynb"))
    if not paths:
        raise BookError(f"there are no solutions with tests in {where}: run `make classroom` first")
    found = {}
    for path in paths:
        config = json.loads(path.read_bytes())["metadata"].get("otter", {})
        found[config.get("assignment_name") or path.stem] = path
    return found


def questions_of(path: Path) -> dict[str, dict]:
    """Return the questions of a notebook that otter wrote: their cases, points and messages.

    Raises `BookError` if a test uses a name that neither it nor a solution defines. Such a name
    would be looked up among the student's, who could give it any meaning.
    """
    from IPython.core.inputtransformer2 import TransformerManager
    from otter.test_files import OKTestFile

    book = json.loads(path.read_bytes())
    config = book["metadata"]["otter"]
    if config.get("OK_FORMAT") is False:
        raise BookError(f"{path}: tests are read in otter's OK format, its default, only")
    tests = [OKTestFile.from_metadata(spec, str(path)) for spec in config.get("tests", {}).values()]
    if not tests:
        raise BookError(f"{path} has no tests in its metadata")
    answers, text, questions = set(), "", {}
    for cell in book["cells"]:
        source = "".join(cell["source"])
        text += source
        if "otter_assign_solution_cell" in cell["metadata"].get("tags", []):
            answers |= bound(TransformerManager().transform_cell(source))
    for test in sorted(tests, key=lambda test: text.find(f'grader.check("{test.name}")')):
        cases = []
        for case in test.test_cases:
            examples = doctest.DocTestParser().get_examples(case.body)
            if not examples or any(example.want for example in examples):
                raise BookError(f"{path}: the test {case.name!r} is not made of assert statements")
            code = "".join(example.source for example in examples)
            for name in set(asked(code)) - answers:
                raise BookError(
                    f"{path}: the test {case.name!r} uses `{name}`, which no solution defines: "
                    "import it inside the test"
                )
            kept = ("hidden", "points", "failure_message")
            cases.append({"code": code} | {key: getattr(case, key) for key in kept})
        questions[test.name] = {"cases": cases, "all_or_nothing": test.all_or_nothing}
    return questions


def submissions_in(folder: Path) -> tuple[list[Path], Counter]:
    """Return every file in the folder, at any depth, and how many lie in which hidden part of it.

    Raises `BookError` if there is nothing to grade.
    """
    if not folder.is_dir():
        raise BookError(f"{folder} is not a folder of notebooks")
    found, left_out = [], Counter()
    for path in sorted(folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            continue
        parts = path.relative_to(folder).parts
        part = next(filter(hidden, itertools.accumulate(parts, os.path.join)), None)
        if part:
            left_out[part] += 1
        else:
            found.append(path)
    if not found:
        only = f" but what is hidden: {', '.join(left_out)}" if left_out else ""
        raise BookError(f"{folder} is empty{only}: there is nothing to grade")
    return found, left_out


def content_of(path: Path) -> bytes:
    """Return what a file holds; raises `ValueError`, with the reason, if it is no submission."""
    try:
        if path.is_symlink() or not path.is_file():
            raise ValueError("a link or a device, not a file")
        if path.suffix.lower() in ARCHIVES:
            raise ValueError("an archive: unpack it where it lies, delete it, and grade again")
        if path.suffix.lower() != ".ipynb":
            raise ValueError("not a notebook (.ipynb)")
        size = path.stat().st_size
        if size > NOTEBOOK:
            raise ValueError(f"the file has {size >> 20} MB, more than {NOTEBOOK >> 20}")
        if not size:
            raise ValueError("the file is empty")
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"the file cannot be read: {error.strerror}") from error


class Graders:
    """Judges in parallel, one process for each submission; what they found is kept.

    `how`: the kind of sandbox, as `tools.classroom.judge.enclosed` has it. `limits`: as
    `tools.classroom.judge.Sandbox` has them. `kept`: the folder of earlier results. `assignments`:
    the questions of each, by its name.
    """

    def __init__(self, how: str, limits: dict, jobs: int, kept: Path, assignments: dict):
        self.kept, self.assignments = kept.resolve(), assignments
        self.job = {"how": how, "limits": limits, "assignments": assignments}
        self.mine, free = threading.local(), users(jobs)  # each thread has a user of its own

        def start():
            self.mine.uid = free.pop()

        self.pool = ThreadPoolExecutor(jobs, initializer=start)

    def grade(self, paths: list[Path], solutions: bool = False) -> dict[Path, dict]:
        """Return each submission's result; Ctrl-C ends everything that runs."""
        futures = {self.pool.submit(self.one, path, solutions): path for path in paths}
        results = {}
        try:
            for future in tqdm(as_completed(futures), "grading", len(futures), disable=None):
                results[futures[future]] = future.result()
        except BaseException:
            self.pool.shutdown(wait=False, cancel_futures=True)
            while not all(future.done() for future in futures):
                for process in psutil.Process().children():
                    with suppress(psutil.NoSuchProcess):
                        process.kill()
                time.sleep(0.1)
            raise
        return results

    def one(self, path: Path, solution: bool) -> dict:
        """Return one submission's result, an earlier one if nothing has changed.

        Whatever fails in it stays its own affair.
        """
        try:
            content = content_of(path)
        except ValueError as error:
            return judge.outcome("broken file", str(error))
        setting = [FORMAT, self.job["limits"], self.job["how"], hashlib.sha256(content).hexdigest()]
        path_kept = self.kept / f"{digest(setting)}.json"
        try:
            with suppress(OSError, ValueError):  # there is none, or it was cut short
                kept = json.loads(path_kept.read_text(encoding="utf-8"))
                if kept["tests"] == digest(self.assignments.get(kept["assignment"])):
                    return kept
            result = self.judged(path, solution)
            if result["state"] == "graded":
                result["tests"] = digest(self.assignments[result["assignment"]])
                write_atomic(path_kept, json.dumps(result))
            return result
        except Exception as error:
            return judge.outcome("not graded", f"{type(error).__name__}: {error}")

    def judged(self, path: Path, solution: bool) -> dict:
        """Have a fresh process judge the submission."""
        job = self.job | {"path": str(path), "own": solution, "uid": self.mine.uid}
        job["caches"] = str(self.kept / "caches")
        mortal = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        try:
            done = subprocess.run(
                [*mortal, sys.executable, "-m", "tools.classroom.judge"],
                input=json.dumps(job).encode(),
                capture_output=True,
                cwd=ROOT,
                start_new_session=True,
                timeout=self.job["limits"]["total_seconds"] + 60,
            )
        except subprocess.TimeoutExpired:
            return judge.outcome("timed out", judge.REASONS["timed out"])
        if done.returncode:
            why = judge.printable(done.stderr.decode("utf-8", "replace").strip()[-1000:])
            return judge.outcome("not graded", why or f"exit {done.returncode}")
        return json.loads(done.stdout)


def digest(value) -> str:
    """Return a hash of what JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def users(count: int) -> list[int]:
    """Return ids of users that nobody has, for root to become; 0 for whoever is not root."""
    if os.geteuid():
        return [0] * count
    taken, first = {entry.pw_uid for entry in pwd.getpwall()}, 61_000 + os.getpid() % 2000
    return [uid for uid in range(first, first + 2000) if uid not in taken][:count]


def sandbox_for(limits: dict, without: bool) -> tuple[str, list[str]]:
    """Return the kind of sandbox that works on this machine, having started one, and its walls.

    Raises `BookError` if none does, and none was not asked for, or is asked for as root.
    """
    if without and os.geteuid() == 0:
        raise BookError("--no-sandbox as root would give every submission the whole machine")
    if without:
        return "none", [NO_WALLS, UNCOUNTED]
    try:
        with judge.Sandbox("bwrap", *users(1), limits) as box:
            counted = COUNTED if box.group else UNCOUNTED
    except (BookError, OSError, subprocess.SubprocessError) as error:
        raise BookError(
            f"no sandbox can be made here ({error}). It takes Linux and bubblewrap 0.8 or newer "
            "(Debian, Ubuntu and Fedora have a package `bubblewrap`); --no-sandbox grades without, "
            "and trusts every submission with your files."
        ) from error
    return "bwrap", [*WALLS, counted]


def check_solutions(graders: Graders, paths: list[Path]) -> None:
    """Raise `BookError` unless the solutions at these paths get full marks here."""
    for path, result in graders.grade(paths, solutions=True).items():
        faults = [f"{result['state']} {result['detail']}"] if result["state"] != "graded" else []
        for name, question in result["questions"].items():
            faults += [f"{name}: {message['text']}" for message in question["messages"]]
        if faults:
            raise BookError(f"the tests of {path} fail on its own solution: {'; '.join(faults)}")


def table(results: dict[Path, dict], folder: Path) -> list[dict]:
    """Return a row for each submission, with what `grades.csv` and the pages state."""
    rows = []
    for path, result in sorted(results.items()):
        # Whatever bytes a file's name has, a report is text.
        file = os.fsencode(path.relative_to(folder)).decode("utf-8", "backslashreplace")
        file = judge.printable(file)
        student = file.removesuffix(".ipynb")
        page = re.sub(r"(?a)[^\w.-]+", "-", student).strip("-.")[:60]
        page = f"{page}-{hashlib.sha256(os.fsencode(path)).hexdigest()[:8]}.html"
        questions = result["questions"].values()
        sums = {"total": "points", "possible": "possible"}
        sums = {name: round(sum(q[key] for q in questions), 4) for name, key in sums.items()}
        rows.append(result | sums | {"student": student, "file": file, "page": page})
    return rows


def as_csv(rows: list[dict], assignments: dict) -> str:
    """Return the rows as CSV, one column for each question of what was handed in."""
    there = [name for name in assignments if name in {row["assignment"] for row in rows}]
    questions = [(name, question) for name in there for question in assignments[name]]
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow([*COLUMNS, *("/".join(pair[len(there) == 1 :]) for pair in questions)])
    for row in rows:
        own = {(row["assignment"], name): q["points"] for name, q in row["questions"].items()}
        texts = [str(row[column]) for column in COLUMNS]
        # No spreadsheet takes the name of a file for a formula.
        texts = [f"'{text}" if text.startswith(FORMULA) else text for text in texts]
        writer.writerow(texts + [own.get(pair, "") for pair in questions])
    return table.getvalue()


def write_reports(out: Path, rows: list[dict], walls: list[str], table: str) -> None:
    """Write a page for each row, then the index, then the table, each whole or not at all."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True
    )
    page = environment.get_template("grade.html.jinja")
    for row in rows:
        write_atomic(out / "students" / row["page"], page.render(row=row, walls=walls))
    current = {row["page"] for row in rows}
    for old in (out / "students").glob("*.html"):
        if old.name not in current:
            old.unlink()
    write_atomic(out / "index.html", page.render(rows=rows, walls=walls))
    write_atomic(out / "grades.csv", table)


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    option = parser.add_argument
    option("submissions", type=existing, help="a folder of notebooks, at any depth")
    made = "a notebook with solutions and tests, as otter assign writes it, or a folder of them"
    option("--autograder", type=existing, default=ROOT / "_build/classroom/solutions", help=made)
    option("--output", type=folder, default=ROOT / "_build" / "grades")
    option("--jobs", type=jobs, default=os.cpu_count(), help="submissions at once")
    option("--seconds", type=more_than_zero(), default=60, help="of CPU for a cell or a call")
    option("--minutes", type=more_than_zero(), default=10, help="for a whole submission")
    option("--memory", type=at_least(1), default=2048, help="MB for a submission")
    option("--processes", type=at_least(1), default=256, help="and threads of a submission")
    option("--no-sandbox", action="store_true", help="trust every submission with your files")
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):  # names of files may hold any bytes
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return _grade(options)
    except (BookError, OSError) as error:
        print(f"Nothing was graded: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; nothing runs any more. What was graded is kept: give the command again.")
        return 130


def _grade(options) -> int:
    limits = {
        "seconds": options.seconds,
        "total_seconds": options.minutes * 60,
        "memory": options.memory * 2**20,
        "processes": options.processes,
        "disk": DISK,
    }
    folder = options.submissions.resolve()
    paths, left_out = submissions_in(folder)
    autograders = assignments_in(options.autograder.resolve())
    assignments = {name: questions_of(path) for name, path in autograders.items()}
    writable(options.output)
    how, walls = sandbox_for(limits, options.no_sandbox)
    graders = Graders(how, limits, options.jobs, options.output / "results", assignments)
    named = set(autograders if len(autograders) == 1 else ())
    for path in paths:
        with suppress(ValueError):
            content = content_of(path)
            named |= {name for name in autograders if name.encode() in content}
    check_solutions(graders, [autograders[name] for name in sorted(named)])
    rows = table(graders.grade(paths), folder)
    walls.append(
        f"at most {options.seconds:g} s of CPU for a cell or a call, {options.minutes:g} minutes, "
        f"{options.memory} MB of memory, {DISK >> 20} MB of files and {options.processes} "
        "processes and threads"
    )
    write_reports(options.output, rows, walls, as_csv(rows, assignments))
    for state, count in Counter(row["state"] for row in rows).most_common():
        print(f"{count:5} {state}")
    for part, count in left_out.items():
        print(f"{count:5} left out in {judge.printable(part)}: hidden, or trash")
    print(f"In force: {'; '.join(walls)}.")
    print(f"{options.output / 'grades.csv'}, {options.output / 'index.html'}")
    return int(any(row["state"] == "not graded" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
