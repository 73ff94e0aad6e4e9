"""Kinds of noise for simulated blocks, with mean 0 and variance 1 or near it.

Each takes a random generator and the shape of its result, whose last axis is the order of
measuring.
"""

import numpy as np


def independent(chance, *shape):
    """Blocks of one normal distribution."""
    return chance.normal(size=shape)


def two_modes(chance, *shape):
    """Every fifth block, at random, is slow: by 12 standard deviations of the others."""
    slow = chance.random(shape) < 0.2
    return 0.5 - 2.5 * slow + 0.2 * chance.normal(size=shape)


def autoregressive(correlation):
    """AR(1): a block resembles the one before."""

    def draw(chance, *shape):
        values = chance.normal(size=shape)
        for index in range(1, shape[-1]):
            shock = np.sqrt(1 - correlation**2) * values[..., index]
            values[..., index] = correlation * values[..., index - 1] + shock
        return values

    return draw


def between_as_within(chance, *shape):
    """A block's own level varies as much as what is seen within it."""
    return (chance.normal(size=shape) + chance.normal(size=shape)) / np.sqrt(2)


KINDS = {
    "independent": independent,
    "20 % slow": two_modes,
    "AR(1) 0.3": autoregressive(0.3),
    "AR(1) 0.5": autoregressive(0.5),
    "between = within": between_as_within,
}
