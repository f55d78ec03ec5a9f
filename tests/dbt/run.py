"""Build a small synthetic city with dbt alone and run every data and unit test: `python -m tests.dbt.run`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from medfund.console import progress_bar, say
from medfund.forecast import Forecaster
from medfund.ingest import ensure_tables, ingest, read_batches
from medfund.pipeline.inputs import inputs_dir, write_build_inputs, write_previous
from medfund.pipeline.transform import Transform
from medfund.settings import Bureau, Home
from medfund.synth import write


def main() -> int:
    """Everything happens in a temporary home; returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="medfund-dbt-") as folder:
        root = Path(folder)
        home = Home(root / "home")
        raw = root / "raw"
        write(raw, size="tiny", seed=1, say=lambda _: None)
        bureau = Bureau.load(raw / "bureau.toml")
        ensure_tables(home)
        ingest(home, bureau, [raw], say=lambda _: None)
        batches = read_batches(home)
        home.candidate.mkdir(parents=True)
        write_build_inputs(home, bureau, batches, [(b["table_name"], b["batch_id"]) for b in batches])
        write_previous(home)
        os.environ["MEDFUND_HOME"] = str(home.root)
        with progress_bar("dbt") as progress:
            transform = Transform(home, progress=progress)
            # Unit tests of incremental models need the relation to be there.
            transform.run("build", "--exclude-resource-type", "unit_test", "--exclude", "tag:forecast")
            with Forecaster(home) as forecaster:
                forecaster.begin(out=inputs_dir(home))
                forecaster.finish()
            transform.run("build", "--exclude-resource-type", "unit_test", "--select", "tag:forecast")
            transform.run("test", "--select", "test_type:unit")
        say("dbt: all models, data tests and unit tests pass")
    return 0


if __name__ == "__main__":
    sys.exit(main())
