"""The synthetic city's history: it comes near the published magnitudes, and its people live one life each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pytest

from medfund.synth import city, claims, lifecycle, targets

SIZE = 600_000


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Tables `settled`, `visit` and `member` of a city of 600 thousand settlements in 48 months."""
    with duckdb.connect() as connection:
        targets.load(connection, SIZE, seed=1)
        yield connection


@pytest.fixture(scope="module")
def people() -> city.People:
    return city.make_people(20_000, np.random.default_rng([1, 0]))


def one(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    return con.execute(query).fetchall()[0][0]


# ---- calibration ---------------------------------------------------------------------------------------------------


def test_every_target_is_reached_within_its_tolerance(con: duckdb.DuckDBPyConnection) -> None:
    results = targets.read(con)
    missed = [(r.target.group, r.target.name, r.target.value, r.value) for r in results if not r.holds]
    assert missed == []
    groups = {"enrolment", "stays", "cost", "visits", "growth", "payment", "season", "away", "operations"}
    assert {r.target.group for r in results} == groups
    assert len({(r.target.group, r.target.name) for r in results}) == len(results) > 200


def test_a_target_holds_within_its_tolerance_and_not_beyond() -> None:
    def reached(value: float | None, absolute: bool) -> bool:
        target = targets.Target("g", "n", 50.0, 0.1, "source", "assumed", "", absolute=absolute)
        return targets.Reached(target, value).holds

    assert [reached(v, False) for v in (45.0, 55.0, 44.9, 55.1, None)] == [True, True, False, False, False]
    assert [reached(v, True) for v in (49.95, 50.2)] == [True, False]


# ---- one life each -------------------------------------------------------------------------------------------------


def test_nobody_is_in_two_beds_at_once(con: duckdb.DuckDBPyConnection) -> None:
    stays = """(SELECT identity, begin, "end", row_number() OVER () AS n FROM settled
        WHERE sign > 0 AND NOT interim AND (bucket = 2 OR med = 11))"""
    close = f"""SELECT count(*) FROM {stays} a JOIN {stays} b ON a.identity = b.identity AND a.n < b.n
        WHERE a.begin <= b."end" + 1 AND b.begin <= a."end" + 1"""
    assert one(con, close) == 0


def test_nobody_sees_a_doctor_outside_while_in_bed(con: duckdb.DuckDBPyConnection) -> None:
    inside = """SELECT count(*) FROM settled v JOIN settled s ON v.identity = s.identity AND s.bucket = 2 AND s.sign > 0
        WHERE v.bucket <> 2 AND v.med <> 11 AND v.sign > 0 AND v.way < 3 AND v."end" > s.begin AND v."end" < s."end" """
    assert one(con, inside) == 0


def test_care_is_for_living_members(con: duckdb.DuckDBPyConnection) -> None:
    simulated = city.make_people(claims.members_for(SIZE), np.random.default_rng([1, 0]))
    rows = con.execute(
        """SELECT person, month_count, begin, "end", died FROM settled WHERE sign > 0"""
    ).fetchnumpy()
    person, month = rows["person"], rows["month_count"]
    died_on = simulated.died_on[person]
    assert ((simulated.enrolled_from[person] <= month) & (month < simulated.enrolled_to[person])).all()
    assert not (rows["end"].astype("datetime64[D]") > died_on).any()
    assert (rows["begin"].astype("datetime64[D]") >= simulated.birth[person]).all()
    # Who dies in hospital is discharged on that day.
    last = rows["died"].astype(bool)
    assert last.sum() > 100
    assert (rows["end"].astype("datetime64[D]") == died_on)[last].all()


def test_people_age_retire_and_move_on(people: city.People) -> None:
    start, later = 2019 * 12, 2026 * 12
    stays = people.enrolled(start) & people.enrolled(later)
    assert np.allclose((people.age(later) - people.age(start))[stays], 7.0, atol=0.01)
    employees = stays & (people.scheme == 0)
    retired = employees & people.retired(later) & ~people.retired(start)
    assert 0.05 < retired.sum() / employees.sum() < 0.25
    assert people.age(later)[retired].min() > 49.9
    assert not (people.retired(start) & ~people.retired(later)).any()
    kinds = np.array(city.PSN_TYPES)
    assert set(kinds[people.psn_type(later)[retired]]) <= {"1201", "1202", "1203"}
    assert set(kinds[people.psn_type(start)[retired]]) <= {"1101", "1102", "1103"}


def test_memberships_of_a_person_follow_each_other(people: city.People) -> None:
    assert (people.enrolled_from < people.enrolled_to).all()
    order = np.lexsort((people.enrolled_from, people.identity))
    same = people.identity[order][1:] == people.identity[order][:-1]
    before, after = order[:-1][same], order[1:][same]
    assert len(before) > 500
    assert (people.enrolled_to[before] <= people.enrolled_from[after]).all()
    changed = (people.scheme[before] != people.scheme[after]) | (people.org[before] != people.org[after])
    assert changed.all()
    assert (people.birth[before] == people.birth[after]).all()
    assert (people.is_male[before] == people.is_male[after]).all()
    dead = ~np.isnat(people.died_on) & (people.left_by == lifecycle.LEAVE_KINDS.index("death"))
    months = people.died_on[dead].astype("datetime64[M]").astype(np.int64) + 1970 * 12
    assert (people.enrolled_to[dead] == months + 1).all()
    born_here = people.joined_by == lifecycle.JOIN_KINDS.index("birth")
    assert (people.age(2018 * 12)[born_here] < 1).all()


# ---- policy and events ---------------------------------------------------------------------------------------------


def test_policy_events_move_the_series(con: duckdb.DuckDBPyConnection) -> None:
    def figure(year: int, what: str) -> float:
        return float(one(con, f"SELECT {what} FROM visit WHERE year = {year} AND scheme = 0"))

    births = "count(*) FILTER (bucket = 4)"
    assert figure(2019, births) == 0 < figure(2020, births)
    pooled = "sum(pool) FILTER (bucket = 0) / sum(in_scope) FILTER (bucket = 0)"
    assert figure(2023, pooled) > 1.15 * figure(2022, pooled)
    by_score = "avg(by_score::INT) FILTER (bucket = 2 AND way = 0)"
    assert [figure(2020, by_score), figure(2022, by_score) > 0.4, figure(2025, by_score)] == [0.0, True, 1.0]
    spring = (
        "count(*) FILTER (bucket = 0 AND month IN (2, 3)) / count(*) FILTER (bucket = 0 AND month IN (9, 10))"
    )
    assert figure(2020, spring) < 0.6 < figure(2024, spring)


def test_benefits_of_a_year_stop_where_they_should(con: duckdb.DuckDBPyConnection) -> None:
    # Refunds give back what they used; with them left out, nobody gets more than the ceiling of a year.
    top = dict(
        con.execute("""SELECT scheme, max(p) FROM (SELECT scheme, identity, year, sum(pool) AS p FROM visit
            GROUP BY ALL) GROUP BY 1""").fetchall()
    )
    assert 0 < top[0] <= 300_000
    assert 0 < top[1] <= 150_000
    assert one(con, "SELECT min(balc) FROM settled WHERE sign > 0") >= 0


# ---- what is known when ----------------------------------------------------------------------------------------


def test_rows_are_shown_as_they_stood() -> None:
    simulated = city.make_people(claims.members_for(900_000), np.random.default_rng([1, 0]))
    places = city.make_institutions(900_000, np.random.default_rng([1, 3]))
    history = claims.History(simulated, places, 1)
    while history.month < 2022 * 12:
        rows = history.next()
    end = city.first_day(2022 * 12 + 1).astype("datetime64[s]")
    then, later = claims.as_of(rows, end), claims.as_of(rows, end + np.timedelta64(60, "D"))
    open_then = rows["changed"] >= end
    open_then &= rows["changed"] < end + np.timedelta64(60, "D")
    assert 10 < open_then.sum() < 0.02 * len(open_then)
    same = ~open_then
    for name in ("refunded", "valid", "by_score", "updated"):
        assert (then[name][same] == later[name][same]).all(), name
    assert (then["updated"][open_then] < later["updated"][open_then]).all()
    assert not then["refunded"][open_then & (rows["sign"] > 0)].any()
    assert then["valid"][open_then].all()
    assert later["refunded"][open_then].sum() > 5
    assert (~later["valid"]).sum() > (~then["valid"]).sum() - 1
    assert (later["by_score"] & ~then["by_score"]).sum() + later["refunded"][open_then].sum() + (
        ~later["valid"][open_then]
    ).sum() == open_then.sum()
