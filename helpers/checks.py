"""Checks of the exercises: what their test cells call, and what `grader.check` answers.

A check says what is wrong and where to look, never the answer: it raises `AssertionError` with a
message. No right value stands in a student's notebook. Where a master notebook says
`right=79`, the student edition (`tools.classroom.editions`) has a salted scrypt digest, and so has
every wrong value that gets a hint of its own. Digests are slow on purpose: who wants to guess
has to wait for each guess.

The checks take plain data and functions of plain data. A grader fetches the data from, and calls
the functions in, another process; in the notebook an answer goes through the same `pack` and
`unpack`, so that whatever it is made of, both say the same of it.
"""

import base64
import builtins
import copy
import hashlib
import json
import math
import re
import symtable
import sys
from collections.abc import Callable, Mapping, Sequence, Set
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

EDITIONS = Path(__file__).resolve().parents[1] / "classroom" / "student"
SEALED = re.compile(r"scrypt:(.+):[0-9a-f]{24}")


class AnswerError(Exception):
    """An answer that cannot be had: not defined, not plain data, or a function that failed."""


def pack(value: Any) -> Any:
    """Return plain data in a form that JSON has.

    Parameters
    ----------
    value : None, bool, int, float, complex, str, sequence, set, mapping or array
        Arrays of numbers, booleans or strings, and what turns into one: tensors of TensorFlow and
        JAX, tables and columns of pandas. Other sequences, sets and mappings than Python's own
        become lists, sets and dictionaries.

    Raises
    ------
    TypeError
        For anything else, named in a way that helps a student.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if value is ...:
        raise TypeError("is still `...`: not answered yet")
    if hasattr(type(value), "__array__"):
        array = np.asarray(value)
        if array.size and all(isinstance(item, str) for item in array.flat):
            array = array.astype(str)  # pandas keeps texts as objects
        if array.dtype.kind not in "biufcUS":
            raise TypeError(f"is an array of {array.dtype}, not of numbers, booleans or strings")
        data = base64.b64encode(array.tobytes()).decode()
        return {"array": [data, array.dtype.str, array.shape, isinstance(value, np.generic)]}
    for kind in (int, float, str):  # a class of the student's own, made from one of these
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, Mapping):
        return {"dict": [[pack(key), pack(item)] for key, item in value.items()]}
    for name, container in {"tuple": tuple, "set": Set}.items():
        if isinstance(value, container):
            return {name: [pack(item) for item in value]}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [pack(item) for item in value]
    raise TypeError(
        f"is of type {type(value).__name__}, not a number, a string, a list, a dict or an array"
    )


def unpack(value: Any) -> Any:
    """Return the data that `pack` packed; raises `ValueError` or `TypeError` for anything else."""
    if isinstance(value, list):
        return [unpack(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "array":
        data, dtype, shape, scalar = content
        dtype = np.dtype(str(dtype))
        if dtype.kind not in "biufcUS":
            raise ValueError(f"an array of {dtype} is not plain data")
        array = np.frombuffer(base64.b64decode(data), dtype).reshape(shape).copy()
        return array[()] if scalar else array
    if kind == "complex":
        return complex(*content)
    if kind == "dict":
        return {unpack(key): unpack(item) for key, item in content}
    return {"tuple": tuple, "set": set}[kind](unpack(item) for item in content)


def plain(value: Any) -> Any:
    """Return an answer as a grader has it: a copy, as plain data; raises `TypeError` if it is none.

    Examples
    --------
    >>> plain(range(3))
    [0, 1, 2]
    """
    return unpack(pack(value))


def raised(name: str, kind: str, message: str) -> Exception:
    """Return the error that a check meets where a student's function `name` raises one.

    Python's own arrive as themselves, so that a check may expect a `ValueError`.
    """
    error = getattr(builtins, kind, None)
    # The first two would end a loop of the check's early, as if all had been checked.
    silent = (StopIteration, StopAsyncIteration, AssertionError)
    if isinstance(error, type) and issubclass(error, Exception) and error not in silent:
        try:
            return error(message)
        except TypeError:  # UnicodeDecodeError, which wants five arguments
            pass
    return AnswerError(f"`{name}` raised {kind}: {message}")


def fetched(name: str, names: dict) -> Any:
    """Return an answer as a grader has it: data as `plain`, a function of plain data otherwise.

    Raises
    ------
    AnswerError
        If it cannot be had so; the message says why.
    """
    if name not in names:
        raise AnswerError(f"{name} is not known yet: run the cell with your answer first.")

    def called(*arguments: Any, **keywords: Any) -> Any:
        try:
            result = value(*plain(arguments), **plain(keywords))
        except (Exception, SystemExit) as error:
            raise raised(name, type(error).__name__, str(error)) from error
        return data(f"the result of `{name}`", result)

    def data(what: str, value: Any) -> Any:
        try:
            return plain(value)
        except Exception as error:
            raise AnswerError(f"{what} {error}") from error

    value = names[name]
    return called if callable(value) else data(f"`{name}`", value)


def seal(text: str, salt: str) -> str:
    """Return `scrypt:<salt>:<digest>` of a text; 8 MiB of memory and some 20 ms each."""
    digest = hashlib.scrypt(text.encode(), salt=salt.encode(), n=2**13, r=8, p=1, dklen=12)
    return f"scrypt:{salt}:{digest.hex()}"


def number_key(value: float, digits: int = 0) -> str:
    """Return what is sealed of a number: how many units of 10**-digits it is, rounded."""
    return str(round(float(value) * 10.0**digits))


def plain_key(value: Any, ordered: bool = True) -> str:
    """Return what is sealed of plain data: JSON that is one for all ways to write the same.

    Small and capital letters, tuples and lists, NumPy's and Python's numbers count as the same;
    floats are rounded to six places; sets, and with `ordered=False` the outer list, are sorted.
    """

    def plain(item: Any) -> Any:
        if isinstance(item, np.ndarray | np.generic):
            item = item.tolist()
        if isinstance(item, dict):
            return {str(plain(key)): plain(entry) for key, entry in item.items()}
        if isinstance(item, list | tuple):
            return [plain(entry) for entry in item]
        if isinstance(item, set | frozenset):
            return sorted((plain(entry) for entry in item), key=json.dumps)
        if isinstance(item, str):
            return item.strip().casefold()
        if isinstance(item, float) and math.isfinite(item):
            return int(item) if item.is_integer() else round(item, 6)
        return item

    result = plain(value)
    if not ordered and isinstance(result, list):
        result.sort(key=json.dumps)
    return json.dumps(result, sort_keys=True)


def number(
    name: str, value: Any, right: Any, wrong: dict | None = None, digits: int = 0, hint: str = ""
) -> None:
    """Check one number.

    Parameters
    ----------
    name : str
        What the answer is called in messages.
    value : number
        The answer.
    right : number or str
        The right value, or its seal.
    wrong : dict of (number or str) -> str, optional
        Tempting wrong values, or their seals, and the hint that each gets.
    digits : int
        Decimal places that count: the answer may be up to one unit of the last one off. With 0
        it must be the whole number itself.
    hint : str
        Where to look, for all other wrong values.

    Raises
    ------
    AssertionError
        If the answer is missing, no number, or wrong; the message says which.
    """
    answered(name, value)
    found = np.asarray(value)
    if found.size != 1 or found.dtype.kind not in "iuf":
        raise AssertionError(f"{name} should be one number. It is {short(value)}.")
    scaled = float(found.item()) * 10.0**digits
    if not math.isfinite(scaled):
        raise AssertionError(f"{name} is {short(value)}: was something divided by zero?")
    if digits == 0 and abs(scaled - round(scaled)) > 1e-6:
        raise AssertionError(f"{name} should be a whole number. It is {short(value)}.")
    near = {str(math.floor(scaled + 1e-6)), str(math.ceil(scaled - 1e-6))}
    _compare(name, value, near, right, wrong, hint, lambda key: number_key(key, digits))


def same(
    name: str,
    value: Any,
    right: Any,
    wrong: dict | None = None,
    ordered: bool = True,
    hint: str = "",
) -> None:
    """Check plain data: a text, a list, a dictionary (see `plain_key` for what counts as equal).

    Parameters and errors are those of `number`; the keys of `wrong` are tuples in place of lists.
    With `ordered=False` the order of a list does not count.
    """
    answered(name, value)
    try:
        key = plain_key(value, ordered)
    except (TypeError, ValueError):
        raise AssertionError(
            f"{name} should be plain data: numbers, texts, lists, dictionaries. "
            f"It is {short(value)}."
        ) from None
    _compare(name, value, {key}, right, wrong, hint, lambda key: plain_key(key, ordered))


def call(name: str, function: Any, *arguments: Any) -> Any:
    """Call the function of an answer with copies of the arguments, and return what it returns.

    Raises
    ------
    AssertionError
        If it is missing, is no function, stops with an error or returns nothing.
    """
    answered(name, function)
    if not callable(function):
        raise AssertionError(f"{name} should be a function. It is {short(function)}.")
    try:
        result = function(*copy.deepcopy(arguments))
    except AnswerError as error:
        raise AssertionError(str(error)) from None
    except Exception as error:
        raise AssertionError(f"{name} stopped with {type(error).__name__}: {error}") from None
    if result is None or result is ...:
        raise AssertionError(f"{name} returns nothing yet: write its body, `return` included.")
    return result


def array(name: str, value: Any, shape: tuple | None = None) -> np.ndarray:
    """Return an answer as an array of finite float64 numbers, of this shape if one is given.

    Raises
    ------
    AssertionError
        If it is missing, or something else.
    """
    answered(name, value)
    try:
        result = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise AssertionError(
            f"{name} should be an array of numbers. It is {short(value)}."
        ) from None
    if shape is not None and result.shape != tuple(shape):
        raise AssertionError(f"{name} has shape {result.shape}; {tuple(shape)} is asked for.")
    if not np.isfinite(result).all():
        raise AssertionError(f"{name} holds NaN or infinity: was something divided by zero?")
    return result


def answered(name: str, value: Any) -> None:
    """Raise `AssertionError` if the answer is still the `...` of the student edition."""
    if value is ...:
        raise AssertionError(f"{name} is still `...`: put your answer in its place.")


def short(value: Any) -> str:
    """Return an answer as it is shown in a message, cut to a line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:70]} ... ({type(value).__name__})"


