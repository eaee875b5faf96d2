"""What a class hands in, as `test_grade.py` grades it: honest, broken and hostile notebooks.

Each is bounded by itself: were there no sandbox, it would fork a few hundred processes for a few
seconds, take 2 GB at most, and delete nothing but what the tests made.
"""

from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import v4

ROOT = Path(__file__).parents[1]


class Question(NamedTuple):
    points: int
    solution: str
    tests: list[str]


class Submission(NamedTuple):
    """A file and what should become of it: states, and points lost by question (None: any)."""

    text: str
    states: str = "graded"
    lost: dict | None = {}


HIDDEN = '''
"""# BEGIN TEST CONFIG
hidden: true
failure_message: Look at the padding again.
""" # END TEST CONFIG
'''.lstrip()
QUESTIONS = {
    "frames": Question(
        2,
        "frames = 1 + 64_000 // 512",
        [
            'assert isinstance(frames, int), "frames is a whole number"',
            HIDDEN + 'assert frames == 126, "one frame starts at each hop"',
        ],
    ),
    "mel": Question(
        3,
        """
import numpy as np

def mel(hertz):
    if np.any(np.asarray(hertz) < 0):
        raise ValueError("a frequency is not negative")
    return 2595 * np.log10(1 + np.asarray(hertz) / 700)
""",
        [
            "import numpy as np\n"
            'assert np.isclose(mel(700.0), 781.17, atol=0.01), "what is log10(2)?"',
            "import numpy as np\n"
            "values = mel(np.array([0.0, 440.0, 1000.0]))\n"
            'assert values.shape == (3,), "one value a frequency"\n'
            'assert not any(mel(hertz) < 0 for hertz in (1.0, 50.0)), "above 0 is above 0"',
            "# HIDDEN\n"
            "try:\n    mel(-1.0)\nexcept ValueError:\n    pass\n"
            'else:\n    raise AssertionError("no frequency is negative")',
        ],
    ),
    "counts": Question(
        2,
        'counts = {"bass": 100, "flute": 100}',
        ['assert set(counts) == {"bass", "flute"}, "two families"\nassert counts["bass"] == 100'],
    ),
    "energy": Question(
        1,
        "import numpy as np\n\nenergy = np.square(np.arange(4.0))",
        ['assert energy.shape == (4,) and energy[3] == 9, "square each sample"'],
    ),
}
POINTS = {name: question.points for name, question in QUESTIONS.items()}
FULL = sum(POINTS.values())


