"""The trusted side of grading one submission: `tools.classroom.grade` starts it as a process.

It starts a sandbox, has the student's cells run in there, and runs the checks out here, on values
and functions that are asked for by name. Nothing of the submission is imported, unpickled or
executed in this process: a value arrives as plain data, a function as something that sends plain
arguments into the sandbox and brings a plain result back.
"""

import builtins
import json
import os
import re
import resource
import select
import shlex
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

from tools.classroom.sandbox import MESSAGE, ROOT, TIMED_OUT, WORK, pack, unpack
from tools.common import BookError

OUTPUT = 20_000  # bytes of what a notebook printed that are kept, the last ones
MEMORY = 4 * 2**30  # bytes that this process may take: data may be large, too
# What exists inside the sandbox, read-only, beside /proc, /dev, /tmp and the folder of the cells.
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/etc/fonts",
          "/etc/ld.so.cache", "/etc/localtime", "/etc/ssl")  # fmt: skip
CACHE = "/tmp/cache"  # compiled code and the list of fonts: librosa's takes half a minute to make
SCRATCH = (str(WORK), str(ROOT / "_build"))
BOOK = ("helpers", "book/data", "book/records", "tools/classroom/sandbox.py")
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": str(WORK), "TMPDIR": "/tmp",
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


class Lost(BaseException):
    """The sandbox is gone; no `except Exception` in a check may pass over that."""


class StudentError(Exception):
    """An answer that cannot be had: not defined, not plain data, or a function that failed."""


