"""Right answers get full marks, and wrong ones none, whatever a notebook does.

Ten submissions in `make test`, all in `make test-all` (environment variable SUBMISSIONS).
"""

import csv
import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections import Counter
from functools import partial
from itertools import islice
from pathlib import Path

import nbformat
import numpy as np
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from submissions import FULL, POINTS, QUESTIONS, ROOT, a_class, master, notebook
from test_mutations import mutated as cut

from helpers import checks
from tools.classroom import editions as classroom_of
from tools.classroom import grade, judge, masters
from tools.common import BookError

ALL = "SUBMISSIONS" in os.environ
LIMITS = ["--seconds", "2", "--minutes", "5", "--memory", "400", "--processes", "40"]
LOW = {"memory": 400 * 2**20, "disk": 2**26, "processes": 40, "seconds": 4, "total_seconds": 99}
MARK = f"86399.{uuid.uuid4().int % 10**12}"


@pytest.fixture(scope="session")
def classroom(tmp_path_factory):
    """What otter assign makes of a master."""
    from otter.assign import main as assign

    def make(name="mini", questions=QUESTIONS):
        folder = tmp_path_factory.mktemp(name)
        nbformat.write(master(name, questions), folder / f"{name}.ipynb")
        assign(folder / f"{name}.ipynb", folder / "dist", no_pdfs=True, no_run_tests=True)
        return folder / "dist" / "autograder"

    return make


@pytest.fixture(scope="session")
def mini(classroom):
    return classroom()


@pytest.fixture(scope="session")
def walls():
    """Skips where no sandbox can be made, which the grader then says and refuses."""
    try:
        return grade.sandbox_for(LOW, without=False)
    except BookError as error:
        pytest.skip(str(error))


def run(folder, autograder, *more):
    out = folder.parent / "grades"
    where = [str(folder), "--autograder", str(autograder), "--output", str(out)]
    return grade.main([*where, *LIMITS, *more]), out


def rows_in(out):
    with open(out / "grades.csv", encoding="utf-8", newline="") as file:
        return {row["student"].removeprefix("'"): row for row in csv.DictReader(file)}


def survivors():
    """Processes with the mark in their command, once those that are being killed are gone."""
    for _ in range(100):
        each = psutil.process_iter(["cmdline"])
        left = [process for process in each if MARK in (process.info["cmdline"] or [])]
        if not left:
            return []
        time.sleep(0.1)
    return left


@pytest.fixture
def hand_in(tmp_path):
    """Write notebooks into a folder, which is returned."""

    def write(**texts):
        folder = tmp_path / "class"
        folder.mkdir(exist_ok=True)
        for name, text in texts.items():
            path = folder / f"{name}.ipynb"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return folder

    return write


