"""What a visit costs and who pays it: the benefit rules of the synthetic city. Money is int64 fen throughout.

Deductibles, ceilings and the second cover run over the calendar year of a person, accounts over all years: what a
settlement gets depends on the ones before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medfund.synth import calibration as cal
from medfund.synth.city import People
from medfund.synth.visits import MED, WAY_CROSS_PROVINCE, WAY_IN_PROVINCE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Columns = dict[str, NDArray]

# Additive amounts: a refund repeats them with the sign turned.
MONEY = (
    "medfee", "own", "over", "prior", "in_scope", "agreed", "act_dedc", "pool", "cvlserv", "hifmi", "hifob", "maf",
    "fund", "person_pay", "acct", "mulaid", "cash", "hosp",
)  # fmt: skip
# Of a year, by identity.
_YEARLY = ("stays", "deducted", "pooled", "burden")


@dataclass
class Claimed:
    """What each identity has used in the year so far, and what is in their accounts."""

    year: int
    stays: Ints
    deducted: Ints  # outpatient deductible
    pooled: Ints
    burden: Ints  # in scope and not pooled, of stays and chronic care
    account: Ints

    @classmethod
    def of(cls, people: People) -> Claimed:
        """At the start nobody has used anything, and accounts hold what earlier years left in them."""
        none = np.zeros(people.identities, dtype=np.int64)
        return cls(0, none.copy(), none.copy(), none.copy(), none.copy(), none.copy())

    def begin(self, month: int, identity: Ints, credit: Ints) -> None:
        """Credit the accounts of `identity`; in January the year's counters start anew."""
        if month // 12 != self.year:
            self.year = month // 12
            for name in _YEARLY:
                getattr(self, name)[:] = 0
        np.add.at(self.account, identity, credit)

    def undo(self, mirror: Columns, people: People) -> None:
        """Give back what refunded settlements used; those of an earlier year count for the account only."""
        identity = mirror["identity"]
        np.add.at(self.account, identity, -mirror["acct"] + mirror["mulaid"])
        np.add.at(self.account, people.identity[mirror["kin"]], -mirror["mulaid"])
        mine = mirror["claim_year"] == self.year
        serious = mine & mirror["serious"]
        outpatient = mine & (mirror["bucket"] == cal.OUTPATIENT)
        np.add.at(self.pooled, identity[mine], mirror["pool"][mine])
        np.add.at(self.burden, identity[serious], (mirror["in_scope"] - mirror["pool"])[serious])
        np.add.at(self.deducted, identity[outpatient], mirror["act_dedc"][outpatient])


class _InOrder:
    """Running totals over the settlements of each identity, in order of time."""

    def __init__(self, identity: Ints, time: NDArray) -> None:
        self._order = np.lexsort((time, identity))
        ids = identity[self._order]
        self._first = np.searchsorted(ids, ids, side="left")

    def before(self, amount: Ints) -> Ints:
        """Sum over the identity's earlier rows."""
        values = amount[self._order]
        running = np.cumsum(values) - values
        out = np.empty_like(amount)
        out[self._order] = running - running[self._first]
        return out

    def rationed(self, wanted: Ints, left: Ints) -> Ints:
        """As much of what each row wants as the earlier rows leave of `left` (the identity's, the same in its rows)."""
        before = self.before(wanted)
        return np.minimum(before + wanted, left) - np.minimum(before, left)


