"""Players that work on a page without a kernel.

Shown in chapter 1.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from IPython.display import HTML


# Two players never sound together, on a page or in a notebook.
ALONE = "for (const other of document.querySelectorAll('audio')) if (other != this) other.pause()"


def player(waveform: ArrayLike, caption: str, sr: int = 16_000) -> HTML:
    """A player for one waveform.

    Parameters
    ----------
    waveform : array_like of float, shape (n,)
        In -1 to 1; played as it is, not normalised, so that loudness can be compared.
    caption : str
        Plain text; names the player for a screen reader as well.
    sr : int
        Sample rate in Hz.

    Returns
    -------
    IPython.display.HTML

    Examples
    --------
    >>> "a &lt; b" in player(np.zeros(100), "a < b").data
    True
    """
    return players([(waveform, caption)], sr)


def players(waveforms_and_captions: Iterable[tuple[ArrayLike, str]], sr: int = 16_000) -> HTML:
    """Several players side by side, from (waveform, caption) pairs. See `player`.

    >>> players([(np.zeros(100), "one"), (np.zeros(100), "two")]).data.count("<audio")
    2
    """
    from IPython.display import HTML

    figures = "".join(
        _figure(waveform, caption, sr) for waveform, caption in waveforms_and_captions
    )
    return HTML(f'<div class="players">{figures}</div>')


def data_uri(waveform: ArrayLike, caption: str, sr: int = 16_000) -> str:
    """A waveform of shape (n,) as the address of a FLAC: no loss, a third of a WAV's size.

    Raises ValueError, naming `caption`, unless the samples are finite and in one row.

    >>> data_uri(np.zeros(100), "silence")[:22]
    'data:audio/flac;base64'
    """
    import soundfile

    samples = np.asarray(waveform, dtype=np.float32)
    if samples.ndim != 1 or not np.isfinite(samples).all():
        raise ValueError(
            f"{caption}: found shape {samples.shape}, expected finite samples of shape (n,)"
        )
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(samples, -1, 1), sr, format="FLAC", subtype="PCM_16")
    return "data:audio/flac;base64," + base64.b64encode(buffer.getvalue()).decode()


def _figure(waveform: ArrayLike, caption: str, sr: int) -> str:
    source = data_uri(waveform, caption, sr)
    caption = escape(caption)
    return (
        f'<figure class="player"><figcaption>{caption}</figcaption>'
        f'<audio controls preload="metadata" onplay="{ALONE}" aria-label="{caption}"'
        f' src="{source}"></audio></figure>'
    )


def folded(summary: str, lines: Iterable[str]) -> HTML:
    """Numbered lines that a reader opens after thinking, such as answers; all plain text.

    Returns
    -------
    IPython.display.HTML

    Examples
    --------
    >>> folded("Answer", ["a flute"]).data
    '<details><summary>Answer</summary><ol><li>a flute</li></ol></details>'
    """
    from IPython.display import HTML

    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return HTML(f"<details><summary>{escape(summary)}</summary><ol>{items}</ol></details>")