def litter(folder, mini):
    """Put what is no submission into the folder; return what should be said of each file."""
    (folder / "answers.py").write_text("{}")
    (folder / "link.ipynb").symlink_to(mini / "mini.ipynb")
    (folder / "linked").symlink_to(mini)
    os.mkfifo(folder / "pipe.ipynb")
    with open(folder / "large.ipynb", "wb") as file:
        file.truncate(40 * 2**20)
    (folder / os.fsdecode(b"\xff.ipynb")).write_text("{}")
    archives = ("class.ZIP", "class.tar.gz", "class.7z")
    for name in archives:
        (folder / name).write_bytes(b"PK")
    for name in (".Trash-1000/a.ipynb", "__MACOSX/._a.ipynb", "b/.ipynb_checkpoints/a.ipynb"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("{}")
    return {
        "answers.py": "not a notebook (.ipynb)",
        **dict.fromkeys(("link", "linked", "pipe"), "a link or a device, not a file"),
        "large": "the file has 40 MB, more than 32",
        "\\xff": "not a notebook of format 4",
        **dict.fromkeys(
            archives, "an archive: unpack it where it lies, delete it, and grade again"
        ),
    }


def test_a_class_is_graded(mini, walls, hand_in, tmp_path, capsys):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "thesis.txt").write_text("years of work")
    for path in (tmp_path, outside):
        path.chmod(0o777)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        everyone = a_class(mini, outside, server.getsockname()[1], MARK)
        everyone = dict(islice(everyone.items(), None if ALL else 10))
        folder = hand_in(**{name: submission.text for name, submission in everyone.items()})
        broken = litter(folder, mini)
        status, out = run(folder, mini)
        with pytest.raises(TimeoutError):
            server.accept()
    assert status == 0

    rows = rows_in(out)
    assert set(rows) == {*everyone, *broken}
    for name, submission in everyone.items():
        row = rows[name]
        assert row["state"] in submission.states.split(";"), row
        if submission.lost is not None:
            expected = {q: points - submission.lost.get(q, 0) for q, points in POINTS.items()}
            assert {q: float(row[q] or 0) for q in POINTS} == expected, row
            assert float(row["total"]) == sum(expected.values())
    assert float(rows["right"]["total"]) == float(rows["right"]["possible"]) == FULL
    assert {rows[name]["state"] for name in broken} == {"broken file"}
    assert {name: rows[name]["detail"] for name in broken} == broken
    said = capsys.readouterr().out
    for part in (".Trash-1000", "__MACOSX", "b/.ipynb_checkpoints"):
        assert f"1 left out in {part}: hidden" in said

    # Nothing outside was touched, and nothing is left running.
    assert [path.name for path in outside.iterdir()] == ["thesis.txt"]
    places = (ROOT, ROOT / "helpers", Path("/"), Path("/usr"), Path("/root"))
    assert not [path for path in places if os.path.exists(path / MARK)]
    assert not survivors()

    pages = {path.name: path.read_text("utf-8") for path in (out / "students").iterdir()}
    assert len(pages) == len(rows)
    index = (out / "index.html").read_text("utf-8")
    assert all(f'href="students/{name}"' in index for name in pages)
    assert "no network" in index
    every = "\n".join(pages.values())
    for words in ("Look at the padding again.", "is of type Whatever", "closed: "):
        assert words in every
    for words in ("is open", "reached", "<script>"):
        assert words not in every
    assert max(map(len, pages.values())) < 60_000


@pytest.mark.skipif(not ALL, reason="SUBMISSIONS=30 grades every chapter's exercises")
def test_the_exercises_of_the_book_are_graded(walls, tmp_path):
    (tmp_path / "class").mkdir()
    (tmp_path / "solutions").mkdir()
    for path in masters.masters(ROOT):
        made = classroom_of.editions(masters.read(path), ROOT)
        (tmp_path / "solutions" / f"{path.stem}.ipynb").write_text(made["solutions"], "utf-8")
        (tmp_path / "class" / f"{path.stem}-solved.ipynb").write_text(made["solutions"], "utf-8")
        (tmp_path / "class" / f"{path.stem}-stub.ipynb").write_text(made["student"], "utf-8")
    out = tmp_path / "grades"
    where = ["--autograder", str(tmp_path / "solutions"), "--output", str(out)]
    assert grade.main([str(tmp_path / "class"), *where]) == 0
    for name, row in rows_in(out).items():
        assert (row["assignment"], row["state"]) == (name.rpartition("-")[0], "graded"), row
        full = float(row["possible"])
        assert full > 0
        assert float(row["total"]) == (full if name.endswith("solved") else 0), row


@pytest.mark.long
def test_what_was_graded_is_not_run_again(mini, walls, classroom, hand_in, monkeypatch):
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")  # it turns no check off
    folder = hand_in(a=notebook(), b=notebook(frames="frames = 1", energy="energy = 0"))
    _, out = run(folder, mini)
    totals = {name: float(row["total"]) for name, row in rows_in(out).items()}
    assert totals == {"a": FULL, "b": FULL - 2}
    for kept in (out / "results").iterdir():
        result = json.loads(kept.read_text())
        kept.write_text(json.dumps(result | {"state": "graded", "detail": "kept"}))
    hand_in(c=notebook(counts="counts = 0"))
    (folder / "b.ipynb").unlink()
    _, out = run(folder, mini)
    rows = rows_in(out)
    assert {name: row["detail"] for name, row in rows.items()} == {"a": "kept", "c": ""}
    assert len(list((out / "students").iterdir())) == 2
    # The same file under other tests is another matter.
    stricter = QUESTIONS | {"energy": QUESTIONS["energy"]._replace(points=5)}
    _, out = run(folder, classroom(questions=stricter))
    assert rows_in(out)["a"] | {"total": "12.0", "detail": ""} == rows_in(out)["a"]


