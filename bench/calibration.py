"""How near the synthetic city comes to the magnitudes it is calibrated to: `python -m bench.calibration`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from medfund.synth import write
from medfund.synth.targets import measure, read_exports


def main() -> None:
    """Print target, value reached, tolerance and source of every figure; exit with 1 if one is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.calibration", description=__doc__)
    parser.add_argument("--settlements", type=int, default=200_000, help="size of the city, in 48 months")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--exports", action="store_true", help="fee lines and books too; takes minutes")
    parser.add_argument("--missed", action="store_true", help="only the figures that are missed")
    options = parser.parse_args()
    results = measure(options.settlements, options.seed)
    if options.exports:
        with tempfile.TemporaryDirectory(prefix="medfund-calibration-") as folder:
            write(
                Path(folder),
                settlements=options.settlements,
                seed=options.seed,
                form="parquet",
                say=lambda line: print(line, file=sys.stderr),
            )
            results += read_exports(Path(folder))
    print(f"{'':2}{'group':11}{'figure':48}{'target':>10}{'reached':>10}{'tolerance':>11}  mark and source")
    for result in results:
        target = result.target
        if options.missed and result.holds:
            continue
        allowed = f"±{target.tolerance:g}" if target.absolute else f"±{target.tolerance:.0%}"
        reached = "nothing" if result.value is None else f"{result.value:,.3f}"
        print(
            f"{'' if result.holds else '!':2}{target.group:11}{target.name:48}{target.value:>10,.3f}{reached:>10}"
            f"{allowed:>11}  {target.mark}: {target.source}"
        )
    missed = sum(not result.holds for result in results)
    print(f"{len(results)} figures, {missed} missed")
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