def _compare(
    name: str, value: Any, near: set, right: Any, wrong: dict | None, hint: str, key: Callable
) -> None:
    """Compare the answer's keys with the right one and the wrong ones, sealed or in the clear."""
    sealed = SEALED.fullmatch(right) if isinstance(right, str) else None
    if sealed:
        near = {seal(text, sealed[1]) for text in near}
    elif isinstance(right, str) and right.startswith("scrypt:"):
        raise ValueError(f"the seal of {name} is damaged: {right}")

    def found(expected: Any) -> bool:
        return (expected if sealed else key(expected)) in near

    if found(right):
        return
    for expected, meant in (wrong or {}).items():
        if found(expected):
            raise AssertionError(meant)
    raise AssertionError(f"{name} is not {short(value)}. {hint}".strip())


def tests(path: Path) -> dict[str, dict]:
    """Read the exercises of a student edition, which otter-grader keeps in its metadata.

    Returns
    -------
    dict of str -> dict
        By the name of the exercise, in the notebook's order: `points` (number) and `cases`
        (list of str: Python code that raises `AssertionError`).
    """
    notebook = json.loads(Path(path).read_text(encoding="utf-8"))
    kept = notebook["metadata"]["otter"]["tests"]
    text = "\n".join("".join(cell["source"]) for cell in notebook["cells"])
    return {
        name: {
            "points": kept[name]["points"],
            # Code as in a doctest: each line behind `>>> ` or `... `.
            "cases": [
                "\n".join(line[4:] for line in case["code"].splitlines())
                for suite in kept[name]["suites"]
                for case in suite["cases"]
            ],
        }
        for name in re.findall(r'(?m)^grader\.check\("(\w+)"\)$', text)
    }