@pytest.mark.long
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_an_end_leaves_nothing_running(end, mini, walls, hand_in):
    sleep = f"import subprocess\nsubprocess.Popen(['setsid', 'sleep', '{MARK}'])\n"
    folder = hand_in(a=notebook(sleep + "import time\ntime.sleep(10**6)"))
    out = folder.parent / "grades"
    grade = ["tools.classroom.grade", str(folder), "--autograder", str(mini)]
    command = [sys.executable, "-m", *grade]
    child = subprocess.Popen(
        [*command, "--output", str(out), "--minutes", "5"],
        cwd=ROOT,
        start_new_session=True,
        # Where the tests themselves run in the background, they ignore SIGINT, and so would this.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    try:
        while not any(MARK in (p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])):
            assert child.poll() is None
            time.sleep(0.2)
        child.send_signal(end)
        assert child.wait(300) == (130 if end == signal.SIGINT else -end)
    finally:
        child.kill()
    assert not survivors()
    assert not (out / "grades.csv").exists()


def test_what_the_grader_cannot_do_it_says(mini, walls, classroom, hand_in, tmp_path, capsys):
    def says(*arguments):
        status, out = run(*arguments)
        assert status == 1
        assert not (out / "grades.csv").exists()
        return capsys.readouterr().err

    folder = hand_in(a=notebook())
    assert "run `make classroom` first" in says(folder, tmp_path)
    (tmp_path / "none").mkdir()
    assert "is empty" in says(tmp_path / "none", mini)
    energy = QUESTIONS["energy"]
    unkept = energy._replace(tests=["assert energy[3] == 8, 'square it'"])
    assert "fail on its own solution: energy: square it" in says(
        folder, classroom(questions=QUESTIONS | {"energy": unkept})
    )
    borrowed = energy._replace(tests=["assert np.isclose(energy[3], 9)"])
    assert "uses `np`, which no solution defines" in says(
        folder, classroom(questions=QUESTIONS | {"energy": borrowed})
    )


def test_without_a_sandbox_it_refuses(mini, hand_in, monkeypatch, capsys):
    monkeypatch.setitem(judge.ENVIRONMENT, "PATH", "/nowhere")
    assert run(hand_in(a=notebook()), mini)[0] == 1
    assert "no sandbox can be made here" in capsys.readouterr().err
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert run(hand_in(a=notebook()), mini, "--no-sandbox")[0] == 1
    assert "as root would give every submission the whole machine" in capsys.readouterr().err


@pytest.fixture
def box(walls):
    """A sandbox of its own for what does not need a whole grading."""
    with judge.Sandbox("bwrap", *grade.users(1), LOW) as made:
        yield made


