"""Fingerprints, modes, run inputs and dbt's words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from medfund.pipeline.fingerprint import code_version, fingerprint, inputs_sha256, settings_sha256
from medfund.pipeline.inputs import write_build_inputs
from medfund.pipeline.modes import resolve_modes
from medfund.pipeline.transform import _one_line
from medfund.release.files import is_disk_full, write_json
from medfund.settings import Bureau, Home


def batch(batch_id: str, sha256: str = "a", **more: Any) -> dict[str, Any]:
    return {"batch_id": batch_id, "table_name": "setl_d", "sha256": sha256, **more}


def test_code_is_the_same_until_a_file_that_can_change_a_figure_changes(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    model = tmp_path / "models" / "a.sql"
    model.write_text("select 1")
    first = code_version(tmp_path)
    assert first.text.endswith(first.sha256[:12])
    (tmp_path / "dashboards").mkdir()
    (tmp_path / "dashboards" / "page.py").write_text("x = 1")
    (tmp_path / "models" / "__pycache__").mkdir()
    (tmp_path / "models" / "__pycache__" / "a.py").write_text("x = 1")
    assert code_version(tmp_path) == first
    model.write_text("select 2")
    assert code_version(tmp_path).sha256 != first.sha256
    model.write_text("select 1")
    assert code_version(tmp_path) == first
    model.rename(tmp_path / "models" / "b.sql")
    assert code_version(tmp_path).sha256 != first.sha256


def test_inputs_and_settings_have_fingerprints_of_their_own(tmp_path: Path) -> None:
    one = [batch("000001"), batch("000002")]
    assert inputs_sha256(one) == inputs_sha256(reversed(one))
    assert inputs_sha256(one) != inputs_sha256([batch("000001"), batch("000002", "b")])
    assert settings_sha256(Bureau()) == settings_sha256(Bureau(keep_releases=2))
    assert settings_sha256(Bureau()) != settings_sha256(Bureau(small_cell=3))
    code = code_version(tmp_path)
    assert len({fingerprint(code, "s", "i"), fingerprint(code, "s", "j"), fingerprint(code, "t", "i")}) == 3


def evidence(excl: int, incl: int, inside: int = 0, outside: int = 0) -> dict[str, Any]:
    return {
        "modes": {
            "fund_scope": {"rows_that_close_excl": excl, "rows_that_close_incl": incl},
            "mutual_aid": {"rows_that_close_inside": inside, "rows_that_close_outside": outside},
        }
    }


@pytest.mark.parametrize(
    ("batches", "fund_scope", "mutual_aid"),
    [
        ([], "excl", "inside"),
        ([batch("1", **evidence(90, 2))], "excl", "inside"),
        # Counted over all deliveries, not by the majority of files.
        (
            [batch("1", **evidence(5, 0)), batch("2", **evidence(5, 0)), batch("3", **evidence(0, 11))],
            "incl",
            "inside",
        ),
        ([batch("1", **evidence(0, 0, 1, 7)), batch("2")], "excl", "outside"),
        ([batch("1", **evidence(3, 3))], "excl", "inside"),
    ],
)
def test_modes_follow_the_rows_that_close(
    batches: list[dict[str, Any]], fund_scope: str, mutual_aid: str
) -> None:
    said: list[str] = []
    modes = resolve_modes(Bureau(), batches, said.append).modes
    assert (modes.fund_scope, modes.mutual_aid, modes.closing) == (fund_scope, mutual_aid, "detect")
    assert len(said) == (fund_scope == "incl") + (mutual_aid == "outside")


def test_a_mode_fixed_by_the_bureau_is_not_detected() -> None:
    fixed = Bureau.model_validate({"modes": {"fund_scope": "excl", "mutual_aid": "inside"}})
    said: list[str] = []
    assert resolve_modes(fixed, [batch("1", **evidence(0, 99, 0, 99))], said.append).modes == fixed.modes
    assert said == []


def test_run_inputs_have_their_types_even_without_rows(tmp_path: Path) -> None:
    home = Home(tmp_path)
    bureau = Bureau.model_validate(
        {
            "code": "530100",
            "name_zh": "示例市",
            "orgs": [
                {"code": "530000", "name_zh": "示例省", "level": "province"},
                {"code": "530100", "name_zh": "示例市", "level": "city", "parent": "530000"},
                {"code": "530199", "name_zh": "市本级", "level": "city_direct", "parent": "530100"},
                {"code": "530421", "name_zh": "省直管县", "level": "county", "parent": "530000"},
            ],
            "pool_area": ["5301"],
            "populations": [
                {"org": "530100", "year": 2025, "basis": "resident", "persons": 4_100_000, "source": "公报"}
            ],
        }
    )
    write_build_inputs(home, bureau, [], [])
    inputs = home.candidate / "inputs"
    assert pq.read_table(inputs / "bureau_population.parquet").to_pylist() == [
        {"org_code": "530100", "year": 2025, "basis": "resident", "persons": 4_100_000, "source": "公报"}
    ]
    load_batch = pq.read_schema(inputs / "load_batch.parquet")
    assert (str(load_batch.field("rows_landed").type), str(load_batch.field("loaded_at").type)) == (
        "int64",
        "timestamp[us]",
    )
    orgs = pq.read_table(inputs / "bureau_org.parquet").to_pylist()
    assert [(o["org_code"], o["is_pool_area"]) for o in orgs] == [
        ("530000", False),
        ("530100", True),
        ("530199", True),
        ("530421", False),
    ]
    (setting,) = pq.read_table(inputs / "bureau_setting.parquet").to_pylist()
    assert (setting["code"], setting["refunds"], setting["closing"]) == ("530100", "netted", "detect")


def test_the_pool_area_is_by_default_that_of_the_bureaus_own_orgs(tmp_path: Path) -> None:
    home = Home(tmp_path)
    orgs = [
        {"code": "530000", "name_zh": "省", "level": "province"},
        {"code": "530101", "name_zh": "区", "level": "county"},
    ]
    write_build_inputs(home, Bureau.model_validate({"orgs": orgs}), [], [])
    found = pq.read_table(home.candidate / "inputs" / "bureau_org.parquet").to_pylist()
    assert [o["is_pool_area"] for o in found] == [False, True]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            'Runtime Error in model a (models/a.sql)\n  Binder Error: Referenced column "x" not found\n\n  LINE 3: x\n  ^',
            'Binder Error: Referenced column "x" not found LINE 3: x',
        ),
        (
            "Compilation Error in model a (models/a.sql)\n  This model has an enforced contract that failed.\n"
            "  | column_name | definition_type | contract_type | mismatch_reason |\n  | --- | --- | --- | --- |\n"
            "  | amount | DOUBLE | DECIMAL(18,2) | data type mismatch |\n\n  > in macro x",
            "its columns break its contract: amount is DOUBLE instead of DECIMAL(18,2)",
        ),
    ],
)
def test_dbts_messages_become_one_line(message: str, expected: str) -> None:
    assert _one_line(message) == expected


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(28, "No space left on device"), True),
        (OSError(27, "File too large"), True),
        ("IO Error: Could not write to file: No space left on device", True),
        (OSError(13, "Permission denied"), False),
        ("Binder Error: nosuch", False),
    ],
)
def test_a_full_disk_is_recognised(error: OSError | str, full: bool) -> None:
    assert is_disk_full(error) is full


def test_a_small_file_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "waivers.json"
    write_json(path, {"b": 1, "a": "中"})
    assert path.read_text(encoding="utf-8") == '{\n  "a": "中",\n  "b": 1\n}\n'

    def broken(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(OSError, match="No space"):
        write_json(path, {})
    assert "中" in path.read_text(encoding="utf-8")
    assert [p.name for p in tmp_path.iterdir()] == ["waivers.json"]
