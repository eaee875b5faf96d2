"""The helpers of the book "CNN or LSTM? Hearing instruments".

What a chapter has shown in full, later chapters import from here. `runs` is plumbing that no
chapter teaches, and `commands` is the command `instruments`. The modules follow the flow of the
data: `profiles`, `notes`, `runs.files`, `runs.machine`, `runs.stores`, `datasets` -> `features`,
`runs.cache` -> `folds` -> `runs.quick`, `models` -> `evaluation` -> `runs.records`,
`runs.training`, `tuning`, `simple` -> `runs.shipped`, `sounds`, `hearing` -> `significance` ->
`runs.compare`, `runs.study`, `runs.analysis`, `runs.claims` -> `plots`, `runs.figures`,
`listening`, `runs.interactive`, `runs.findings`, `checks` (of the exercises). Each imports only
from those before it. Importing this package loads none of them; TensorFlow, librosa and
matplotlib are loaded when first used.
"""

import atexit as _atexit
import logging as _logging
import os as _os
import shutil as _shutil
import tempfile as _tempfile


def _find_room_for_caches() -> None:
    # librosa, numba, matplotlib and Jupyter fail where they may keep nothing: a user of no home,
    # or one that cannot be written to, gets a temporary place.
    home = _os.path.expanduser("~")
    if not _os.access(home, _os.W_OK):
        folder = _tempfile.mkdtemp(prefix="caches-")
        _atexit.register(_shutil.rmtree, folder, ignore_errors=True)
        _os.environ.setdefault("XDG_CACHE_HOME", folder)
        if not _os.path.isdir(home):
            _os.environ["HOME"] = folder


_find_room_for_caches()
# TensorFlow suspects a mistake where several models each compile functions of their own, as here.
_logging.getLogger("tensorflow").addFilter(lambda record: "retracing" not in str(record.msg))
