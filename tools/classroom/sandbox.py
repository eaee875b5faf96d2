"""The untrusted side of grading: runs a student's cells, and hands over plain values.

`tools.classroom.judge` starts `main` as a process of its own inside the sandbox and asks over a
pipe: run these cells, what is `frames`, what does `mel(440.0)` return. Requests and replies are
JSON; `pack` and `unpack` of `helpers.checks` say what may cross. Nothing here is trusted: whatever
a submission does to this process, the checks run in another one, on values that are nothing but
data.
"""

import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import types
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path

from helpers import checks
from helpers.checks import pack, unpack

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "classroom" / "student"  # where the cells run, as they do for the student
MESSAGE = 32 * 2**20  # bytes of JSON that one request or reply may have
TEXT = 2000  # characters of an error's message that are kept
TIMED_OUT = 124  # exit status of a process that swallowed every interruption
NEW_USERS = 0x10000000  # CLONE_NEWUSER of <sched.h>


class OutOfTime(BaseException):
    """A cell or a call used up its seconds; no `except Exception` of the student stops it."""


class Grader:
    """Stands in for the checker in the notebook, which has no say here."""

    def __init__(self, *_, **__):
        pass

    def __getattr__(self, name):
        return lambda *_, **__: None


@contextmanager
def limited(seconds: float):
    """Interrupt what runs inside after so many seconds of CPU time, or four times as many of any.

    What swallows the interruption is interrupted again each second, and ended after five times.
    """
    fired, me = 0, os.getpid()

    def stop(*_):
        nonlocal fired
        fired += 1
        if fired > 5:
            os._exit(TIMED_OUT)
        raise OutOfTime(f"stopped after {seconds:g} s")

    timers = {signal.ITIMER_PROF: seconds, signal.ITIMER_REAL: 4 * seconds}
    signal.signal(signal.SIGPROF, stop)
    signal.signal(signal.SIGALRM, stop)
    try:
        for timer, after in timers.items():
            signal.setitimer(timer, after, 1)
        yield
    finally:
        for timer in timers:
            signal.setitimer(timer, 0)
        if os.getpid() != me:
            os._exit(0)  # a fork that came out of the student's code


def describe(error: BaseException) -> list[str]:
    """Return the class and the message of an error, which the student's code may have defined."""
    try:
        return [type(error).__name__, str(error)[:TEXT]]
    except Exception:
        return [type(error).__name__, ""]


def holes() -> list[str]:
    """Return what this process can do and should not, as seen from inside before any cell ran."""
    places = (str(ROOT / "helpers"), "/", "/usr", sys.prefix)
    found = [f"writes to {place}" for place in places if os.access(place, os.W_OK)]
    found += [f"reaches {name}" for _, name in socket.if_nameindex() if name != "lo"]
    if sum(entry.isdigit() for entry in os.listdir("/proc")) > 8:
        found.append("sees the processes of others")
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    rights = int(status["CapEff"], 16) | int(status["CapBnd"], 16)
    if rights or int(status["NoNewPrivs"]) != 1 or os.getuid() == 0:
        found.append("can gain rights")
    if ctypes.CDLL(None).unshare(NEW_USERS) == 0:
        found.append("can make namespaces of its own, and file systems in them")
    return found


def limit(limits: dict, count_processes: bool) -> None:
    """Set what the kernel limits a process to; its children inherit it."""
    sizes = {
        resource.RLIMIT_DATA: limits["memory"],
        resource.RLIMIT_FSIZE: limits["disk"],
        resource.RLIMIT_CPU: limits["total_seconds"],
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
    }
    if count_processes:
        sizes[resource.RLIMIT_NPROC] = limits["processes"]
    for which, size in sizes.items():
        resource.setrlimit(which, (int(size), int(size)))


class Notebook:
    """The student's cells and their variables, in IPython as under Jupyter."""

    def __init__(self, limits: dict):
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        self.seconds = limits["seconds"]
        self.shell = InteractiveShell.instance(config=config)
        self.names = self.shell.user_ns
        self.names["grader"] = Grader()
        otter = sys.modules["otter"] = types.ModuleType("otter")
        otter.Notebook = checks.Grader = Grader
        self.errors, self.cell, self.prints_to = [], 0, os.dup(1)
        # IPython's own want a terminal, which there is not.
        self.shell.system, self.shell.getoutput = self.shell.system_raw, self._getoutput
        self.shell.enable_matplotlib = lambda *_, **__: ("agg", "agg")
        for magic in ("run_line_magic", "run_cell_magic", "system", "getoutput"):
            setattr(self.shell, magic, self._passed_over(getattr(self.shell, magic)))

    def _getoutput(self, command, *_, **__):
        """Return the lines that a command prints (`lines = !ls`)."""
        from IPython.utils.text import SList

        return SList(subprocess.getoutput(self.shell.var_expand(command, 1)).splitlines())

    def _passed_over(self, magic):
        """Return a magic (`%pip`, `!ls`) such that the rest of its cell runs where it cannot."""

        def called(*_arguments, **_keywords):
            try:
                return magic(*_arguments, **_keywords)
            except Exception as _error:
                self.errors.append([self.cell, *describe(_error)])

        return called

    def _open_streams(self) -> None:
        """Open what prints go to, whatever the student's code did to it."""
        with suppress(Exception):
            for descriptor, name in [(1, "stdout"), (2, "stderr")]:
                os.dup2(self.prints_to, descriptor)
                stream = os.fdopen(descriptor, "w", 1, "utf-8", "backslashreplace", closefd=False)
                setattr(sys, name, stream)
                setattr(sys, f"__{name}__", stream)

    def run(self, cells: list[str]) -> dict:
        """Run the cells in order, each whatever became of the others; returns their errors."""
        for self.cell, cell in enumerate(cells, 1):
            self._open_streams()
            error = None
            try:
                with limited(self.seconds):
                    result = self.shell.run_cell(cell, store_history=True)
                error = result.error_before_exec or result.error_in_exec
            except BaseException as raised:
                error = raised
            if error is not None:
                self.errors.append([self.cell, *describe(error)])
        with suppress(Exception):
            sys.stdout.flush()
        # What is printed when the checks call a function would tell what they call it with.
        self.prints_to = os.open(os.devnull, os.O_WRONLY)
        return {"errors": self.errors}

    def get(self, name: str) -> dict:
        """Return the value of a variable, packed, or that it is a function."""
        if name not in self.names:
            raise NameError("is not defined")
        value = self.names[name]
        return {"function": True} if callable(value) else {"value": pack(value)}

    def call(self, name: str, arguments, keywords) -> dict:
        """Return what a function of the student's returns, or raises, for plain arguments."""
        self._open_streams()
        try:
            with limited(self.seconds):
                result = self.names[name](*unpack(arguments), **unpack(keywords))
        except BaseException as error:
            return {"raised": describe(error)}
        return {"value": pack(result)}


def main() -> None:
    options = json.loads(sys.argv[1])
    requests, replies = Connection(os.dup(0)), Connection(os.dup(1))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    found = holes() if options["sandboxed"] else []
    limit(options["limits"], count_processes=options["sandboxed"])
    notebook = Notebook(options["limits"])
    replies.send_bytes(json.dumps({"holes": found}).encode())
    while True:
        what, *arguments = json.loads(requests.recv_bytes(MESSAGE))
        try:
            reply = json.dumps(getattr(notebook, what)(*arguments))
            if len(reply) > MESSAGE:
                raise ValueError(f"has more than {MESSAGE >> 20} MB")
        except Exception as error:
            reply = json.dumps({"refused": describe(error)[1]})
        replies.send_bytes(reply.encode())
