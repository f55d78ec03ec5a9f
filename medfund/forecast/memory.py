"""Fits remembered from one build to the next, by a hash of everything they depend on.

A fit is a function of its history, the model, this room's code and the libraries' versions; with an equal hash it need
not be made again. Losing the file costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from medfund.forecast.models import Floats, Outlook, fit, library_versions
from medfund.release.files import replacing

_SCHEMA = pa.schema([("fit", pa.string()), ("point", pa.list_(pa.float64())), ("sd", pa.list_(pa.float64()))])


class Fits:
    """`models.fit`, but what the file at `path` remembers is not fitted again, unless it is to `forget`."""

    def __init__(self, path: Path, *, forget: bool = False) -> None:
        self._path = path
        self._settings = json.dumps({"code": _code(), **library_versions()}, sort_keys=True).encode()
        self._known = {} if forget else _read(path)
        self._used: dict[str, Outlook] = {}
        self.made = 0

    def fit(self, name: str, history: Floats, season: int, ahead: int) -> Outlook:
        """As `models.fit`. `made` counts the fits that were not remembered. Raises UnfitError."""
        digest = hashlib.sha256(self._settings)
        digest.update(f"|{name}|{season}|{ahead}|".encode())
        digest.update(history.astype("<f8").tobytes())
        key = digest.hexdigest()
        if key not in self._used:
            known = self._known.get(key)
            if known is None:
                self.made += 1
                known = fit(name, history, season, ahead)
            self._used[key] = known
        return self._used[key]

    def save(self) -> None:
        """Remember what was used this time and forget the rest. Appears whole or not at all."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        rows = [
            {"fit": key, "point": one.point.tolist(), "sd": one.sd.tolist()}
            for key, one in sorted(self._used.items())
        ]
        with replacing(self._path) as temporary:
            pq.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA), temporary)


def _read(path: Path) -> dict[str, Outlook]:
    if not path.is_file():
        return {}
    try:
        table = pq.read_table(path, schema=_SCHEMA)
    except (OSError, pa.ArrowException):
        return {}  # damaged, or of another form: everything is fitted anew
    return {
        row["fit"]: Outlook(np.array(row["point"], dtype=np.float64), np.array(row["sd"], dtype=np.float64))
        for row in table.to_pylist()
    }


def _code() -> str:
    """Hash of this room's files: other code may fit otherwise."""
    code = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        code.update(path.read_bytes())
    return code.hexdigest()
