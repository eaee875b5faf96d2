"""The trusted side of grading one submission: `tools.classroom.grade` starts it as a process.

It starts a sandbox, has the student's cells run in there, and runs the checks out here, on values
and functions that are asked for by name. Nothing of the submission is imported, unpickled or
executed in this process: a value arrives as plain data, a function as something that sends plain
arguments into the sandbox and brings a plain result back.
"""

import json
import os
import re
import resource
import select
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from helpers import checks
from helpers.checks import AnswerError, pack, raised, unpack
from tools.classroom.sandbox import MESSAGE, ROOT, TIMED_OUT, WORK
from tools.common import BookError

ERRORS = 100  # of cells that are kept
OUTPUT = 20_000  # bytes of what a notebook printed that are kept, the last ones
MEMORY = 4 * 2**30  # bytes that this process may take: data may be large, too
# What exists inside the sandbox, read-only, beside /proc, /dev and /tmp, the one writable place.
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/etc/fonts",
          "/etc/ld.so.cache", "/etc/localtime", "/etc/ssl")  # fmt: skip
CACHE = "/tmp/cache"  # compiled code and the list of fonts: librosa's takes half a minute to make
INSIDE = "/tmp/book"  # where the repository stands in there
BOOK = ("helpers", "book/data", "book/models", "book/records", "tools/__init__.py",
        "tools/classroom/__init__.py", "tools/classroom/sandbox.py")  # fmt: skip
SCRATCH = ("_build", str(WORK.relative_to(ROOT)))
DEVICES = ("null", "zero", "full", "random", "urandom")
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp", "TMPDIR": "/tmp",
    "MPLBACKEND": "Agg", "MPLCONFIGDIR": f"{CACHE}/fonts", "NUMBA_CACHE_DIR": f"{CACHE}/numba",
    "IPYTHONDIR": "/tmp",
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "CUDA_VISIBLE_DEVICES": "",
    "PIP_NO_INDEX": "1",
}  # fmt: skip
REASONS = {
    "timed out": "took longer than allowed; what was not checked by then has no points",
    "memory": "used more memory than allowed",
    "processes": "started more processes than allowed",
    "ended itself": "the notebook ended its own process",
}
# Half characters, those that move a terminal's cursor, and those that turn a line's direction.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
GRADER = re.compile(r"""\bGrader\(\s*(?:notebook\s*=\s*)?[rRuU]?(["'])(\w+)\1\s*,?\s*\)""")
CHECK = re.compile(r"""\bgrader\.check\(\s*["'](\w+)["']""")


def printable(value):
    """Return what came from a submission with all its text, at any depth, fit to be printed."""
    if isinstance(value, str):
        text = value.replace("\r", "\n")
        return UNPRINTABLE.sub(lambda match: ascii(match[0])[1:-1], text)
    if isinstance(value, dict):
        return {printable(key): printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [printable(item) for item in value]
    return value


class Lost(BaseException):
    """The sandbox is gone; no `except Exception` in a check may pass over that."""


def enclosed(how: str, uid: int, disk: int) -> list[str]:
    """Return the command that starts `tools.classroom.sandbox` behind walls.

    `how`: `"bwrap"`: bubblewrap. `"none"`: no walls. `uid`: the user to become, where root grades;
    0 elsewhere: bubblewrap needs no rights. `disk`: bytes that may be written.
    """
    root = INSIDE if how == "bwrap" else str(ROOT)
    start = "import sys; sys.path.insert(0, {!r}); from tools.classroom.sandbox import main; main()"
    python = [sys.executable, "-I", "-c", start.format(root)]
    if how == "none":
        return python
    interpreter = [sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parents[1])]
    binds = {path: path for path in (*SYSTEM, *interpreter)}
    binds |= {str(ROOT / name): f"{root}/{name}" for name in BOOK}
    # Dies with this process, and first when the machine runs out of memory.
    mortal = ["setpriv", "--pdeathsig", "KILL", "choom", "-n", "1000", "--"]
    walls = [shutil.which("bwrap") or "bwrap", "--die-with-parent", "--new-session"]
    walls += ["--unshare-pid", "--unshare-net", "--unshare-uts", "--proc", "/proc"]
    walls += ["--perms", "1777", "--size", str(disk), "--tmpfs", "/tmp"]
    places = [*binds.values(), "/dev/null", *(f"{root}/{name}/x" for name in SCRATCH)]
    for folder in sorted({str(parent) for path in places for parent in Path(path).parents}):
        if folder not in ("/", "/tmp"):
            walls += ["--perms", "0755", "--dir", folder]
    for path, inside in binds.items():
        walls += ["--ro-bind-try", path, inside]
    for name in DEVICES:
        walls += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    for name in SCRATCH:
        walls += ["--chmod", "0777", f"{root}/{name}"]
    walls += ["--symlink", "/tmp", "/dev/shm"]
    walls += ["--remount-ro", "/", "--chdir", f"{root}/{SCRATCH[-1]}"]
    if not uid:
        walls += ["--unshare-user", "--disable-userns", "--unshare-ipc", "--cap-drop", "ALL"]
        return [*mortal, *walls, *python]
    becomes = ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups"]
    becomes += ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--"]
    return [*mortal, *walls, *becomes, *python]


