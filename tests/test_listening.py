import base64
import io
import re

import numpy as np
import pytest
import soundfile

from helpers import listening


def audio_of(html):
    (data,) = re.findall(r'src="data:audio/flac;base64,([^"]+)"', html)
    return soundfile.read(io.BytesIO(base64.b64decode(data)))


def test_a_player_holds_the_note_as_it_is(train_notes):
    waveform = train_notes.waveform(0)
    samples, rate = audio_of(listening.player(waveform, "a bass").data)
    assert rate == 16_000
    np.testing.assert_array_equal(samples, waveform)  # neither normalised nor lossy


def test_captions_are_escaped():
    html = listening.player(np.zeros(100), 'a <b> & "c"').data
    assert "<b>" not in html
    assert "a &lt;b&gt; &amp; &quot;c&quot;" in html


def test_folded_lines_are_escaped():
    html = listening.folded("<i>Solution</i>", ["<script>x</script>", 'flute & "oboe"']).data
    assert "<script>" not in html
    assert "<i>" not in html
    assert "<li>&lt;script&gt;x&lt;/script&gt;</li><li>flute &amp; &quot;oboe&quot;</li>" in html


@pytest.mark.parametrize("waveform", [np.zeros((2, 10)), np.array([np.nan])])
def test_bad_waveforms_are_named(waveform):
    with pytest.raises(ValueError, match="my note: found shape"):
        listening.player(waveform, "my note")
