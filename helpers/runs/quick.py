"""The same training in two thirds of the time, on a CPU under JAX.

XLA computes the gradient of a convolution with regard to its kernel as one large convolution, which
is slow for many positions and few filters. It is a sum of products of matrices, one for each place
in the kernel: written out as such, that of the thesis's second convolution takes a quarter of the
time. The gradient of a pooling is a loop over its windows, that of a maximum of slices is none. And
each step's memory goes back to the system and is asked for again, more than a quarter of the CNN's
processor time. The numbers are the same but for rounding (tests/test_quick.py).
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache, partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def speed_up(model: keras.Model) -> None:
    """Let a model's plain Conv2D and MaxPooling2D layers compute their gradients quickly.

    Changes nothing on other backends, nor where JAX has an accelerator.

    Parameters
    ----------
    model : keras.Model
        Not yet trained: what Keras has compiled already stays as it is.
    """
    import keras

    if keras.backend.backend() != "jax":
        return
    import jax

    if jax.default_backend() != "cpu":
        return
    for layer in model.layers:
        if isinstance(layer, keras.layers.MaxPooling2D):
            if layer.pool_size == layer.strides == (2, 2) and layer.padding == "valid":
                layer.call = _pool
            continue
        plain = isinstance(layer, keras.layers.Conv2D) and layer.groups == 1
        if plain and layer.strides == layer.dilation_rate == (1, 1):
            layer.convolution_op = partial(_of_variable, layer.padding.upper())


def keep_memory() -> None:
    """Let this process keep the memory that it frees, to use it again. Does nothing but on glibc.

    Called before JAX starts its threads; costs as much memory as the process has ever used.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    trim_threshold, top_pad, mmap_max, arena_max = -1, -2, -4, -8  # malloc.h
    for setting, value in ((arena_max, 1), (mmap_max, 0), (trim_threshold, 2**31 - 1),
                           (top_pad, 2**29)):  # fmt: skip
        mallopt(setting, value)


def _pool(x):
    """The maximum of 2 by 2; where two are equal, both share the gradient."""
    import jax.numpy as jnp

    x = x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]
    rows = jnp.maximum(x[:, ::2], x[:, 1::2])
    return jnp.maximum(rows[:, :, ::2], rows[:, :, 1::2])


def _of_variable(padding, x, kernel):
    import keras

    return _convolve()(padding, x, keras.ops.convert_to_tensor(kernel))


@cache
def _convolve():
    import jax
    import jax.numpy as jnp

    def plain(x, kernel, padding):
        numbers = ("NHWC", "HWIO", "NHWC")
        return jax.lax.conv_general_dilated(x, kernel, (1, 1), padding, dimension_numbers=numbers)

    @partial(jax.custom_vjp, nondiff_argnums=(0,))
    def convolve(padding, x, kernel):
        return plain(x, kernel, padding)

    def forward(padding, x, kernel):
        return plain(x, kernel, padding), (x, kernel)

    def backward(padding, saved, gradient):
        x, kernel = saved
        of_input = jax.vjp(lambda x: plain(x, kernel, padding), x)[1]
        sizes, (height, width) = kernel.shape[:2], gradient.shape[1:3]
        pads = jax.lax.padtype_to_pads(x.shape[1:3], sizes, (1, 1), padding)
        padded = jnp.pad(x, ((0, 0), *pads, (0, 0)))
        columns = gradient.reshape(-1, gradient.shape[-1])

        def at(i, j):
            heard = padded[:, i : i + height, j : j + width]
            return heard.reshape(-1, x.shape[-1]).T @ columns

        of_kernel = [[at(i, j) for j in range(sizes[1])] for i in range(sizes[0])]
        return of_input(gradient)[0], jnp.stack([jnp.stack(row) for row in of_kernel])

    convolve.defvjp(forward, backward)
    return convolve
