"""Run a function in a process of its own, and end it, with all that it started, at a limit."""

import contextlib
import multiprocessing
import signal
import time
from collections.abc import Callable

import psutil

PAUSE = 0.5  # seconds between two looks, each of which goes through all processes


def run(
    function: Callable, *arguments, seconds: float, gib: float
) -> tuple[object, str | None, float]:
    """Call `function(*arguments)` in a new process and wait for it.

    `function`, `arguments`: what can be imported, and what can be pickled. `seconds`, `gib`: when
    to end the process, its children and theirs: time since the start, and resident memory of them
    all, added up (what they share counts for each). Returns what the function returned, None if it
    did not get that far; why there is no result; the most memory seen, in GiB. Between two looks,
    half a second, there may be more.
    """
    # A server that has imported the function's module, and forks: no import for every process.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([function.__module__])
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(sender, function, arguments))
    start, peak, reason = time.monotonic(), 0.0, None
    process.start()
    sender.close()
    try:
        while reason is None and process.is_alive():
            peak = max(peak, sum(map(_resident, family(process.pid))) / 2**30)
            if peak > gib:
                reason = f"it took more than {gib:g} GiB of memory"
            elif time.monotonic() - start > seconds:
                reason = f"it took more than {seconds:g} s"
            process.join(PAUSE)
    finally:
        if process.is_alive():
            end(family(process.pid))
        process.join()
    with contextlib.suppress(EOFError):
        if reason is None and receiver.poll():
            return receiver.recv(), None, peak
    return None, reason or f"its process died (exit code {process.exitcode})", peak


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all its descendants, or nothing if it is gone."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def end(found: list[psutil.Process]) -> None:
    """Kill processes."""
    for process in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(found, timeout=10)


def end_descendants() -> None:
    """Kill all that the processes which this one started have started, such as those of `run`.

    The server that forks those is left: it ends with this process, or serves the next.
    """
    children = psutil.Process().children()
    end([one for child in children for one in child.children(recursive=True)])


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def _call(sender, function, arguments):
    # Ctrl-C reaches all processes of a terminal: the one that waits sees to the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sender.send(function(*arguments))