def group(memory: int) -> Path | None:
    """Make a cgroup that holds what is in it to so many bytes; None where there can be none.

    It counts what no look at processes finds: pages and files that none of them has open.
    """
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, own = line.split(":", 2)
        if controllers not in ("memory", "") or ".." in own:
            continue
        top = Path("/sys/fs/cgroup", controllers)
        here = top / own.lstrip("/")
        # In version 2, a group with processes in it cannot hand its memory to groups below it.
        for parent in [here, *here.parents][: len(here.parts) - len(top.parts) + 1]:
            for old in parent.glob("grading-*-*"):
                if not Path("/proc", old.name.split("-")[1]).exists():
                    with suppress(OSError):
                        old.rmdir()
            with suppress(OSError):
                made = Path(tempfile.mkdtemp(prefix=f"grading-{os.getpid()}-", dir=parent))
                if _holds(made, memory):
                    return made
                made.rmdir()
    return None


def _holds(made: Path, memory: int) -> bool:
    """Set the limits of a cgroup and try whether a process may enter it."""
    done = False
    for name in ("max", "limit_in_bytes", "swap.max", "memsw.limit_in_bytes"):
        # A file that is not there stays so, as a folder of any other kind would let it be made.
        with suppress(OSError), open(made / f"memory.{name}", "r+b", 0) as file:
            file.write(b"0" if name == "swap.max" else b"%d" % memory)
            done = True
    entered = subprocess.run(entering(made, ["true"]), stderr=subprocess.DEVNULL)
    return done and entered.returncode == 0


def entering(made: Path | None, command: list[str]) -> list[str]:
    """Return the command that runs another one in a cgroup, if there is one."""
    enter = 'test -w "$0" && echo $$ > "$0" && exec "$@"'
    return ["sh", "-c", enter, str(made / "cgroup.procs"), *command] if made else command