class Grader:
    """The checks of one student edition, such as "04_features", for use in the notebook.

    They are read from the repository: a notebook cannot read itself in Colab. (Otter's own
    `Notebook` refuses tests in metadata there, needs an ipywidgets that Colab does not have, and
    shows a traceback where a student needs a sentence.)
    """

    def __init__(self, notebook: str):
        path = EDITIONS / f"{notebook}.ipynb"
        if not path.exists():
            names = ", ".join(sorted(found.stem for found in EDITIONS.glob("*.ipynb")))
            raise ValueError(f"there are no exercises {notebook!r}: choose one of {names}")
        self._tests = tests(path)

    def check(self, exercise: str) -> "Answer":
        """Check the answers to one exercise that stand in the notebook now."""
        if exercise not in self._tests:
            raise ValueError(f"no exercise {exercise!r}: there are {', '.join(self._tests)}")
        names = sys._getframe(1).f_globals
        for case in self._tests[exercise]["cases"]:
            if message := failure(case, names):
                return Answer(exercise, message)
        return Answer(exercise, None)


def bound(code: str) -> set[str]:
    """Return the names that some code binds at its top level, but by an import."""
    table = symtable.symtable(code, "<code>", "exec")
    return {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned()}


def asked(case: str) -> list[str]:
    """Return the names that a test's code takes from the notebook: the answers."""
    tables = [symtable.symtable(case, "<check>", "exec")]
    own = {symbol.get_name() for symbol in tables[0].get_symbols() if symbol.is_imported()}
    for table in tables:
        tables += table.get_children()
    symbols = [symbol for table in tables for symbol in table.get_symbols()]
    used = {s.get_name() for s in symbols if s.is_global() and s.is_referenced()}
    return sorted(used - own - bound(case) - set(dir(builtins)))


def failure(case: str, names: Any, fetch: Callable = fetched) -> str | None:
    """Run a test's code on the answers `fetch(name, names)`; return what is wrong, or None.

    Its `assert`s count under PYTHONOPTIMIZE, too.
    """
    try:
        answers = {name: fetch(name, names) for name in asked(case)}
        exec(compile(case, "<check>", "exec", optimize=0), answers)
    except (AssertionError, AnswerError) as error:
        return str(error) or "A check failed."
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        return f"The answer has another form than the question asks for ({said})."
    return None


class Answer:
    """What `Grader.check` found; shows itself as a sentence, in text and in HTML.

    Attributes
    ----------
    exercise : str
    message : str or None
        What is wrong; None if the answer is right.
    """

    def __init__(self, exercise: str, message: str | None):
        self.exercise, self.message = exercise, message

    def __repr__(self) -> str:
        return f"{self.exercise}: " + (f"not yet. {self.message}" if self.message else "right.")

    def _repr_html_(self) -> str:
        verdict = f"not yet.</strong> {escape(self.message)}" if self.message else "right.</strong>"
        return f"<p><strong>{'✗' if self.message else '✓'} {escape(self.exercise)}: {verdict}</p>"