@pytest.mark.long
def test_what_happens_in_a_class_costs_nobody_points(mini, walls, hand_in):
    frames = QUESTIONS["frames"].solution
    magics = "%matplotlib inline\n!ls\n!pip install x\n%pip install x\nnames = !ls /usr\n"
    folder = hand_in(
        magics=notebook(frames=f"{magics}%load_ext of_colab\nimport json\n{frames}"),
        closed=notebook("import sys\nsys.stdout.close()\nsys.stderr.close()", "print('on')"),
        none=notebook("import sys\nsys.stdout = sys.stderr = None", "print('on')"),
        gone=notebook("import os\nos.close(1)\nos.close(2)", "print('on')"),
        half=notebook("raise ValueError('\\ud83d\\x00\\x1b[2J')"),
        error=notebook("import no_such_module"),
    )
    (folder / os.fsdecode(b"Zo\xeb.ipynb")).write_text(notebook())
    status, out = run(folder, mini, "--seconds", "10")  # pip takes its time
    rows = rows_in(out)
    assert status == 0
    assert {row["total"] for row in rows.values()} == {str(float(FULL))}, rows
    details = {name: row["detail"] for name, row in rows.items()}
    assert "module named 'of_colab'" in details["magics"]
    assert details["half"] == "code cell 2: ValueError: \\ud83d\\x00\\x1b[2J"
    assert details["error"] == "code cell 2: ModuleNotFoundError: No module named 'no_such_module'"
    assert {details[name] for name in ("closed", "none", "gone", "Zo\\xeb")} == {""}
    pages = [path.read_text("utf-8") for path in (out / "students").iterdir()]
    assert len(pages) == 7
    # One that is kept is as harmless.
    assert run(folder, mini, "--seconds", "10")[0] == 0


ANSWERS = """
import collections, decimal, fractions, types
import numpy as np, pandas as pd

class Tensor:
    def __array__(self, dtype=None, copy=None):
        return np.array([0.0, 1.0, 4.0, 9.0])

class Odd:
    def __eq__(self, other):
        return True

class Two(int):
    pass

def stops(x):
    raise StopIteration

def leaves(x):
    raise SystemExit

def odd(x):
    return Odd()

def table(x):
    return pd.Series([x, x])

values = [
    pd.Series([0, 1, 4, 9]), pd.DataFrame({"a": [0, 1], "b": [4, 9]}), pd.Index([0, 1, 4, 9]),
    pd.Series(["a", "b"]), pd.Series(["a", 1]), Tensor(), Odd(), Two(2), range(4), {1: 2}.keys(),
    collections.Counter("abb"), types.MappingProxyType({"a": 1}), collections.deque([1, 2]),
    decimal.Decimal(9), fractions.Fraction(9), b"abc", iter([1]), ..., None, {"a": ...},
    np.ma.array([0, 1, 4, 9]), np.datetime64("2020-01-01"), stops, leaves, odd, table, 9, "a",
    [0, 1, 4, 9],
]
for number, value in enumerate(values):
    globals()[f"x{number}"] = value
"""


def test_answers_of_any_type_get_the_same_verdict_in_both_places(box):
    names = {}
    exec(ANSWERS, names)
    assert box.ask("run", [ANSWERS])["errors"] == []
    tests = [
        "assert len(NAME) == 4 and NAME[3] == 9, 'four of them'",
        "from helpers.checks import array\nassert array('x', NAME).sum() == 14",
        "from helpers.checks import same\nsame('x', NAME, right={'a': 1, 'b': 2})",
        "from helpers.checks import number\nnumber('x', NAME, right=9)",
        "from helpers.checks import array, call\narray('x', call('x', NAME, 3), (2,))",
        "assert all(value < 0 for value in map(NAME, [1, 2]))",
        "assert NAME == 2",
    ]
    passed = 0
    for number in range(len(names["values"])):
        for test in tests:
            code = test.replace("NAME", f"x{number}")
            case = {"code": code, "failure_message": None}
            here, there = checks.failure(code, names), judge.failure(case, box)
            assert (here is None) == (there is None), (names["values"][number], test, here, there)
            passed += here is None
    assert passed > 8


def test_it_starts_where_each_fork_starts_a_thread(box):
    """As IPython's history lets it, from version 9 on."""
    code = f"""
import os, threading, time
os.register_at_fork(after_in_child=lambda: threading.Thread(target=time.sleep, args=(9,)).start())
from tools.classroom import grade
print(grade.sandbox_for({LOW}, without=False)[0])
"""
    said = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)
    assert said.strip() == "bwrap"


