"""The same training in two thirds of the time, on a CPU under JAX.

XLA computes the gradient of a convolution with regard to its kernel as one large convolution, which
is slow for many positions and few filters. It is a product of two matrices: the input, shifted
along the kernel's width, and the gradient of the output, shifted along its height. Written out as
such, that of the thesis's second convolution takes a seventh of the time. The gradient of a pooling
is a loop over its windows, that of a maximum of slices is none. And each step's memory goes back to
the system and is asked for again, more than a quarter of the CNN's processor time. The numbers are
the same but for rounding (tests/test_quick.py).
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jax
    import keras

    Pair = tuple[jax.Array, jax.Array]


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


def _pool(x: jax.Array) -> jax.Array:
    """The maximum of 2 by 2; where two are equal, both share the gradient."""
    import jax.numpy as jnp

    x = x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]
    rows = jnp.maximum(x[:, ::2], x[:, 1::2])
    return jnp.maximum(rows[:, :, ::2], rows[:, :, 1::2])


def _of_variable(padding: str, x: jax.Array, kernel: keras.Variable) -> jax.Array:
    import keras

    return _convolve()(padding, x, keras.ops.convert_to_tensor(kernel))


@cache
def _convolve() -> Callable[[str, jax.Array, jax.Array], jax.Array]:
    import jax
    import jax.numpy as jnp

    def plain(x: jax.Array, kernel: jax.Array, padding: str) -> jax.Array:
        numbers = ("NHWC", "HWIO", "NHWC")
        return jax.lax.conv_general_dilated(x, kernel, (1, 1), padding, dimension_numbers=numbers)

    @partial(jax.custom_vjp, nondiff_argnums=(0,))
    def convolve(padding: str, x: jax.Array, kernel: jax.Array) -> jax.Array:
        return plain(x, kernel, padding)

    def forward(padding: str, x: jax.Array, kernel: jax.Array) -> tuple[jax.Array, Pair]:
        return plain(x, kernel, padding), (x, kernel)

    def backward(padding: str, saved: Pair, gradient: jax.Array) -> Pair:
        x, kernel = saved
        if x.shape[-1] == 1:
            return jax.vjp(partial(plain, padding=padding), x, kernel)[1](gradient)
        of_input = jax.vjp(lambda x: plain(x, kernel, padding), x)[1]
        (height, width, channels, filters), columns = kernel.shape, gradient.shape[2]
        pads = jax.lax.padtype_to_pads(x.shape[1:3], (height, width), (1, 1), padding)
        padded = jnp.pad(x, ((0, 0), *pads, (0, 0)))

        def add(total: jax.Array, note: Pair) -> tuple[jax.Array, None]:
            x, gradient = note
            across = jnp.concatenate([x[:, j : j + columns] for j in range(width)], -1)
            along = [
                jnp.pad(gradient, ((i, height - 1 - i), (0, 0), (0, 0))) for i in range(height)
            ]
            # Not computed anew for each entry of the product.
            across, along = jax.lax.optimization_barrier((across, jnp.concatenate(along, -1)))
            along = along.reshape(-1, height * filters)
            return total + across.reshape(-1, width * channels).T @ along, None

        # One note's two matrices fit into the processor's cache, those of a batch do not.
        empty = jnp.zeros((width * channels, height * filters), kernel.dtype)
        product, _ = jax.lax.scan(add, empty, (padded, gradient))
        of_kernel = product.reshape(width, channels, height, filters).transpose(2, 0, 1, 3)
        return of_input(gradient)[0], of_kernel

    convolve.defvjp(forward, backward)
    return convolve