class Sandbox:
    """One sandbox: started, asked, watched, and killed whole at the end.

    `uid`: see `enclosed`. `limits`: `memory` and `disk` in bytes, `processes` (threads count),
    `seconds` a cell or a call may take, `total_seconds` for all together. Raises `BookError` if it
    does not start, or does not keep out what it should.
    """

    def __init__(self, how: str, uid: int, limits: dict):
        self.uid, self.limits, self.state, self.tail = uid, limits, None, b""
        self.deadline = self.end = time.monotonic() + limits["total_seconds"]
        options = json.dumps({"limits": limits, "sandboxed": how != "none"})
        self.group = group(limits["memory"]) if how != "none" else None
        apart = [sys.executable, "-IS", str(Path(__file__).with_name("apart.py"))] if uid else []
        self.process = subprocess.Popen(
            [*apart, *entering(self.group, [*enclosed(how, uid, limits["disk"]), options])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            cwd=tempfile.gettempdir(),  # the sandbox has its own
            start_new_session=True,
        )
        self.requests = Connection(os.dup(self.process.stdin.fileno()), readable=False)
        self.replies = Connection(os.dup(self.process.stdout.fileno()), writable=False)
        self.process.stdin.close()
        self.process.stdout.close()
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._watch, daemon=True).start()
        try:
            holes = self._receive()["holes"]
        except Lost:
            raise BookError(f"the sandbox does not start: {self.output()[-500:]}") from None
        if holes:
            self.close()
            raise BookError(f"the sandbox has holes: what runs inside {', '.join(holes)}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self, state: str | None = None) -> None:
        """Kill everything in the sandbox; `state` says why, the first reason counts."""
        self.state = self.state or state
        tree = self._tree()
        for process in tree:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(1)  # bubblewrap, which buries its own; without it, init does some day
        self.process.kill()
        self.process.wait()
        psutil.wait_procs(tree, timeout=10)
        for _ in range(1000):  # what is killed leaves in its own time, with its files
            if not self.group or not self.group.exists():
                break
            with suppress(OSError):
                self.group.rmdir()
            time.sleep(0.01)

    def ask(self, *request, slow: bool = False) -> dict:
        """Send a request and return the reply; raises `Lost` when there is none to be had.

        Other than a `slow` one, it has to be answered in a few times the seconds of a cell: the
        sandbox interrupts what takes longer by itself, unless the student's code keeps it from it.
        """
        if not slow:
            self.deadline = min(self.end, time.monotonic() + 6 * self.limits["seconds"])
        try:
            self.requests.send_bytes(json.dumps(request).encode())
        except OSError:
            raise self._lost() from None
        return self._receive()

    def bring(self, caches: Path) -> None:
        """Copy caches that a solution filled into the sandbox, before anything runs there."""
        inside = self._caches()
        shutil.copytree(caches, inside)
        for path in [inside, *inside.rglob("*")]:
            os.chown(path, self.uid or -1, -1)

    def keep(self, caches: Path) -> None:
        """Copy the caches out of the sandbox; only of one that ran a solution of our own."""
        if self._caches().is_dir():
            shutil.copytree(self._caches(), caches, dirs_exist_ok=True)

    def _caches(self) -> Path:
        return Path(f"/proc/{self._tree()[-1].pid}/root{CACHE}")

    def output(self) -> str:
        """Return the end of what was printed so far."""
        for _ in range(100):
            time.sleep(0.01)
            if not select.select([self.process.stderr], [], [], 0)[0]:
                break
        return self.tail.decode("utf-8", "replace")

    def _receive(self) -> dict:
        try:
            reply = json.loads(self.replies.recv_bytes(MESSAGE))
            if not isinstance(reply, dict):
                raise ValueError("not a reply")
            return reply
        except (OSError, EOFError, ValueError, RecursionError, MemoryError):
            raise self._lost() from None
        finally:
            self.deadline = self.end

    def _lost(self) -> Lost:
        status = None
        with suppress(subprocess.TimeoutExpired):
            status = self.process.wait(1)
        if self._out_of_memory():
            self.close("memory")
        self.close("timed out" if status == TIMED_OUT else "ended itself")
        return Lost()

    def _out_of_memory(self) -> bool:
        """Return whether the kernel has ended a process for the sake of the cgroup's limit."""
        for name in ("memory.events", "memory.oom_control") if self.group else ():
            with suppress(OSError):
                return bool(re.search(r"(?m)^oom_kill [1-9]", (self.group / name).read_text()))
        return False

    def _tree(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def _read(self) -> None:
        while block := os.read(self.process.stderr.fileno(), 2**16):
            self.tail = (self.tail + block)[-OUTPUT:]

    def _watch(self) -> None:
        while self.process.poll() is None:
            memory = threads = 0
            files = {}
            for process in self._tree():
                with suppress(psutil.Error, OSError):
                    threads += process.num_threads()
                    if not self.group:
                        memory += process.memory_info().rss
                        files |= unlinked(process.pid)
            memory += sum(files.values())
            if threads >= self.limits["processes"]:
                self.close("processes")
            elif memory > self.limits["memory"] or self._out_of_memory():
                self.close("memory")
            elif time.monotonic() > self.deadline:
                self.close("timed out")
            time.sleep(0.1)


def unlinked(pid: int) -> dict[tuple, int]:
    """Return the bytes of the files without a name that a process has open: they are memory."""
    found = {}
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            status = path.stat()
            if stat.S_ISREG(status.st_mode) and not status.st_nlink:
                found[status.st_dev, status.st_ino] = 512 * status.st_blocks
    return found


def value_of(reply: dict, what: str):
    """Return the value in a reply, or raise `AnswerError` that says why there is none."""
    if "value" not in reply:
        raise AnswerError(f"{what} {reply.get('refused', 'cannot be read')}")
    try:
        return unpack(reply["value"])
    except Exception as error:
        raise AnswerError(f"{what} cannot be read: {error}") from error


def answer(name: str, box: Sandbox):
    """Return an answer from the notebook in `box`; a function is called here, and run in there."""
    reply = box.ask("get", name)
    if reply.get("function") is not True:
        return value_of(reply, f"`{name}`")

    def called(*arguments, **keywords):
        reply = box.ask("call", name, pack(arguments), pack(keywords))
        if "raised" in reply:
            raise raised(name, *map(str, reply["raised"]))
        return value_of(reply, f"the result of `{name}`")

    return called


def failure(case: dict, box: Sandbox) -> str | None:
    """Return why a case fails on what the notebook in `box` defines; None if it passes."""
    try:
        why = checks.failure(case["code"], box, answer)
    except Lost:
        return "the notebook's process ended before this was checked"
    return why and "\n".join(filter(None, [why, case["failure_message"]]))


def marked(question: dict, failures: list[str | None]) -> dict:
    """Return points, possible points and messages of a question, by otter's rules."""
    points = possible = 0
    messages = []
    for case, why in zip(question["cases"], failures, strict=True):
        possible += case["points"]
        if why is None:
            points += case["points"]
        else:
            messages.append({"text": why[:2000], "hidden": case["hidden"]})
    if question["all_or_nothing"] and messages:
        points = 0
    return {"points": round(points, 4), "possible": round(possible, 4), "messages": messages}


def cells_of(path: Path) -> tuple[list[str], dict]:
    """Return a notebook's code cells and what otter keeps in its metadata.

    Raises `ValueError` if the file is not a notebook with code; the message says what it is.
    """
    # Not nbformat: its validation takes seconds, and a hostile file can make it take hours.
    try:
        book = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise ValueError("not a notebook, or cut short: the file is not JSON") from None
    try:
        sources = [cell["source"] for cell in book["cells"] if cell["cell_type"] == "code"]
        cells = [source if isinstance(source, str) else "".join(source) for source in sources]
        otter = book.get("metadata", {}).get("otter", {})
    except (TypeError, KeyError, AttributeError):
        raise ValueError("not a notebook of format 4") from None
    if not any(cell.strip() for cell in cells):
        raise ValueError("the notebook has no code")
    return cells, otter if isinstance(otter, dict) else {}


def assignment_of(cells: list[str], otter: dict, assignments: dict) -> str | None:
    """Return which exercises a notebook holds: those it names, or else checks most of."""
    text = "\n".join(cells)
    named = GRADER.search(text)
    name = named[2] if named else otter.get("assignment_name")
    if name:
        return next((known for known in assignments if known == name), None)
    checks = set(CHECK.findall(text))
    checked = {known: len(checks & set(questions)) for known, questions in assignments.items()}
    best = max(checked, key=checked.get)
    return best if checked[best] else None


def outcome(state: str, detail: str) -> dict:
    """Return the result of a submission of which nothing was checked."""
    empty = {"assignment": "", "questions": {}, "errors": [], "output": ""}
    return {"state": state, "detail": detail} | empty


def judge(job: dict) -> dict:
    """Grade one submission; returns its state, and points and messages for each question.

    `job`: `path` of the notebook; `own`, whether it is a solution of ours; `assignments`, name ->
    question -> cases; `how`, `uid` and `limits` of the `Sandbox`; `caches`, the folder of what
    solutions leave for the others.
    """
    assignments = job["assignments"]
    try:
        cells, otter = cells_of(Path(job["path"]))
    except ValueError as error:
        return outcome("broken file", str(error))
    assignment = assignment_of(cells, otter, assignments)
    if assignment is None:
        return outcome("wrong notebook", "not a notebook of these exercises")
    result = outcome("graded", "") | {"assignment": assignment}
    caches = Path(job["caches"]) / assignment
    with Sandbox(job["how"], job["uid"], job["limits"]) as box:
        if caches.is_dir() and job["how"] != "none":
            box.bring(caches)
        try:
            for number, kind, message in box.ask("run", cells, slow=True)["errors"][:ERRORS]:
                result["errors"].append([int(number), str(kind)[:100], str(message)[:2000]])
        except Exception:  # a forged reply
            box.close("ended itself")
        except Lost:
            pass
        result["output"] = box.output()
        for name, question in assignments[assignment].items():
            failures = [failure(case, box) for case in question["cases"]]
            result["questions"][name] = marked(question, failures)
        if job["own"] and job["how"] != "none" and not box.state:
            box.keep(caches)
        result["detail"] = "; ".join(
            f"code cell {number}: {kind}: {message}"[:200]
            for number, kind, message in result["errors"][:3]
        )
        if box.state:
            result |= {"state": box.state, "detail": REASONS[box.state]}
    return result


def main() -> int:
    job = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    answer, sys.stdout = sys.stdout, sys.stderr  # whatever a check prints
    try:
        json.dump(printable(judge(job)), answer)
    except BookError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