def test_a_submission_writes_to_one_place_and_makes_no_namespaces(box):
    writes = """
import ctypes, os, pathlib, subprocess
print("unshared" if ctypes.CDLL(None).unshare(0x10000000) == 0 else "no namespace")
for folder in (".", "../../_build", "/tmp", "/dev/shm", "/dev", "/", os.path.expanduser("~")):
    try:
        with open(os.path.join(folder, "filled" + folder.replace("/", "_")), "wb", 0) as file:
            while True:
                file.write(bytes(2**20))
    except OSError as error:
        print(folder, error)
files = (path for top in ("/tmp", "/dev") for path in pathlib.Path(top).rglob("filled*"))
print("written", sum(path.stat().st_size for path in files if path.is_file()))
"""
    assert box.ask("run", [writes])["errors"] == []
    said = box.output()
    assert "no namespace" in said
    assert int(said.split("written ")[1]) <= LOW["disk"]


# Memory that the look at each process finds, and memory that only a cgroup counts.
HELD = {
    "pages": """
import mmap, time
blocks = []
for _ in range(32):
    blocks.append(mmap.mmap(-1, 2**26))
    blocks[-1].write(bytes(2**26))
time.sleep(20)
""",
    "files": """
import os, time
for number in range(16):
    os.write(os.memfd_create(str(number)), bytes(2**26))
time.sleep(20)
""",
}
UNHELD = {
    "pages": HELD["pages"].replace("26))", "26))\n    blocks[-1].madvise(mmap.MADV_DONTNEED)"),
    "empty files": """
import os
for number in range(10**6):
    os.close(os.open(f"/tmp/{number}", os.O_CREAT))
""",
    "segments": """
import ctypes
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
for _ in range(32):
    segment = libc.shmget(0, 2**26, 0o1600)
    at = libc.shmat(segment, None, 0)
    if segment < 0 or at in (None, 2**64 - 1):
        raise MemoryError
    ctypes.memset(at, 1, 2**26)
    libc.shmdt(ctypes.c_void_p(at))
""",
}


@pytest.mark.long
@pytest.mark.parametrize("kind", HELD)
def test_memory_is_counted_without_a_cgroup(kind, walls, monkeypatch):
    monkeypatch.setattr(judge, "group", lambda memory: None)
    with judge.Sandbox("bwrap", *grade.users(1), LOW | {"seconds": 20}) as box:
        with pytest.raises(judge.Lost):
            box.ask("run", [HELD[kind]], slow=True)
        assert box.state == "memory"


@pytest.mark.long
@pytest.mark.parametrize("kind", UNHELD)
def test_memory_that_no_process_holds_is_counted(kind, walls):
    with judge.Sandbox("bwrap", *grade.users(1), LOW | {"seconds": 20}) as box:
        if not box.group:
            assert "NOT COUNTED" in walls[1][-1]
            pytest.skip("there is no cgroup here, as the grader says")
        try:
            assert box.ask("run", [UNHELD[kind]], slow=True)["errors"][0][1] == "MemoryError"
        except judge.Lost:
            assert box.state == "memory"
        group = box.group
    assert not group.exists()


def test_the_exercises_are_known_however_they_are_named():
    assignments = {"01_a": {"x": {}}, "02_b": {"y": {}}}
    for call in ("'02_b'", '"02_b"', ' "02_b" ', "notebook='02_b'", "r'02_b'", "'02_b',"):
        cells = [f"grader = exercises.Grader({call})", 'grader.check("x")']
        assert judge.assignment_of(cells, {}, assignments) == "02_b"
    assert judge.assignment_of(["grader.check('y')"], {}, assignments) == "02_b"
    assert judge.assignment_of(["Grader('03_c')"], {}, assignments) is None


