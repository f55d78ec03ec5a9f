"""People insured elsewhere who are treated here (outmed_setl_d): not this bureau's spending, but its hospitals' work."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from medfund.synth import calibration as cal
from medfund.synth import city, claims, export
from medfund.synth.hashed import uniform
from medfund.synth.scene import Columns, Part, Scene

# Members of a city of the outsiders' size over those of this one: with what is kept, about 3 % of all settlements.
_SIZE = 0.17
# Outsiders come for large hospitals: of the care in others and at counters only a part is kept (assumed).
_KEPT_ELSEWHERE, _KEPT_COUNTER = 0.30, 0.45
# Where they are insured: in the province, or beyond it (divisions that don't exist).
_INSURED_AT = ("970201", "970301", "970402", "980101", "980201", "960101")
_INSURED_SHARE = np.cumsum([0.25, 0.20, 0.15, 0.18, 0.12, 0.10])
# Numbers of outsiders begin here, so that nobody shares one with an insured person.
_FIRST_NUMBER = 5_000_000


class Outsiders(Part):
    """outmed_setl_d: a second, smaller population that is treated in the same places."""

    whole_period = True

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        wanted = max(400, round(scene.settlements * _SIZE))
        self.people = city.make_people(claims.members_for(wanted), scene.rng(_STREAM))
        self.history = claims.History(self.people, scene.places, scene.seed + _STREAM)
        self.con = duckdb.connect(config={"memory_limit": "500MB"})
        export.load_place(self.con, scene.places, city.person_table(self.people))
        insured_at = np.searchsorted(_INSURED_SHARE, uniform(scene.seed, "insured at", self.people.identity))
        self.con.register("incoming", {"person": np.arange(len(self.people)), "insured_at": insured_at})
        self.con.execute("CREATE TABLE origin AS FROM incoming")
        self.con.unregister("incoming")
        self._rows: list[pa.Table] = []

    def simulated(self, month: int, rows: Columns) -> None:
        """Treat the outsiders of a month."""
        drawn = self.history.next()
        places = self.scene.places
        counter = (drawn["bucket"] != cal.INPATIENT) & (drawn["bucket"] != cal.MATERNITY)
        elsewhere = places.level[drawn["place"]] > 0
        share = np.where(elsewhere, _KEPT_ELSEWHERE, 1.0) * np.where(counter, _KEPT_COUNTER, 1.0)
        # By visit, so that a refund goes with what it refunds.
        kept = uniform(self.scene.seed, "outsider", drawn["mdtrt_id"]) < share
        kept &= (drawn["way"] == claims.WAY_LOCAL) & (drawn["bucket"] != cal.PHARMACY)
        if month in self.scene.window and kept.any():
            rows = {name: values[kept] for name, values in drawn.items()}
            self._rows.append(claims.as_arrow(claims.as_of(rows, self.scene.window.end)))

    def exported(self, month: int) -> None:
        """Write them; a small city may have none."""
        if not self._rows:
            return
        self.con.register("month_rows", pa.concat_tables(self._rows))
        self._rows.clear()
        export.stage_month(self.con)
        self.scene.out.month(self.con, "outmed_setl_d", _OUTSIDERS_SQL, month)
        self.con.unregister("month_rows")

    def finish(self) -> None:
        """Let go of the second population."""
        self.con.close()


_STREAM = 41
_AT = f"{export.text_list(_INSURED_AT)}[o.insured_at + 1]"
_NUMBER = f"right(s.psn_no, 10)::BIGINT + {_FIRST_NUMBER}"
_OUTSIDERS_SQL = f"""
SELECT s.* REPLACE (
    '95' || substr(s.setl_id, 3) AS setl_id,
    '95' || substr(s.init_setl_id, 3) AS init_setl_id,
    '94' || substr(s.mdtrt_id, 3) AS mdtrt_id,
    left({_AT}, 4) || '00' || lpad(({_NUMBER})::VARCHAR, 10, '0') AS psn_no,
    '合成' || lpad(({_NUMBER})::VARCHAR, 7, '0') AS psn_name,
    '990000' || lpad(({_NUMBER})::VARCHAR, 12, '0') AS certno,
    '990000' || lpad(({_NUMBER})::VARCHAR, 12, '0') AS mdtrt_cert_no,
    {_AT} AS insu_admdvs,
    left({_AT}, 4) || '00' AS poolarea_no,
    CASE WHEN left({_AT}, 2) = '{city.CITY[:2]}' THEN '3' ELSE '4' END AS pay_loc,
    {_AT} AS clr_optins,
    CASE WHEN left({_AT}, 2) = '{city.CITY[:2]}' THEN '9903' ELSE '9909' END AS clr_type,
    '1' AS clr_way,
    'R95' || substr(s.setl_id, 3) AS rid
)
FROM settlement s
JOIN month_rows r ON '97' || r.setl_id = s.setl_id
JOIN origin o ON o.person = r.person
ORDER BY s.setl_time, s.setl_id
"""