def settle(
    month: int, rows: Columns, people: People, claimed: Claimed, holders: Ints, rng: np.random.Generator
) -> None:
    """Fill the money of `rows` and use up `claimed`. Every identity holds to the fen by construction.

    `holders` are the memberships that have a personal account in the month.
    """
    n = len(rows["person"])
    year = month // 12
    scheme, bucket = rows["scheme"], rows["bucket"]
    person, identity, retired = rows["person"], rows["identity"], rows["retired"]
    civil, assisted = people.is_civil_servant[person], people.is_assisted[person]
    med = rows["med"]
    order = _InOrder(identity, rows["setl_time"])
    u = rng.random((12, n))

    medfee = _medfee(year, rows, people)
    dual = med == MED["9216"]
    plain_pharmacy = med == MED["41"]
    own_share = np.clip(cal.OWN_SHARE[scheme, bucket] * rng.gamma(1.5, 1 / 1.5, n), 0, 0.6)
    own_share = np.where(dual, 0.03, own_share)
    prior_share = np.clip(cal.PRIOR_SHARE[scheme, bucket] * rng.gamma(3, 1 / 3, n), 0, 0.35)
    prior_share = np.where(dual, 0.12, prior_share)
    over_share = np.where(u[0] < 0.2, cal.OVER_LIMIT_SHARE / 0.2, 0.0)
    own = np.where(plain_pharmacy, medfee, _fen(medfee * own_share))
    over = np.where(plain_pharmacy, 0, _fen(medfee * over_share))
    prior = np.where(plain_pharmacy, 0, _fen(medfee * prior_share))
    in_scope = medfee - own - over - prior

    in_bed = bucket == cal.INPATIENT
    outpatient = bucket == cal.OUTPATIENT
    actual_level = rows["level"]
    # Deductibles: of a stay by level, half from the second stay of the year on; of employees' outpatient care by year.
    new_stay = (in_bed & ~rows["continued"]).astype(np.int64)
    earlier_stays = claimed.stays[identity] + order.before(new_stay)
    dedc_std = _fen(cal.DEDUCTIBLE_YUAN[actual_level] * 100 * np.where(retired, 0.8, 1.0))
    dedc_std = np.where(in_bed, dedc_std, 0)
    crt_dedc = np.where(rows["continued"], 0, np.where(earlier_stays > 0, dedc_std // 2, dedc_std))
    pays_visit_dedc = outpatient & (scheme == 0) & (month >= cal.OUTPATIENT_REFORM)
    visit_limit = np.where(retired, cal.VISIT_DEDUCTIBLE_YUAN[1], cal.VISIT_DEDUCTIBLE_YUAN[0]) * 100
    visit_left = np.maximum(visit_limit - claimed.deducted[identity], 0)
    visit_wanted = np.where(pays_visit_dedc, in_scope, 0)
    visit_dedc = order.rationed(visit_wanted, visit_left)
    still = visit_left - np.minimum(order.before(visit_wanted), visit_left)
    crt_dedc = np.where(pays_visit_dedc, still, crt_dedc)
    act_dedc = np.where(pays_visit_dedc, visit_dedc, np.minimum(in_scope, crt_dedc))

    bonus = np.where(retired, cal.RETIRED_BONUS, 0.0)
    visit_ratio = cal.pool_ratio_visit(month)[scheme, actual_level]
    ratio = np.select(
        [in_bed, outpatient, bucket == cal.CHRONIC, bucket == cal.MATERNITY, dual],
        [
            cal.POOL_RATIO_STAY[scheme, actual_level] + bonus,
            visit_ratio + np.where(visit_ratio > 0, bonus, 0.0),
            np.array(cal.POOL_RATIO_CHRONIC)[scheme] + bonus,
            np.array(cal.POOL_RATIO_MATERNITY)[scheme],
            np.array(cal.POOL_RATIO_DUAL)[scheme],
        ],
        default=0.0,
    )
    ratio = np.where(rows["way"] == WAY_CROSS_PROVINCE, ratio - 0.05, ratio)
    ratio = np.where(ratio > 0, np.round(np.clip(ratio + 0.02 * (u[4] - 0.5), 0, 0.98), 4), 0.0)
    pool = _fen((in_scope - act_dedc) * ratio)
    pool = np.where(outpatient & (scheme == 1), np.minimum(pool, cal.RESIDENT_VISIT_CAP_YUAN * 100), pool)
    ceiling = np.array(cal.POOL_CEILING_YUAN)[scheme] * 100
    pool = order.rationed(pool, np.maximum(ceiling - claimed.pooled[identity], 0))

    # Second cover on what is left in scope of stays and chronic care, above a threshold of the year.
    serious = in_bed | (bucket == cal.CHRONIC) | ((bucket == cal.MATERNITY) & (scheme == 1))
    burden = np.where(serious, in_scope - pool, 0)
    so_far = claimed.burden[identity] + order.before(burden)
    rest = in_scope - pool
    hifob = np.where(scheme == 0, _second_cover(so_far, burden, cal.LARGE_AMOUNT), 0)
    hifmi = np.where(scheme == 1, _second_cover(so_far, burden, cal.CRITICAL_ILLNESS), 0)
    rest = rest - hifob - hifmi
    cvlserv = np.where(civil & serious, _fen(rest * cal.CIVIL_SERVANT_RATIO), 0)
    maf = np.where(assisted & serious, _fen(rest * cal.ASSISTANCE_RATIO), 0)
    fund = pool + hifob + hifmi + cvlserv + maf

    hosp = np.where(in_bed & (u[5] < 0.03), np.minimum(_fen(medfee * 0.02), medfee - fund), 0)
    person_pay = medfee - fund - hosp
    share = np.select(
        [in_bed, outpatient, bucket == cal.CHRONIC, plain_pharmacy],
        [0.5 + u[6], 0.9 + 0.3 * u[6], 0.7 + 0.6 * u[6], np.where(u[6] < 0.96, 1.0, u[7])],
        default=0.6 + u[6],
    )
    wanted = np.where(scheme == 0, _fen(person_pay * np.clip(share, 0, 1)), 0)
    acct, mulaid, kin, balance = _from_accounts(wanted, rows, people, claimed, holders, u[8])

    rows.update(
        medfee=medfee, own=own, over=over, prior=prior, in_scope=in_scope, agreed=medfee - own - over,
        dedc_std=dedc_std, crt_dedc=crt_dedc, act_dedc=act_dedc, pool=pool, cvlserv=cvlserv, hifmi=hifmi,
        hifob=hifob, maf=maf, fund=fund, person_pay=person_pay, acct=acct, mulaid=mulaid, cash=person_pay - acct,
        hosp=hosp, balc=balance, kin=kin, serious=serious, claim_year=np.full(n, year),
    )  # fmt: skip
    rows["ratio"] = np.where(u[11] < 0.4, 0.0, ratio)
    rows["draw"] = (u[11] * 1000).astype(np.int64)
    np.add.at(claimed.stays, identity, new_stay)
    np.add.at(claimed.deducted, identity, visit_dedc)
    np.add.at(claimed.pooled, identity, pool)
    np.add.at(claimed.burden, identity, burden)


def _medfee(year: int, rows: Columns, people: People) -> Ints:
    scheme, bucket, level, med = rows["scheme"], rows["bucket"], rows["base_level"], rows["med"]
    sigma = cal.COST_SIGMA[bucket]
    mean = cal.mean_cost(year)[scheme, bucket] * cal.LEVEL_COST[scheme, bucket, level]
    cost = mean * np.exp(sigma * rows["z"] - sigma**2 / 2) * rows["habit_cost"]
    special = med == MED["140201"]  # dialysis and tumour drugs: few and dear
    cost *= np.where(bucket == cal.CHRONIC, np.where(special, 3.2, 0.70), 1.0)
    cost *= np.where(bucket == cal.MATERNITY, np.where(med == MED["52"], 3.2, 0.38), 1.0)
    dual = med == MED["9216"]
    cost *= np.where(
        dual & (scheme == 0), 8.0, np.where((bucket == cal.PHARMACY) & (scheme == 1) & ~dual, 0.2, 1.0)
    )
    away = (rows["way"] == WAY_IN_PROVINCE) | (rows["way"] == WAY_CROSS_PROVINCE)
    cost *= np.where(away, cal.REMOTE_COST, 1.0)
    cost *= np.where(rows["continued"], 0.7, 1.0)
    usual = 1 + cal.GRAVE_SHARE * (cal.GRAVE_COST - 1)
    cost *= np.where(bucket == cal.INPATIENT, np.where(rows["grave"], cal.GRAVE_COST, 1.0) / usual, 1.0)
    cost *= np.where(rows["died"], 1.6, 1.0)
    return _fen(np.clip(cost, 3.0, np.where(bucket == cal.INPATIENT, 900_000.0, 60_000.0)) * 100)


def _second_cover(so_far: Ints, burden: Ints, rule: tuple[float, float]) -> Ints:
    """The cover's share of the part of a burden that lies above the threshold, given the year's burden before it."""
    threshold, share = round(rule[0] * 100), rule[1]
    return _fen(np.maximum(so_far + burden - threshold, 0) * share) - _fen(
        np.maximum(so_far - threshold, 0) * share
    )


def _from_accounts(
    wanted: Ints, rows: Columns, people: People, claimed: Claimed, holders: Ints, u: Floats
) -> tuple[Ints, Ints, Ints, Ints]:
    """What accounts pay: the amount, the relative's part of it, the relative's membership, and the own balance after it.

    Where the own account is empty a relative's may help out since the reform of 2021. Relatives are pairs of neighbouring
    identities; nobody is asked for more than a third of what they have.
    """
    identity = rows["identity"]
    order = _InOrder(identity, rows["setl_time"])
    membership = np.full(len(claimed.account) + 1, -1)
    membership[people.identity[holders]] = holders
    kin = membership[identity ^ 1]
    other = np.where(kin < 0, 0, people.identity[kin])
    missing = wanted - order.rationed(wanted, np.maximum(claimed.account, 0)[identity])
    asked = np.where(
        rows["setl_time"] >= cal.MUTUAL_AID_FROM, np.where(u < cal.MUTUAL_AID_SHARE, missing, 0), 0
    )
    mulaid = order.rationed(asked, np.where(kin < 0, 0, np.maximum(claimed.account[other], 0) // 3))
    np.subtract.at(claimed.account, other, mulaid)
    available = np.maximum(claimed.account, 0)[identity]
    own = order.rationed(wanted - mulaid, available)
    np.subtract.at(claimed.account, identity, own)
    return own + mulaid, mulaid, kin, available - order.before(own) - own


def _fen(x: NDArray) -> Ints:
    return np.rint(x).astype(np.int64)
