"""Waivers: validated, dated, the last one counts; and `status`."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from medfund.errors import MedfundError, UsageError
from medfund.release import active_waivers, list_waivers, status, waive
from medfund.settings import Home
from tests.unit.release_kit import ID_1, ID_2, make_release

CHECK = "marts.fund_balance_monthly.rolls_forward"
TODAY = date(2026, 11, 22)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    make_release(home, ID_1)
    return home


def test_a_waiver_counts_to_the_end_of_its_last_day(home: Home) -> None:
    waive(home, CHECK, " 凭证下月补录 ", "基金财务科", date(2026, 12, 31), today=TODAY)
    (waiver,) = active_waivers(home, date(2026, 12, 31))
    assert (waiver.check, waiver.reason, waiver.by) == (CHECK, "凭证下月补录", "基金财务科")
    assert active_waivers(home, date(2027, 1, 1)) == []


def test_a_later_waiver_replaces_and_the_history_stays(home: Home) -> None:
    waive(home, CHECK, "first", "A", date(2026, 12, 31), today=TODAY)
    waive(home, CHECK, "shorter", "B", date(2026, 11, 23), today=TODAY)
    assert active_waivers(home, date(2026, 12, 1)) == []
    assert [w.reason for w in list_waivers(home)] == ["first", "shorter"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"check": "marts.fund_balance_monthly.rolls_forwards"}, f"did you mean {CHECK}"),
        ({"check": "nothing"}, "no check 'nothing'"),
        ({"reason": "  "}, "--reason must say something"),
        ({"by": ""}, "--by must say something"),
        ({"reason": "two\nlines"}, "one line"),
        ({"until": date(2026, 11, 21)}, "in the past"),
        ({"until": date(2028, 1, 1)}, "over a year away"),
    ],
)
def test_wrong_input_grants_nothing(home: Home, change: dict[str, object], message: str) -> None:
    given = {"check": CHECK, "reason": "r", "by": "b", "until": date(2026, 12, 31)} | change
    with pytest.raises(UsageError, match=message):
        waive(home, **given, today=TODAY)  # type: ignore[arg-type]
    assert list_waivers(home) == []


def test_nothing_can_be_waived_before_anything_was_checked(tmp_path: Path) -> None:
    with pytest.raises(MedfundError, match="nothing has been checked yet"):
        waive(Home(tmp_path), CHECK, "r", "b", date(2026, 12, 31), today=TODAY)


def test_a_broken_waiver_file_is_not_taken_for_an_empty_one(home: Home) -> None:
    home.waivers.write_text('{"waivers": [{"check": 1}]}')
    with pytest.raises(MedfundError, match="expected the list of waivers"):
        active_waivers(home, TODAY)


def test_status_says_what_is_landed_served_waived_and_refused(home: Home) -> None:
    make_release(home, ID_2, batches=1)
    for batch, rejected in (("000001", 0), ("000002", 2)):
        folder = home.landing / "fund_acct_bal" / f"batch={batch}"
        folder.mkdir(parents=True)
        (folder / "batch.json").write_text(
            json.dumps(
                {
                    "batch_id": batch,
                    "table_name": "fund_acct_bal",
                    "source_file": "x.csv",
                    "sha256": batch,
                    "rows_read": 12,
                    "rows_landed": 12 - rejected,
                    "rows_rejected": rejected,
                    "rows_identical": 0,
                    "rows_superseded": 1,
                    "values_nulled": 3,
                    "loaded_at": f"2026-11-0{batch[-1]} 08:00:00",
                }
            )
        )
    waive(home, CHECK, "r", "b", date(2026, 12, 31), today=TODAY)
    (home.candidate / "gate.json").write_text(json.dumps({"gate": "refused", "blocking": [CHECK]}))

    found = status(home, today=TODAY)

    assert (found["release"]["release_id"], found["release"]["gate"], found["releases"]) == (
        ID_2,
        "passed",
        2,
    )
    assert (found["batches"], found["pending_batches"]) == (2, ["000002"])
    (table,) = found["tables"]
    assert (table["rows_read"], table["rows_landed"], table["rows_rejected"]) == (24, 22, 2)
    assert (table["rows_superseded"], table["values_nulled"]) == (2, 6)
    assert found["freshness"] == {
        "data_through": "2026-10-31",
        "last_loaded_at": "2026-11-02 08:00:00",
        "days_since_data": 22,
    }
    assert [w["check"] for w in found["waivers"]] == [CHECK]
    assert found["refused"]["blocking"] == [CHECK]
    assert found["writing"] is None
    json.dumps(found)


def test_status_of_an_empty_home(tmp_path: Path) -> None:
    found = status(Home(tmp_path), today=TODAY)
    assert (found["release"], found["batches"], found["refused"]) == (None, 0, None)
    assert found["freshness"]["days_since_data"] is None
