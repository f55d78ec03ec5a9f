"""Random numbers that are looked up, not drawn: the same keys give the same number wherever and whenever they are asked.

What a person pays in a month must not depend on how many months are written, so nothing here has a state.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

_STEP = np.uint64(0x9E3779B97F4A7C15)


def uniform(seed: int, purpose: str, *keys: ArrayLike) -> NDArray[np.float64]:
    """Numbers in [0, 1), one for each row of `keys` (whole numbers, broadcast against each other).

    The mixing is that of splitmix64 (Steele, Lea, Flood 2014), applied after each key.
    """
    with np.errstate(over="ignore"):
        state = _mixed(np.array([seed], dtype=np.uint64) * _STEP + np.uint64(zlib.crc32(purpose.encode())))
        for key in keys:
            state = _mixed(state + (np.asarray(key, dtype=np.int64).astype(np.uint64) + np.uint64(1)) * _STEP)
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