def enclosed(how: str, uid: int, disk: int) -> list[str]:
    """Return the command that starts `tools.classroom.sandbox` behind walls.

    Parameters
    ----------
    how : str
        `"root"`: namespaces of its own and the user `uid`; needs root, and util-linux.
        `"bwrap"`: bubblewrap, as the user at hand. `"none"`: no walls.
    uid : int
    disk : int
        Bytes that may be written.
    """
    python = [sys.executable, "-I", str(ROOT / "tools" / "classroom" / "sandbox.py")]
    if how == "none":
        return python
    interpreter = [sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parents[1])]
    paths = dict.fromkeys([*SYSTEM, *interpreter, *(str(ROOT / name) for name in BOOK)])
    paths = [path for path in paths if Path(path).exists()]
    # Dies with this process, and first when the machine runs out of memory.
    mortal = ["setpriv", "--pdeathsig", "KILL", "choom", "-n", "1000", "--"]
    if how == "bwrap":
        bwrap = shutil.which("bwrap") or "bwrap"
        walls = [bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        walls += ["--proc", "/proc", "--dev", "/dev"]
        for path in ("/dev/shm", "/tmp", *SCRATCH):
            walls += ["--size", str(disk), "--tmpfs", path]
        for path in paths:
            walls += ["--ro-bind", path, path]
        return [*mortal, *walls, "--remount-ro", "/", "--chdir", str(WORK), "--", *python]
    root = "/mnt"  # in a mount namespace of its own: nobody else sees what is mounted there
    lines = [
        "echo 0 > /proc/sys/kernel/shmmni",  # no shared memory that outlives its processes
        f"mount -t tmpfs -o nosuid,mode=755,size={disk} sandbox {root}",
    ]
    for path in paths:
        folder = path if Path(path).is_dir() else os.path.dirname(path)
        target = shlex.quote(root + path)
        lines += [
            f"mkdir -p {shlex.quote(root + folder)}; test -e {target} || touch {target}",
            f"mount -o bind {shlex.quote(path)} {target}",
            f"mount -o remount,bind,ro,nosuid,nodev {target}",
        ]
    scratch = shlex.join(root + path for path in SCRATCH)
    lines += [
        f"mkdir -p {root}/proc {root}/dev {root}/tmp {scratch}; mount -t proc proc {root}/proc",
        f"for name in null zero full random urandom; do touch {root}/dev/$name; "
        f"mount -o bind /dev/$name {root}/dev/$name; done",
        f"ln -s /tmp {root}/dev/shm; chmod 1777 {root}/tmp; chown {uid}:{uid} {scratch}",
        # Not exec: this shell, which the student cannot touch, is the first process in there, and
        # with it everything ends.
        f"chroot {root} setpriv --reuid {uid} --regid {uid} --clear-groups --no-new-privs "
        '--inh-caps=-all --bounding-set=-all env --chdir="$HOME" "$@"; exit $?',
    ]
    spaces = ["--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child"]
    return [*mortal, "unshare", *spaces, "sh", "-ec", "\n".join(lines), "sh", *python]


class Sandbox:
    """One sandbox: started, asked, watched, and killed whole at the end.

    Parameters
    ----------
    how : str
    uid : int
        See `enclosed`.
    limits : dict
        `memory` and `disk` in bytes, `processes` (threads count), `seconds` a cell or a call may
        take, `total_seconds` for all together.

    Raises
    ------
    BookError
        If it does not start, or does not keep out what it should.
    """

    def __init__(self, how: str, uid: int, limits: dict):
        self.uid, self.limits, self.state, self.tail = uid, limits, None, b""
        self.deadline = self.end = time.monotonic() + limits["total_seconds"]
        options = json.dumps({"limits": limits, "sandboxed": how != "none"})
        self.process = subprocess.Popen(
            [*enclosed(how, uid, limits["disk"]), options],
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
        self.process.kill()
        self.process.wait()
        psutil.wait_procs(tree, timeout=10)

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
        self.close("timed out" if status == TIMED_OUT else "ended itself")
        return Lost()

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
                    memory += process.memory_info().rss
                    files |= unlinked(process.pid)
            memory += sum(files.values())
            if threads >= self.limits["processes"]:
                self.close("processes")
            elif memory > self.limits["memory"]:
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


class Remote:
    """A student's function: called here, run in the sandbox."""

    def __init__(self, box: Sandbox, name: str):
        self.box, self.__name__ = box, name

    def __call__(self, *arguments, **keywords):
        reply = self.box.ask("call", self.__name__, pack(arguments), pack(keywords))
        if "raised" in reply:
            kind, message = map(str, reply["raised"])
            error = getattr(builtins, kind, None)
            # The first two would end a loop of the check's early, as if all had been checked.
            silent = (StopIteration, StopAsyncIteration, AssertionError)
            if isinstance(error, type) and issubclass(error, Exception) and error not in silent:
                raise error(message)
            raise StudentError(f"`{self.__name__}` raised {kind}: {message}")
        return value_of(reply, f"the result of `{self.__name__}`")


def value_of(reply: dict, what: str):
    """Return the value in a reply, or raise `StudentError` that says why there is none."""
    if "value" not in reply:
        raise StudentError(f"{what} {reply.get('refused', 'cannot be read')}")
    try:
        return unpack(reply["value"])
    except Exception as error:
        raise StudentError(f"{what} cannot be read: {error}") from error


def failure(case: dict, box: Sandbox) -> str | None:
    """Return why a case fails on what the notebook in `box` defines; None if it passes."""
    values = {}
    try:
        for name in case["names"]:
            reply = box.ask("get", name)
            function = reply.get("function") is True
            values[name] = Remote(box, name) if function else value_of(reply, f"`{name}`")
        exec(compile(case["code"], case["name"], "exec"), values)
    except Lost:
        return "the notebook's process ended before this was checked"
    except AssertionError as error:
        return "\n".join(filter(None, [str(error), case["failure_message"]])) or "a check failed"
    except StudentError as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


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

    Raises
    ------
    ValueError
        If the file is not a notebook with code; the message says what it is.
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
    named = re.search(r'\bGrader\("(\w+)"\)', text)
    name = named[1] if named else otter.get("assignment_name")
    if name:
        return next((known for known in assignments if known == name), None)
    checked = {
        known: sum(f'grader.check("{question}")' in text for question in questions)
        for known, questions in assignments.items()
    }
    best = max(checked, key=checked.get)
    return best if checked[best] else None


def outcome(state: str, detail: str) -> dict:
    """Return the result of a submission of which nothing was checked."""
    empty = {"assignment": "", "questions": {}, "errors": [], "output": ""}
    return {"state": state, "detail": detail} | empty


def judge(job: dict) -> dict:
    """Grade one submission; returns its state, and points and messages for each question.

    Parameters
    ----------
    job : dict
        `path` of the notebook; `own`, whether it is a solution of ours; `assignments`, name ->
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
            for number, kind, message in box.ask("run", cells, slow=True)["errors"]:
                result["errors"].append([int(number), str(kind)[:100], str(message)[:2000]])
        except (Lost, KeyError, TypeError, ValueError):
            box.close("ended itself")
        result["output"] = box.output()
        for name, question in assignments[assignment].items():
            failures = [failure(case, box) for case in question["cases"]]
            result["questions"][name] = marked(question, failures)
        if job["own"] and job["how"] != "none" and not box.state:
            box.keep(caches)
        if box.state:
            result |= {"state": box.state, "detail": REASONS[box.state]}
    return result


def main() -> int:
    job = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    answer, sys.stdout = sys.stdout, sys.stderr  # whatever a check prints
    try:
        json.dump(judge(job), answer)
    except BookError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
