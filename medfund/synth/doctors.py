"""Insurance physicians, the agreements of institutions, and which doctor saw which visit.

Every hospital has posts; each post has a specialty, a share of the visits and, one after the other, the doctors who held
it. So whoever sees a visit belongs to the institution and is under contract on that day.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from medfund.synth.enrolment import day_of
from medfund.synth.lifecycle import EXPORTS_FIRST, HORIZON_END, HORIZON_FIRST
from medfund.synth.scene import Part, Scene

Ints = NDArray[np.int64]

# Specialties and the practice scopes they stand for (dr_prac_scp_code): internal and general medicine, surgery,
# obstetrics and gynaecology, paediatrics.
SPECIALTIES = ("03", "04", "05", "07")
INTERNAL, SURGERY, OBSTETRICS, PAEDIATRICS = range(4)
_SPECIALTY_SHARE = (0.55, 0.25, 0.10, 0.10)  # assumed; a small place has general doctors only
# Titles from chief physician down, and the age of a career at which they come (assumed).
_TITLES = ("231", "232", "233", "234")
# Posts for 100 beds by level (assumed), the yearly chance that the holder of a post changes, skewness of volumes.
_POSTS_PER_100_BEDS = (1.0, 1.2, 3.0)
_TURNOVER = 0.06
_SKEW = 0.8
# Visits are dealt to posts in this many equal parts.
_DEALS = 128
_CONTRACTS_SINCE = "2017-01-01"

_PRIMARY = 2
_PHARMACY = 3
# From when pharmacies may sell special drugs that the pool pays, and take part in pooled outpatient cover.
_DUAL_CHANNEL_FROM, _POOLED_PHARMACY_FROM = 2021, 2023


def doctor_join(visits: str, specialty: str = str(INTERNAL)) -> str:
    """SQL that joins the doctor of each visit as `doctor` (dr_code, dr_name, dr_pro_tech_duty, specialty).

    `visits` is the alias of rows with place, mdtrt_id and "begin" as in month_rows; `specialty` a SQL expression for an
    index into SPECIALTIES. Where a place has no doctor of the specialty, another one sees the visit. Manual
    reimbursements and pharmacies have none: the join is an outer one. Doctors of places outside the city are in no
    register of this bureau.
    """
    return (
        f"LEFT JOIN doctor_duty doctor ON doctor.place = {visits}.place AND doctor.asked = {specialty} "
        f"AND doctor.deal = hash({visits}.mdtrt_id) % {_DEALS} "
        f'AND {visits}."begin"::DATE BETWEEN doctor.since AND doctor.until'
    )


class Doctors(Part):
    """dr_info_b, and the table `doctor_duty` that `doctor_join` reads."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        rng = scene.rng(_STREAM)
        post = self._posts(rng)
        holder = self._holders(post, rng)
        con = scene.con
        con.register("incoming", self._deals(post))
        con.execute("CREATE TEMP TABLE doctor_deal AS FROM incoming")
        con.register("incoming", holder)
        con.execute("""
            CREATE TABLE doctor AS
            SELECT h.*, p.code AS medins_code, p.is_local,
                'D' || p.admdvs || lpad(h.doctor::VARCHAR, 6, '0') AS dr_code,
                '合成医师' || lpad(h.doctor::VARCHAR, 6, '0') AS dr_name
            FROM incoming h JOIN place p ON p.place = h.place
        """)
        con.unregister("incoming")
        con.execute("""
            CREATE TABLE doctor_duty AS
            SELECT d.place, d.asked, d.deal, h.dr_code, h.dr_name, h.dr_pro_tech_duty, h.specialty, h.since, h.until
            FROM doctor_deal d JOIN doctor h ON h.post = d.post
        """)

    def _posts(self, rng: np.random.Generator) -> dict[str, NDArray]:
        """Posts of all hospitals, here and outside: place, rank within the place, specialty, share of the visits."""
        places = self.scene.places
        hospital = np.flatnonzero(places.level != _PHARMACY)
        level = places.level[hospital]
        beds = np.where(places.is_local[hospital], places.beds[hospital], 600)
        count = np.rint(beds / 100 * np.array(_POSTS_PER_100_BEDS)[level]).astype(np.int64)
        count = np.clip(count, 2, 40)
        place = np.repeat(hospital, count)
        rank = np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count)
        drawn = np.searchsorted(np.cumsum(_SPECIALTY_SHARE)[:-1], rng.random(len(place)), side="right")
        # The first posts of a place go through the specialties, so that larger ones have each of them.
        specialty = np.where(rank < len(SPECIALTIES), rank, drawn)
        small = (places.level[place] == _PRIMARY) | (np.repeat(count, count) < len(SPECIALTIES))
        specialty = np.where(small, INTERNAL, specialty)
        weight = (rank // len(SPECIALTIES) + 1.0) ** -_SKEW * rng.uniform(0.7, 1.4, len(place))
        return {"post": np.arange(len(place)), "place": place, "specialty": specialty, "weight": weight}

    def _deals(self, post: dict[str, NDArray]) -> pa.Table:
        """For each place and specialty asked for, the post that takes each of the equal parts of its visits."""
        places = np.unique(post["place"])
        parts: list[dict[str, NDArray]] = []
        for asked in range(len(SPECIALTIES)):
            able = post["specialty"] == asked
            served = np.isin(post["place"], post["place"][able])
            use = np.flatnonzero(able | ~served)
            place = post["place"][use]
            total = np.bincount(place, weights=post["weight"][use], minlength=int(places.max()) + 1)
            # Cumulative shares run from place to place in steps of one, so that one search serves all.
            order = np.searchsorted(places, place)
            running = np.cumsum(post["weight"][use] / total[place])
            ends = np.searchsorted(order, np.arange(len(places)), side="right") - 1
            running[ends] = np.arange(len(places)) + 1.0
            wanted = (np.arange(len(places))[:, None] + (np.arange(_DEALS) + 0.5) / _DEALS).ravel()
            parts.append(
                {
                    "place": np.repeat(places, _DEALS),
                    "asked": np.full(len(wanted), asked),
                    "deal": np.tile(np.arange(_DEALS), len(places)),
                    "post": post["post"][use[np.searchsorted(running, wanted, side="right")]],
                }
            )
        return pa.table({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})

    def _holders(self, post: dict[str, NDArray], rng: np.random.Generator) -> pa.Table:
        """Who held each post when: a successor starts on the day after the predecessor's contract ends."""
        years = np.arange(HORIZON_FIRST // 12, HORIZON_END // 12)
        leaves = rng.random((len(post["post"]), len(years))) < _TURNOVER
        at, year = np.nonzero(leaves)
        month = years[year] * 12 + rng.integers(0, 12, len(at))
        start = np.concatenate([np.full(len(leaves), -1), month])
        who = np.concatenate([post["post"], at])
        order = np.lexsort((start, who))
        who, start = who[order], start[order]
        last = np.append(who[1:] != who[:-1], True)
        after = np.where(last, HORIZON_END, np.append(start[1:], 0))
        far, opening = np.datetime64("2099-12-31", "D"), np.datetime64(_CONTRACTS_SINCE, "D")
        until = np.where(last, far, day_of(after) - np.timedelta64(1, "D"))
        title = np.minimum(rng.geometric(0.32, len(who)) - 1, 3)
        return pa.table(
            {
                "doctor": np.arange(len(who)) + 1,
                "post": who,
                "place": post["place"][who],
                "specialty": post["specialty"][who],
                "since": np.where(start < 0, opening, day_of(start)),
                "until": until,
                "dr_pro_tech_duty": np.array(_TITLES)[3 - title],
            }
        )

    def finish(self) -> None:
        """Write the contracts of local doctors that had begun by the end."""
        self.scene.out.table(self.scene.con, "dr_info_b", _doctor_query(self.scene.window.end), "dr_info_b")


_STREAM = 40


def _doctor_query(end: np.datetime64) -> str:
    scopes = "[" + ", ".join(f"'{code}'" for code in SPECIALTIES) + "]"
    return f"""
    SELECT dr_code,
        dr_name,
        medins_code,
        '1' AS dr_prac_type,
        {scopes}[specialty + 1] AS dr_prac_scp_code,
        dr_pro_tech_duty,
        medins_code AS main_pracins_no,
        '0' AS mul_prac_flag,
        '1' AS prac_stas,
        CASE WHEN until < DATE '{end}' THEN '2' ELSE '1' END AS psn_stas,
        since::TIMESTAMP AS cntr_begntime,
        CASE WHEN until < DATE '{end}' THEN until::TIMESTAMP + INTERVAL 86399 SECOND END AS cntr_endtime,
        '1' AS vali_flag,
        'DR' || dr_code AS rid,
        since::TIMESTAMP AS crte_time,
        CASE WHEN until < DATE '{end}' THEN until ELSE since END::TIMESTAMP AS updt_time
    FROM doctor WHERE is_local AND since < DATE '{end}' ORDER BY dr_code
    """


class Agreements(Part):
    """fixmedins_cntr_reg_d: each local institution's yearly agreement, and those on special drugs."""

    def finish(self) -> None:
        """Write the agreements of all years up to the end."""
        end = self.scene.window.end
        last_year = self.scene.window.last // 12
        query = f"""
        WITH agreement AS (
            SELECT place.*, year, '1' AS kind FROM place, range({EXPORTS_FIRST // 12}, {last_year + 1}) y(year)
            UNION ALL
            SELECT place.*, year, '908' FROM place, range({_DUAL_CHANNEL_FROM}, {last_year + 1}) y(year)
            WHERE level = {_PHARMACY}
            UNION ALL
            SELECT place.*, year, '909' FROM place, range({_POOLED_PHARMACY_FROM}, {last_year + 1}) y(year)
            WHERE level = {_PHARMACY} AND place % 3 = 0
        )
        SELECT 'X' || code || year || kind AS fix_cntr_id,
            code AS fixmedins_code,
            kind AS fix_cntr_type,
            year::VARCHAR AS cntr_sign_year,
            make_date(year::INT, 1, 1)::TIMESTAMP AS begntime,
            make_date(year::INT, 12, 31)::TIMESTAMP + INTERVAL 86399 SECOND AS endtime,
            CASE WHEN level < {_PHARMACY} THEN ['3', '2', '1'][level + 1] END AS fixmedins_chrg_lv,
            CASE WHEN make_date(year::INT, 12, 31) < DATE '{end}' THEN '2' ELSE '1' END AS cntr_stas,
            '1' AS vali_flag,
            'RX' || code || year || kind AS rid,
            make_date(year::INT, 1, 1)::TIMESTAMP - INTERVAL 20 DAY AS crte_time,
            make_date(year::INT, 1, 1)::TIMESTAMP - INTERVAL 20 DAY AS updt_time
        FROM agreement WHERE is_local ORDER BY fix_cntr_id
        """
        self.scene.out.table(self.scene.con, "fixmedins_cntr_reg_d", query, "fixmedins_cntr_reg_d", "gb18030")