scalars = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False)
keys = st.integers() | st.text() | st.tuples(st.integers(), st.text())
plain = st.recursive(
    scalars | st.complex_numbers(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(keys, inner) | st.tuples(inner, inner),
)


@given(plain)
def test_plain_data_crosses_unchanged(value):
    crossed = checks.unpack(json.loads(json.dumps(checks.pack(value))))
    assert crossed == value
    assert type(crossed) is type(value)


@pytest.mark.parametrize(
    "array",
    [np.arange(6).reshape(2, 3).T, np.zeros((0, 3), "f4"), np.array(["a", "ü"]), np.array(2j),
     np.float32(0.1), np.bool_(True), np.array([1, 2], ">i2")],
)  # fmt: skip
def test_arrays_cross_unchanged(array):
    crossed = checks.unpack(json.loads(json.dumps(checks.pack(array))))
    assert type(crossed) is type(array)
    assert crossed.dtype == array.dtype
    np.testing.assert_array_equal(crossed, array)


@pytest.mark.parametrize("value", [object(), print, np.array([{}]), np.zeros(2, "i4,i4"), [..., 1]])
def test_what_is_not_plain_does_not_cross(value):
    with pytest.raises(TypeError, match="is "):
        checks.pack(value)


@pytest.mark.parametrize(
    "forged",
    [{"array": ["", "O", [0], False]}, {"array": ["AAAA", "i4,O", [1], False]}, {"list": []},
     {"array": ["AAAA", "u1", [10**12], False]}, {"dict": [[[], 1]]}, {}, {"tuple": 5}],
)  # fmt: skip
def test_a_forged_value_is_an_error_of_the_student(forged):
    with pytest.raises(judge.AnswerError, match="cannot be read"):
        judge.value_of({"value": forged}, "`x`")


def test_the_table_has_the_questions_of_what_was_handed_in():
    assignments = {"01_a": {"x": {}, "project": {}}, "02_b": {"project": {}}, "03_c": {"y": {}}}

    def row(assignment, **points):
        questions = {name: {"points": value} for name, value in points.items()}
        return dict.fromkeys(grade.COLUMNS, "") | {"assignment": assignment, "questions": questions}

    def header_and_points(*rows):
        lines = csv.reader(grade.as_csv(rows, assignments).splitlines())
        return [line[len(grade.COLUMNS) :] for line in lines]

    first, second = row("01_a", x=2, project=1), row("02_b", project=3)
    assert header_and_points(first) == [["x", "project"], ["2", "1"]]
    assert header_and_points(first, second, row("")) == [
        ["01_a/x", "01_a/project", "02_b/project"],
        ["2", "1", ""],
        ["", "", "3"],
        ["", "", ""],
    ]


texts = st.text(st.characters(), max_size=20) | st.sampled_from(
    ["\ud83d", "raise ValueError('\\ud83d')", "%%x", "!", "import sys\nsys.exit()"]
)
anything = st.recursive(
    scalars | st.just(math.nan) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def mutated(draw):
    """A right submission of which something is cut, flipped, or another thing than it should be."""
    if draw(st.booleans()):
        return draw(cut(notebook().encode()))
    book = json.loads(notebook())
    for _ in range(draw(st.integers(1, 3))):
        inner, depth = book, draw(st.integers(0, 5))
        while True:
            keys = list(inner) if isinstance(inner, dict) else range(len(inner))
            key = draw(st.sampled_from(keys))
            if not depth or not inner[key] or not isinstance(inner[key], dict | list):
                break
            inner, depth = inner[key], depth - 1
        if draw(st.booleans()) and len(inner) > 1:
            del inner[key]
        else:
            inner[key] = draw(anything)
    return json.dumps(book).encode()


@pytest.mark.long
def test_a_damaged_file_costs_no_other(mini, walls, hand_in, capsys):
    folder, count = hand_in(right=notebook()), 0

    @settings(max_examples=300, suppress_health_check=list(HealthCheck), database=None)
    @given(mutated())
    def write(data):
        nonlocal count
        count += 1
        (folder / f"{count}.ipynb").write_bytes(data)

    write()
    status, out = run(folder, mini)
    rows = rows_in(out)
    assert len(rows) == count + 1 > 300
    assert status == 0, [row for row in rows.values() if row["state"] == "not graded"]
    assert float(rows["right"]["total"]) == FULL
    states = Counter(row["state"] for row in rows.values())
    assert states["broken file"] > 50
    assert states["graded"] > 30
    assert all(float(row["total"]) <= FULL for row in rows.values())
    assert len(list((out / "students").iterdir())) == len(rows)
    assert "Traceback" not in capsys.readouterr().err
