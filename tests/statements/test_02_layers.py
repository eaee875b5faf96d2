import numpy as np
import pytest
from test_statements import run, statements, with_cells

from helpers.runs import machine


def onset(convolve_same, tiny, edge):
    """The result is {:.0f} where dark turns to bright ({:.0f} in the top and bottom rows"""
    result = convolve_same(tiny, edge)
    assert set(result[1:-1, [2, 3]].flat) == {result.max()}
    assert not result[:, [0, 1, 4, 5]].any()
    assert (result[:, 6] < 0).all()
    return result.max(), result[[0, -1]].max()


def transposed(convolve_same, tiny, edge):
    """{:.0f} along the bright part of the first row, {:.0f} along that of the last."""
    first, *middle, last = convolve_same(tiny, edge.T)
    assert not np.any(middle)
    return first.max(), last.min()


def a_second_later():
    """the beginning is found at {:.1f} s in place of {:.1f} s"""
    own = run("02_layers")
    later = with_cells("02_layers", ("silence = np", "8_000", "24_000"), ("picture = ((mel",))
    starts = [len(c["silence"]) / 16_000 for c in (later, own)]
    for c, start in zip((later, own), starts, strict=True):
        strongest = c["ours"][:, :, 0].sum(axis=1).argmax() * 512 / 16_000
        assert abs(strongest - start) < 0.064  # half a frame
    frames = round(16_000 / 512)
    pair = own["ours"][:-frames, :, 1], later["ours"][frames:, :, 1]
    assert np.corrcoef([lines.ravel() for lines in pair])[0, 1] > 0.99  # the overtones
    return starts


def average_pooling(relu, pooled):
    """the largest answer falls from {:.1f} to {:.1f}, the sum of all to {:.0f} %"""
    mean = relu.reshape(63, 2, 64, 2).mean(axis=(1, 3))
    return pooled.max(), mean.max(), 100 * mean.sum() / pooled.sum()


@pytest.mark.skipif(machine.backend() != "tensorflow", reason="each backend draws other numbers")
def dropped_at_half(keras, ones, in_training, to_numpy):
    """of the forty ones, {} are set to zero in place of {}."""
    half = to_numpy(keras.layers.Dropout(0.5, seed=3)(ones, training=True))
    return (half == 0).sum(), (in_training == 0).sum()


def a_faint_event():
    """grows: {:.2f} after five steps, {:.2f} after fifteen, and {:.2f} for good. It says that there
    was an event and no longer how strong it was: both strengths end at {:.4f}."""
    faint, strong = ([np.tanh(event)] for event in (0.01, 1))
    for states in (faint, strong):
        for _ in range(54):
            states.append(np.tanh(1.5 * states[-1]))
    assert round(faint[-1], 4) == round(strong[-1], 4)
    return faint[5], faint[15], faint[-1], faint[-1]


def forgetful(lstm, sequence, W, U, f):
    """At rest the forget gate is {:.3f} in place of {:.3f}. After six steps less than half of the
    memory is left, after twenty {:.0f} % of it"""
    h, state, i, forget, *_ = lstm(sequence, W, U, np.array([-5, 2, 0, 5]))
    left = state[10:, 0] / state[10, 0]
    assert left[5] > 0.5 > left[6]
    return forget[0, 0], f[0, 0], 100 * left[20]


def rising_lines(convolve_same, picture, line):
    """its answers add up to {} of those of `line`: the lines"""
    rising = np.where(np.eye(3), 2, -1)
    sums = [np.abs(convolve_same(picture, kernel)).sum() for kernel in (line, rising)]
    return {8: "an eighth"}[round(sums[0] / sums[1])]


def counted(lstm, W, U, bias):
    """the cell state goes to {:.2f}, {:.2f}, {:.2f} and {:.2f}: it counts, and loses a little in
    each step, since the forget gate is not quite 1. The output does not count: {:.2f}, {:.2f},
    {:.2f}, {:.2f}."""
    events, at = np.zeros((100, 2)), [10, 30, 50, 70]
    events[at, 0] = 1
    h, state, *_ = lstm(events, W, U, bias)
    return *state[at, 0], *h[at, 0]


def halved_twice(shapes):
    """{} x {} becomes {} x {} and then {} x {}."""
    return [side for shape in shapes for side in shape]


def a_confident_mistake():
    """a probability of 0.00001 for the right family costs {:.1f}."""
    return -np.log(1e-5)


def ten_times_the_scores(softmax):
    """Ten times the scores give {:.3f}, {:.3f} and {:.3f}"""
    return softmax(10 * np.array([0.2, 1, 0.5]))


test_statement = statements(__name__)
