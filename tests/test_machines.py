"""The main commands on machines that are not the maintainer's: another locale, user, umask, path.

Part of `make test-all`. What needs root to imitate (another user) is skipped for all others, who
run everything without root anyway.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import soundfile
from conftest import tone
from faults import copy_of_the_book

from helpers.runs import records
from tools.common import ROOT

pytestmark = pytest.mark.long

STRANGE = 'the class\'s "100 %" book #1 & {två} 日本'
USER, GROUP = 54_321, 54_320  # of no name and no home
# In a name space of its own: an interpreter that lies in root's home is shown to another user.
SHOWN = """
own=$(umask) && umask 022 &&
kept=$(mktemp -d) && mount --bind "$1" "$kept" && mount -t tmpfs -o mode=755 none "$2" &&
mkdir -p "$1" && mount --bind "$kept" "$1" && shift 2 && umask "$own" && exec "$@"
"""
TRAIN = "-m helpers.commands train --profile smoke --only cnn --variant base --fold 1 --runs runs"
COMMANDS = {
    "train": TRAIN,
    "train, again": f"{TRAIN} --dry-run",
    "collect": "-m helpers.commands collect pool runs --profile smoke",
    "import": "-m helpers.commands import sounds own",
    "nsynth": "-m helpers.commands nsynth test --source book/data/nsynth-mini --to store",
    "sync": "-m tools.book.sync --check",
    "execute": "-m tools.book.execute --profile smoke --only 05 --output out",
}
# A training that ends amid itself, as when the power fails.
STOP = """
import os, sys
from helpers.commands.main import main
from helpers.runs import training
training.set_dropout_seeds = lambda model, seed, epoch: epoch and os._exit(7)
main(sys.argv[1:])
"""


def run(words, book, environment, user=None, umask=-1):
    """Run a Python command, as root or as another user."""
    command = [sys.executable, *words.split()]
    if user is not None:
        command = ["setpriv", f"--reuid={user}", f"--regid={GROUP}", "--clear-groups", *command]
        base, top = Path(sys.base_prefix), Path(*Path(sys.base_prefix).parts[:2])
        if not top.stat().st_mode & 1:
            command = ["unshare", "-m", "sh", "-c", SHOWN, "sh", str(base), str(top), *command]
    done = subprocess.run(
        command, cwd=book, env=environment, umask=umask, capture_output=True,
        encoding="utf-8", errors="backslashreplace", timeout=900,
    )  # fmt: skip
    assert "Traceback" not in done.stderr + done.stdout, done.stderr + done.stdout
    return done


def environment(book, **more):
    """The variables of a machine; None takes one away."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("XDG_")}
    kept |= {"PYTHONPATH": str(book), "PYTHONDONTWRITEBYTECODE": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    return {name: text for name, text in (kept | more).items() if text is not None}


@pytest.fixture
def shelf():
    """A folder that every user can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def given_to(user: int, folder: Path, mode: int = 0o755) -> Path:
    """A new folder of a user."""
    folder.mkdir()
    os.chown(folder, user, GROUP)
    folder.chmod(mode)
    return folder


def a_book(folder: Path, user: int | None = None) -> Path:
    """A copy of the book with a folder of sounds, which belongs to `user`."""
    folder.mkdir(parents=True)
    copy_of_the_book(folder)
    for family, pitch in (("flute", "070"), ("Cello", "048")):
        sounds = folder / "sounds" / family
        sounds.mkdir(parents=True)
        sound = tone(f"flute_acoustic_002-{pitch}-100")
        soundfile.write(sounds / "Bär #1 100%.wav", sound, 16_000)
    (folder / "stop.py").write_text(STOP)
    if user is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user, GROUP, follow_symlinks=False)
    return folder


# All that is odd at once: what fails here is told apart by leaving some of it out.
ODD = {"HOME": None, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("user", [None, USER], ids=["this user", "another user"])
def test_the_main_commands_run(user, shelf):
    if user and os.geteuid():
        pytest.skip("it takes root to be somebody else")
    book = a_book(shelf / STRANGE, user)
    variables = environment(book, **ODD)
    for name, words in COMMANDS.items():
        done = run(words, book, variables, user, 0o077)
        assert done.returncode == 0, (name, done.stdout, done.stderr)
    (record,) = records.read_all(book / "runs")
    assert (book / "pool" / records.record_name(record.config) / "record.json").is_file()
    assert (book / "store/nsynth-test/store.json").is_file()
    assert len(list((book / "own").rglob("*.flac"))) == 2
    assert (book / "out/book/05_folds.ipynb").is_file()
    made = (book / "runs" / records.record_name(record.config) / "record.json").stat()
    assert made.st_mode & 0o777 == 0o600
    assert made.st_uid == (os.geteuid() if user is None else user)


@pytest.mark.skipif(os.geteuid() != 0, reason="it takes root to be two people")
def test_a_group_shares_a_folder_of_runs(shelf):
    first, second = USER, USER + 1
    book = a_book(shelf / "book", first)
    runs, features = (given_to(first, shelf / name, 0o2775) for name in ("runs", "features"))
    variables = environment(book, FEATURE_CACHE=str(features))
    words = TRAIN.replace("--runs runs", f"--runs {runs}")
    # The first is stopped amid a run: its lock, its folder of work and its checkpoint stay.
    done = run(words.replace("-m helpers.commands", "stop.py"), book, variables, first, 0o002)
    assert done.returncode == 7, done.stderr
    (lock,) = runs.glob(".work/*/lock")
    assert lock.stat().st_mode & 0o777 == 0o664
    done = run(words, book, variables, second, 0o002)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(records.read_all(runs)) == 1
    # What is another's alone is named, and stops this run only.
    runs.chmod(0o755)
    done = run(words.replace("--fold 1", "--fold 2"), book, variables, second, 0o002)
    assert done.returncode == 1
    assert "Permission denied" in done.stdout
    assert str(runs) in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="it takes root to be somebody else")
def test_the_checkout_is_not_written_to(shelf):
    """Where a clone is read-only, its commands work elsewhere."""
    book = a_book(shelf / "book")  # root's
    away = given_to(USER, shelf / "away")
    variables = environment(book, FEATURE_CACHE=str(away / "features"), HOME=str(away))
    done = run(TRAIN.replace("--runs runs", f"--runs {away / 'runs'}"), book, variables, USER)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(records.read_all(away / "runs")) == 1
    done = run(TRAIN, book, variables, USER)
    assert done.returncode == 1
    assert "Permission denied" in done.stdout
    assert str(ROOT) not in done.stdout
