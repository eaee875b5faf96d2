"""Players, and pictures to leaf through, that work on a page without a kernel.

Shown in chapter 1.
"""

import base64
import io
from html import escape

import numpy as np

from helpers.runs.stores import StoredNotes


def player(waveform, caption: str, sr: int = 16_000):
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
    """
    return players([(waveform, caption)], sr)


def sound(notes, row: int):
    """The waveform of a note, or None where its set is a feature store, which keeps no sound."""
    return None if isinstance(notes, StoredNotes) else notes.waveform(row)


def players(waveforms_and_captions, sr: int = 16_000):
    """Several players side by side, from (waveform, caption) pairs. See `player`.

    Of a waveform that is None the caption is shown alone.
    """
    from IPython.display import HTML

    figures = "".join(
        _figure(waveform, caption, sr) for waveform, caption in waveforms_and_captions
    )
    return HTML(f'<div class="players">{figures}</div>')


def _figure(waveform, caption, sr):
    import soundfile

    if waveform is None:
        caption = escape(f"{caption} (no sound)")
        return f'<figure class="player"><figcaption>{caption}</figcaption></figure>'
    samples = np.asarray(waveform, dtype=np.float32)
    if samples.ndim != 1 or not np.isfinite(samples).all():
        raise ValueError(
            f"{caption}: found shape {samples.shape}, expected finite samples of shape (n,)"
        )
    buffer = io.BytesIO()
    # FLAC in the page itself: no loss, a third of a WAV's size.
    soundfile.write(buffer, np.clip(samples, -1, 1), sr, format="FLAC", subtype="PCM_16")
    data = base64.b64encode(buffer.getvalue()).decode()
    caption = escape(caption)
    return (
        f'<figure class="player"><figcaption>{caption}</figcaption>'
        f'<audio controls preload="metadata" aria-label="{caption}" '
        f'src="data:audio/flac;base64,{data}"></audio></figure>'
    )


def folded(summary: str, lines):
    """Numbered lines that a reader opens after thinking, such as answers; all plain text.

    Returns
    -------
    IPython.display.HTML
    """
    from IPython.display import HTML

    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return HTML(f"<details><summary>{escape(summary)}</summary><ol>{items}</ol></details>")


def leaf_through(figures: dict, description: str = "show"):
    """A slider that leafs through ready-made figures; it works on a static page as well.

    Parameters
    ----------
    figures : dict of str -> (matplotlib figure, str)
        By the name of their page: the figure, which is closed, and its alternative text.
    description : str
        What the slider chooses.

    Returns
    -------
    ipywidgets.VBox
        A slider linked in the browser to one tab a figure.
    """
    import ipywidgets
    import matplotlib.pyplot as plt

    pages = []
    for figure, alt in figures.values():
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=100)
        plt.close(figure)
        data = base64.b64encode(buffer.getvalue()).decode()
        pages.append(
            ipywidgets.HTML(
                f'<img alt="{escape(alt)}" style="max-width:100%" '
                f'src="data:image/png;base64,{data}">'
            )
        )
    tabs = ipywidgets.Tab(children=pages)
    for i, name in enumerate(figures):
        tabs.set_title(i, name)
    slider = ipywidgets.IntSlider(
        value=0, min=0, max=len(pages) - 1, description=description, readout=False
    )
    # jslink and not link: the browser alone moves it, no kernel is asked.
    ipywidgets.jslink((slider, "value"), (tabs, "selected_index"))
    return ipywidgets.VBox([slider, tabs])
