"""The dbt profile: what a build that needs more than its memory meets."""

from argparse import Namespace
from pathlib import Path

from dbt.adapters.duckdb import environments
from dbt.config.runtime import load_profile
from dbt.flags import set_from_args
from dbt_common.context import set_invocation_context

ROOT = Path(__file__).resolve().parents[2]


def test_models_go_on_after_one_that_spilled_to_disk(tmp_path: Path) -> None:
    """dbt sets the profile's settings before each model; DuckDB refuses to move a directory that is in use."""
    (tmp_path / "candidate").mkdir()
    set_invocation_context({"MEDFUND_HOME": str(tmp_path), "MEDFUND_MEMORY": "60MB"})
    set_from_args(Namespace(PROFILES_DIR=str(ROOT)), None)
    environment = environments.create(load_profile(str(ROOT), {}).credentials)
    try:
        first = environment.handle().cursor()
        first.execute(
            "create temp table spilled as select range as a, md5(range::varchar) as b from range(3000000)"
        )
        assert list((tmp_path / "candidate" / "tmp").iterdir())
        second = environment.handle().cursor()
        second.execute("select 1")
        assert second.fetchall() == [(1,)]
    finally:
        environment.close()