def master(name: str = "mini", questions: dict = QUESTIONS) -> nbformat.NotebookNode:
    """A master notebook as `otter assign` reads it."""
    cells = [v4.new_raw_cell(f"# ASSIGNMENT CONFIG\nname: {name}\ntests:\n    files: false\n")]
    for question, (points, solution, tests) in questions.items():
        cells += [
            v4.new_raw_cell(f"# BEGIN QUESTION\nname: {question}\npoints: {points}"),
            v4.new_markdown_cell(f"What is `{question}`?"),
            v4.new_raw_cell("# BEGIN SOLUTION"),
            v4.new_code_cell(solution),
            v4.new_raw_cell("# END SOLUTION"),
            v4.new_raw_cell("# BEGIN TESTS"),
            *map(v4.new_code_cell, tests),
            v4.new_raw_cell("# END TESTS"),
            v4.new_raw_cell("# END QUESTION"),
        ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def notebook(*first: str, assignment: str | None = "mini", **answers: str) -> str:
    """A student's notebook: `first`, then the right answers, or `answers` in their place."""
    sources = ["# Initialize Otter\nimport otter\ngrader = otter.Notebook('mini.ipynb')", *first]
    for name, question in QUESTIONS.items():
        sources += [answers.get(name, question.solution), f'grader.check("{name}")']
    book = v4.new_notebook(cells=[v4.new_code_cell(source) for source in sources])
    if assignment:
        # The public tests travel in here; in these, anything goes and is worth a fortune.
        case = {"code": ">>> assert True", "hidden": False, "locked": False}
        tests = {n: {"name": n, "points": 99, "suites": [{"cases": [case]}]} for n in QUESTIONS}
        book.metadata["otter"] = {"OK_FORMAT": True, "assignment_name": assignment, "tests": tests}
    return nbformat.writes(book)


def only(cell) -> str:
    return nbformat.writes(v4.new_notebook(cells=[cell]))


FORKS = """
import os, time
for _ in range(9):
    os.fork()
time.sleep(20)
"""
HOG = "blocks = [bytearray(2**26) for _ in range(32)]"
PATCHES = """
import sys
import numpy as np
np.allclose = np.isclose = lambda *_, **__: True
class Same(int):
    __hash__ = int.__hash__
    def __eq__(self, other): return True
class Whatever:
    def __eq__(self, other): return True
    def __lt__(self, other): return False
    def __getattr__(self, name): return Whatever()
    def __getitem__(self, key): return Whatever()
def anything(*_, **__):
    return Same()
sys.modules["otter"] = sys.modules["tools.classroom.judge"] = Whatever()
grader.check = grader.check_all = lambda *_: print("all tests passed")
print('{"state": "graded", "total": 99}')
"""
BREAKS = """
import builtins, json
builtins.isinstance = builtins.all = lambda *_: True
builtins.AssertionError = Exception
json.dumps = lambda *_: '{"value": 126}'
"""
FORGES = """
import os, struct
reply = b'{"value": 126, "errors": []}'
for descriptor in range(3, 64):
    try:
        os.write(descriptor, struct.pack("!i", len(reply)) + reply)
    except OSError:
        pass
"""
SWALLOWS = """
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""
SLEEPS = """
import signal, time
def mel(hertz):
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    time.sleep(10**6)
"""
ENDS = "import os\nos._exit(0)"
KILLS = ["import os\nos.kill(os.getppid(), 9)", "os.kill(-1, 9)", "os.kill(1, 15)"]


def a_class(tests: Path, outside: Path, port: int, mark: str) -> dict[str, Submission]:
    """Thirty submissions and more, the first ten of which are graded with every change.

    `tests`: the editions that otter wrote, which a submission might look for. `outside`: a folder
    that anybody may write to. `port`: one on this machine where somebody listens. `mark`: a number
    of seconds that no other process sleeps, and a name that no other folder has.
    """
    reads = f"""
import os
for path in ({str(tests)!r}, {str(ROOT / "tests")!r}, {str(ROOT / ".git")!r}):
    try:
        print(os.listdir(path), "is open")
    except OSError as error:
        print("closed:", error)
"""
    deletes = f"""
import os, shutil
if not os.listdir("."):
    shutil.rmtree(".", ignore_errors=True)
shutil.rmtree({str(outside)!r}, ignore_errors=True)
for path in ({str(ROOT)!r}, {str(ROOT / "helpers")!r}, {str(outside)!r}, "/", "/usr", "/root"):
    try:
        os.mkdir(os.path.join(path, {mark!r}))
    except OSError as error:
        print(error)
"""
    connects = f"""
import socket
for address in (("127.0.0.1", {port}), ("192.0.2.1", 80)):
    try:
        socket.create_connection(address, 3).send(b"x")
        print("reached", address)
    except OSError as error:
        print("no way:", error)
"""
    daemon = f"""
import subprocess
for _ in range(3):
    subprocess.Popen(["setsid", "-f", "sleep", {mark!r}], start_new_session=True)
"""
    right = notebook()
    return {
        "right": Submission(right),
        "wrong": Submission(
            notebook(frames="frames = 125", counts="counts = {}"), lost={"frames": 1, "counts": 2}
        ),
        "empty": Submission("", "broken file", POINTS),
        "syntax": Submission(notebook(counts="counts = {"), lost={"counts": 2}),
        "endless": Submission(notebook(frames="while True:\n    pass"), lost={"frames": 2}),
        "forks": Submission(notebook(FORKS), "processes;memory;graded", None),
        "hog": Submission(
            notebook(counts=f"{HOG}\n{QUESTIONS['counts'].solution}"), lost={"counts": 2}
        ),
        "patches": Submission(
            notebook(reads, PATCHES, frames="frames = Same()", mel="mel = anything",
                     counts="counts = Whatever()", energy="energy = Whatever()"),
            lost=POINTS | {"frames": 1},
        ),
        "deletes": Submission(notebook(deletes)),
        "infinite": Submission(
            notebook(FORGES.replace("[]", '[[Infinity, "", ""]]')),
            "graded;ended itself;timed out",
            None,
        ),
        # All.
        **dict.fromkeys(("right too", "Zoë & 'co'", "group a/same"), Submission(right)),
        "group b/same": Submission(notebook(energy="energy = [0, 1, 4, 9]"), lost={"energy": 1}),
        "=1+1": Submission(notebook(assignment=None)),
        "stub": Submission(notebook(**dict.fromkeys(QUESTIONS, "...")), lost=POINTS),
        "markup": Submission(
            notebook("raise ValueError('<script>alert(1)</script>')", frames="frames = '<b>'"),
            lost={"frames": 2},
        ),
        "chapter": Submission(only(v4.new_code_cell("1 + 1")), "wrong notebook", POINTS),
        "other": Submission(notebook(assignment="another"), "wrong notebook", POINTS),
        "text": Submission(only(v4.new_markdown_cell("hello")), "broken file", POINTS),
        "cut": Submission(right[: len(right) // 2], "broken file", POINTS),
        "nested": Submission("[" * 200_000, "broken file", POINTS),
        "breaks": Submission(notebook(BREAKS, frames="frames = 0"), "graded;ended itself", None),
        "forges": Submission(notebook(FORGES, frames="frames = 0"), "graded;ended itself", None),
        "connects": Submission(notebook(connects)),
        "prints": Submission(notebook("for _ in range(500):\n    print('x' * 100_000)")),
        "huge": Submission(notebook(counts="counts = 'x' * 2**25"), lost={"counts": 2}),
        "no return": Submission(
            notebook(mel="def mel(hertz):\n    while True:\n        pass"), lost={"mel": 3}
        ),
        "swallows": Submission(notebook(counts=SWALLOWS), "timed out", POINTS),
        "sleeps": Submission(
            notebook(mel=SLEEPS), "timed out", {"mel": 3, "counts": 2, "energy": 1}
        ),
        "ends": Submission(notebook("import sys\nsys.exit()", ENDS), "ended itself", POINTS),
        "kills": Submission(notebook(*KILLS)),
        "daemon": Submission(notebook(daemon)),
        "stops": Submission(
            notebook(mel="def mel(hertz):\n    raise StopIteration"), lost={"mel": 3}
        ),
    }  # fmt: skip
