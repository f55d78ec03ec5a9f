"""Fee lines of a month's settlements: set-based, without a window function and without a draw that depends on order.

A bill has three parts: class C lines carry what is wholly the patient's, class B lines what is paid first at one rate, class
A lines the rest. Each part is cut into lines at points of a curve that starts at 0 and ends at the part's total, so that
amounts add up by construction. A line takes an item that suits its amount at that place's price and a whole number of them;
what is left of a part goes to a last few lines sold by the smallest unit, whose price per unit has six decimals.

Amounts are int64 fen, list prices hundredths of a fen. Chance is a digest of settlement number, line and seed. A refund
has the number of its original here, hence the same lines with the sign turned.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from medfund.synth import calibration as cal
from medfund.synth import catalogue as cat

Floats = NDArray[np.float64]

# Profiles of a bill: outpatient by level, stays by level without and with an operation, special drugs, pharmacy.
OUTPATIENT, MEDICAL, SURGICAL, DUAL, RETAIL = 0, 3, 6, 9, 10
PROFILES = 11
PART_A, PART_B, PART_C = range(3)

# Share of a bill by kind of fee and level, per cent: drugs, herbal pieces, consumables, tests, services. Assumed.
INPATIENT_FEES = ((23, 1, 20, 23, 33), (25, 2, 13, 26, 34), (30, 5, 5, 22, 38))
OUTPATIENT_FEES = ((40, 5, 3, 33, 19), (38, 7, 3, 32, 20), (58, 12, 2, 12, 16))
# Share of each kind in the classes A, B and C; of drugs assumed overall, of the rest here.
_BY_CLASS = ((0.38, 0.55, 0.07), (0.9, 0.0, 0.1), (0.22, 0.58, 0.20), (0.90, 0.07, 0.03), (0.90, 0.03, 0.07))
# Stays with an operation: their share of the money of stays by level, and their fees over those of all stays.
_SURGICAL_SHARE = (0.58, 0.38, 0.28)
_SURGICAL_OVER_ALL = (0.74, 0.5, 1.55, 0.74, 1.12)
_PATENT_OF_DRUGS = (0.30, 0.20)  # Chinese patent medicines among drugs: outpatient, inpatient
_EXAM_OF_TESTS = 0.45
_OPERATION_OF_SERVICES = 0.67  # of services other than by the day, where there is an operation
_VISIT_FEE_OF_SERVICES = 0.55  # outside the ward
# What whole numbers of items make of the amounts given to a kind, relative to each other. Measured.
_YIELD = {"out": (0.97, 1.0, 1.1, 0.90, 0.88), "in": (1.2, 1.0, 1.03, 0.90, 0.90)}
# What the last lines of a part hold of it, by part: measured, so that the layouts can leave room for them.
_LAST = {"out": (0.29, 0.69, 0.87), "in": (0.127, 0.14, 0.21)}
_LAST_OF_C = (25, 30, 20, 25)  # per cent of the last lines of class C: drugs, consumables, tests, services
_MATERIAL_OF_LAST = 40  # per cent of the last lines of class A of a stay
_DAILY_OF_A = 0.16  # bed, nursing and rounds, of class A of a stay
# Part B is aimed at this share of the bill; the rate nearest to what that takes is used.
_B_TARGET = (0.22, 0.21, 0.30, 0.32, 0.27, 0.24, 0.33, 0.28, 0.23, 0.60, 0.0)

LAYOUT = 100


def layout_table() -> pa.Table:
    """`at` = (profile * 3 + part) * LAYOUT + position to the fee class of an ordinary line.

    In surgical profiles positions run from small amounts to large ones, elsewhere they are drawn.
    """
    fee_class = np.empty((PROFILES, 3, LAYOUT), dtype=np.int8)
    for profile in range(PROFILES):
        for part in range(3):
            share = _class_shares(profile, part)
            order = np.argsort([_RANK[c] for c in range(len(share))], kind="stable")
            edges = np.cumsum(share[order]) / share.sum()
            at = np.minimum(
                np.searchsorted(edges, (np.arange(LAYOUT) + 0.5) / LAYOUT, side="right"), len(order) - 1
            )
            fee_class[profile, part] = order[at]
    return pa.table(
        {"at": pa.array(range(fee_class.size), pa.int32()), "cls": pa.array(fee_class.ravel(), pa.int32())}
    )


# Where a class stands between small and large lines.
_RANK = {
    cat.VISIT_FEE: 0, cat.HERBAL: 1, cat.LAB: 2, cat.TREATMENT: 3, cat.PATENT: 4, cat.DRUG: 5, cat.EXAM: 6,
    cat.OPERATION: 7, cat.CONSUMABLE: 8,
}  # fmt: skip


def fee_targets(profile: int) -> Floats:
    """Share of a profile's bills by kind of fee: drugs, herbal, consumables, tests, services."""
    if profile >= DUAL:
        return np.array([1.0, 0, 0, 0, 0])
    level = profile % 3
    if profile < MEDICAL:
        return np.array(OUTPATIENT_FEES[level]) / 100
    every = np.array(INPATIENT_FEES[level]) / 100
    surgical = every * np.array(_SURGICAL_OVER_ALL)
    surgical /= surgical.sum()
    if profile >= SURGICAL:
        return surgical
    share = _SURGICAL_SHARE[level]
    return np.asarray((every - share * surgical) / (1 - share))


def _herbal_share(profile: int) -> float:
    """Herbal pieces among herbal pieces and drugs of class A."""
    drug, herbal = fee_targets(profile)[:2] * np.array([_BY_CLASS[0][PART_A], _BY_CLASS[1][PART_A]])
    return float(herbal / (drug + herbal))


def _class_shares(profile: int, part: int) -> Floats:
    """Share of the ordinary lines of a part by fee class (catalogue.CLASSES), not normalised."""
    kinds = fee_targets(profile) * np.array([row[part] for row in _BY_CLASS])
    inpatient = MEDICAL <= profile < DUAL
    total = kinds.sum()
    last = np.array(_LAST["in" if inpatient else "out"])[part] * total
    # The last lines hold drugs, herbal pieces or pieces of material; see _last_pool.
    if part == PART_C:
        kinds[[0, 2, 3, 4]] -= last * np.array(_LAST_OF_C) / 100
    elif part == PART_A:
        herbal = _herbal_share(profile)
        if inpatient:
            kinds[4] -= _DAILY_OF_A * total
            kinds[2] -= last * _MATERIAL_OF_LAST / 100
            last *= 1 - _MATERIAL_OF_LAST / 100
        kinds[0] -= last * (1 - herbal)
        kinds[1] -= last * herbal
    else:
        kinds[0] -= last
    kinds = np.maximum(kinds, 0.002) / np.array(_YIELD["in" if inpatient else "out"])
    shares = np.zeros(len(cat.CLASSES))
    patent = _PATENT_OF_DRUGS[1 if inpatient else 0]
    shares[cat.DRUG], shares[cat.PATENT] = kinds[0] * (1 - patent), kinds[0] * patent
    shares[cat.HERBAL] = kinds[1] if part != PART_B else 0
    shares[cat.CONSUMABLE] = kinds[2]
    shares[cat.EXAM], shares[cat.LAB] = kinds[3] * _EXAM_OF_TESTS, kinds[3] * (1 - _EXAM_OF_TESTS)
    if profile >= SURGICAL and profile < DUAL:
        shares[cat.OPERATION] = kinds[4] * _OPERATION_OF_SERVICES
        shares[cat.TREATMENT] = kinds[4] * (1 - _OPERATION_OF_SERVICES)
    elif inpatient or part != PART_A:
        shares[cat.TREATMENT] = kinds[4]
    else:
        shares[cat.VISIT_FEE] = kinds[4] * _VISIT_FEE_OF_SERVICES
        shares[cat.TREATMENT] = kinds[4] * (1 - _VISIT_FEE_OF_SERVICES)
    return shares


# ---- plan of a bill ----------------------------------------------------------------------------------------

_TIER_BOUNDS = [
    float(np.sqrt(a * b)) / 100 for a, b in zip(cat.PRIOR_TIERS[:-2], cat.PRIOR_TIERS[1:-1], strict=True)
]


def digest(of: str, key: str | int) -> str:
    """SQL for a well mixed UBIGINT from another one and a key.

    hash() of several values at once isn't used: what it gives for neighbouring keys is correlated.
    """
    return f"hash(xor({of}, hash(({key})::BIGINT)))"


def _u(n: int) -> str:
    """SQL for a number in [0, 1) from the digest `h`, for one purpose."""
    return f"(({digest('h', n)} >> 11)::DOUBLE / 9007199254740992.0)"


def _nearest_tier(q: str) -> str:
    cases = " ".join(f"WHEN {q} < {bound} THEN {i}" for i, bound in enumerate(_TIER_BOUNDS))
    return f"CASE {cases} ELSE {len(_TIER_BOUNDS)} END"


def _tier_above(q: str) -> str:
    cases = " ".join(f"WHEN {q} <= {tier / 100} THEN {i}" for i, tier in enumerate(cat.PRIOR_TIERS))
    return f"CASE {cases} ELSE {len(cat.PRIOR_TIERS) - 1} END"


def _list(values: tuple[float, ...] | list[int]) -> str:
    return "[" + ", ".join(str(v) for v in values) + "]"


def _tariff(kind: str, budget: str) -> str:
    """Place in DAILY of the dearest charge that costs no more than `budget` fen a day; the cheapest if none does."""
    steps = cat.DAILY[kind][1]
    cases = " ".join(
        f"WHEN {budget} >= {yuan * 100} THEN {i}" for i, (yuan, _) in reversed(list(enumerate(steps)))
    )
    return f"CASE {cases} ELSE 0 END"


def plan_query(visits: str) -> str:
    """One row per bill: its parts, how many lines each gets, and the daily charges of a stay.

    `visits` names rows with id, h (digest), profile, bucket, in_bed, days, theme, month, place, price_level, drug_tilt and
    the fen medfee, own, over, prior, all positive. The numbers of lines are lognormal around the remembered medians: a
    stay's grow with its days, an outpatient bill's a little with its amount.
    """
    normal = f"(({_u(1)} + {_u(2)} + {_u(3)} + {_u(4)} - 2) * 1.7320508)"
    bed, nursing, round_ = (
        _list([yuan * 100 for yuan, _ in cat.DAILY[kind][1]]) for kind in ("bed", "nursing", "round")
    )
    return f"""
    WITH rates AS (
        SELECT *, medfee - own - over AS rest,
            CASE WHEN prior > 0 THEN greatest(
                {_nearest_tier(f"prior / ({_list(_B_TARGET)}[profile + 1] * medfee)")},
                {_tier_above("prior / (0.95 * (medfee - own - over))")}) ELSE 0 END AS tier
        FROM {visits}
    ),
    parts AS (
        SELECT *, own AS total_c,
            CASE WHEN prior > 0 THEN least(round(prior * 100.0 / {_list(list(cat.PRIOR_TIERS))}[tier + 1])::BIGINT, rest)
                ELSE 0 END AS total_b,
            CASE WHEN in_bed THEN 88 * exp(0.8 * ln(days / 7.0) + 0.78 * {normal})
                WHEN profile = {RETAIL} THEN 2.0 * exp(0.7 * {normal})
                WHEN profile = {DUAL} THEN 4
                ELSE 2.9 * exp(1.15 * {normal} + 0.2 * ln(medfee / CASE WHEN bucket = {cal.CHRONIC} THEN 60000.0 ELSE 13000.0 END))
                END AS wanted
        FROM rates
    ),
    sized AS (
        SELECT *, medfee - own - total_b AS total_a,
            least(greatest(round(wanted), 1), 1500, 1 + medfee // CASE WHEN in_bed THEN 500 ELSE 300 END)::INTEGER AS n
        FROM parts
    ),
    daily AS (
        SELECT *, in_bed AND total_a - over > days * 2500 AS has_daily,
            CASE WHEN in_bed THEN 0.24 * (total_a - over) / days ELSE 0 END AS budget
        FROM sized
    ),
    charged AS (
        SELECT *, {_tariff("bed", "budget * 0.55")} AS bed, {_tariff("nursing", "budget * 0.27")} AS nursing,
            {_tariff("round", "budget * 0.18")} AS round
        FROM daily
    ),
    posted AS (
        SELECT *,
            CASE WHEN has_daily THEN days * ({bed}[bed + 1] + {nursing}[nursing + 1] + {round_}[round + 1])
                ELSE 0 END AS fixed,
            has_daily AND n >= 6 * days AS by_day
        FROM charged
    ),
    counted AS (
        SELECT *,
            CASE WHEN NOT has_daily THEN 0 WHEN by_day THEN 3 * days ELSE 3 END AS n_fixed,
            greatest(n - (total_a > 0)::INTEGER - (total_b > 0)::INTEGER - (total_c > 0)::INTEGER
                - CASE WHEN NOT has_daily THEN 0 WHEN by_day THEN 3 * days ELSE 3 END, 0) AS n_open
        FROM posted
    ),
    shared AS (
        SELECT *, least(CASE WHEN profile = {DUAL} THEN 1 ELSE floor(n_open * 0.7 * total_b / medfee + {_u(5)}) END,
                total_b // 400)::INTEGER AS n_b,
            CASE WHEN profile = {RETAIL} THEN n_open
                ELSE least(floor(n_open * 0.6 * total_c / medfee + {_u(6)} * in_bed::INTEGER), total_c // 400)
                END::INTEGER AS n_c
        FROM counted
    )
    SELECT id, h, profile, in_bed, theme, tier, days, month, place, price_level, drug_tilt,
        prior, over, total_a, total_b, total_c,
        bed, nursing, round, fixed, has_daily, by_day, n_fixed, n_b, n_c,
        -- Even a short bill outside the ward has a test or a fee beside its drugs.
        least(greatest(n_open - n_b - n_c, CASE WHEN in_bed OR profile >= {DUAL} THEN 0 ELSE 1 END),
            greatest((total_a - fixed - over) // 200, 0))::INTEGER AS n_a,
        floor(greatest(total_a - fixed - over * 1.2, 0) * (1 - CASE WHEN in_bed THEN 0.03 ELSE 0.10 END))::BIGINT AS open_a,
        floor(total_b * (1 - CASE WHEN in_bed OR profile = {DUAL} THEN 0.04 ELSE 0.30 END))::BIGINT AS open_b,
        floor(total_c * (1 - CASE WHEN in_bed THEN 0.06 WHEN profile = {RETAIL} THEN 0.35 ELSE 0.4 END))::BIGINT AS open_c
    FROM shared
    """


# ---- lines -------------------------------------------------------------------------------------------------

# Share of lines of class A that take an item of the patient's disease, by fee class.
_THEMED = (0.45, 0.45, 0.0, 0.6, 0.35, 0.3, 0.4, 0.93, 0.0)
# Places' own prices: 960 to 1,040 per mille of the list; services by hospital level.
LEVEL_PRICE = (1000, 920, 850, 1000)
# Per cent of class B and C lines whose item is one for the patient's disease, where the pool has any.
_OF_THEME = 55
_SLOT = f"""CASE WHEN part > 0 AND theme > 0 AND (d >> 25) % 100 < {_OF_THEME} THEN 2 * theme + ((d >> 32) % 2)::INTEGER
    ELSE ((d >> 32) % {cat.SLOTS})::INTEGER END"""
# Services are dearer the higher the hospital; amounts are looked up at the price of the highest.
_SERVICES = ", ".join(str(c) for c in (cat.EXAM, cat.LAB, cat.TREATMENT, cat.OPERATION, cat.VISIT_FEE))


_CHEAPEST_EXAM, _CHEAPEST_OPERATION = 1_500, 5_000  # fen


def _cut(x: str) -> str:
    """The curve along which a part is cut: from 0 to 1, most lines small, the last ones large."""
    return f"(0.15 * ({x}) + 0.85 * ({x}) * ({x}) * ({x}))"


def _price(alias: str) -> str:
    """Price of a slot's item at the line's place and month, hundredths of a fen; B in multiples of 20 fen."""
    listed = (
        f"CASE WHEN {alias}.procured_from > 0 AND month >= {alias}.procured_from "
        f"THEN {alias}.price * {alias}.procured_price // 100 ELSE {alias}.price END"
    )
    factor = (
        f"CASE {alias}.pricing WHEN {cat.FREE} THEN 960 + ({digest(f'hash({alias}.item::BIGINT)', 'place')} % 81)::BIGINT "
        f"WHEN {cat.BY_LEVEL} THEN price_level ELSE 1000 END"
    )
    step = f"CASE WHEN {alias}.tier BETWEEN 1 AND 99 THEN 2000 WHEN {alias}.price < 10000 THEN 1 ELSE 100 END"
    return f"greatest((({listed}) * ({factor}) // 1000) // ({step}), 1) * ({step})"


def ordinary_query() -> str:
    """Lines with list prices, from the table `bill`: id, k, part, item, cnt, price, amount, prior, day.

    A part's lines that found nothing to sell are left out; their money stays for the last lines.
    """
    themed = ", ".join(str(int(share * 100)) for share in _THEMED)
    return f"""
    WITH each_line AS (
        SELECT id, h, profile, theme, tier, days, month, place, price_level, drug_tilt, n_a, n_b, n_c, open_a, open_b,
            open_c, unnest(range(n_a + n_b + n_c))::INTEGER AS k
        FROM bill
    ),
    placed AS (
        SELECT *, CASE WHEN k < n_a THEN 0 WHEN k < n_a + n_b THEN 1 ELSE 2 END AS part,
            CASE WHEN k < n_a THEN k WHEN k < n_a + n_b THEN k - n_a ELSE k - n_a - n_b END AS j,
            CASE WHEN k < n_a THEN n_a WHEN k < n_a + n_b THEN n_b ELSE n_c END AS n,
            CASE WHEN k < n_a THEN open_a WHEN k < n_a + n_b THEN open_b ELSE open_c END AS open,
            {digest("h", "k")} AS d
        FROM each_line
    ),
    -- Both ends of a line's stretch; the jitter of its end is that of the next line's start.
    stretched AS (
        SELECT *, CASE WHEN j = 0 THEN 0 ELSE (j + (d % 1024)::DOUBLE / 1280) / n END AS x0,
            CASE WHEN j + 1 = n THEN 1 ELSE (j + 1 + ({digest("h", "k + 1")} % 1024)::DOUBLE / 1280) / n END AS x1
        FROM placed
    ),
    cut AS (
        SELECT *, (floor(open * {_cut("x1")}) - floor(open * {_cut("x0")}))::BIGINT AS amount_open,
            least((({_cut("x0")} + {_cut("x1")}) * {LAYOUT // 2})::INTEGER, {LAYOUT - 1}) AS along
        FROM stretched
    ),
    classed AS (
        SELECT c.*,
            -- A few lines of a place that likes drugs turn into drugs, and back where it doesn't.
            CASE WHEN profile < {DUAL} AND part = 0 AND (d >> 50) % 1000 < abs(drug_tilt)
                    AND (drug_tilt > 0) = (l.cls NOT IN ({cat.DRUG}, {cat.PATENT}))
                THEN CASE WHEN drug_tilt > 0 THEN {cat.DRUG} ELSE {cat.LAB} END
                -- No scan and no operation is that cheap.
                WHEN l.cls = {cat.EXAM} AND amount_open < {_CHEAPEST_EXAM} THEN {cat.LAB}
                WHEN l.cls = {cat.OPERATION} AND amount_open < {_CHEAPEST_OPERATION} THEN {cat.TREATMENT}
                ELSE l.cls END AS cls
        FROM cut c
        JOIN bill_layout l ON l.at = (profile * 3 + part) * {LAYOUT}
            + CASE WHEN profile BETWEEN {SURGICAL} AND {SURGICAL + 2} AND part < 2 THEN along
                ELSE (along * 37 + ((h >> 20) % {LAYOUT})::INTEGER + part * 31) % {LAYOUT} END
        WHERE amount_open >= 20
    ),
    keyed AS (
        SELECT *, (CASE WHEN profile = {RETAIL} THEN {cat.RETAIL}
                WHEN profile = {DUAL} AND part = 1 THEN {cat.NEGOTIATED} + tier
                ELSE cls * {cat.PER_CLASS} + CASE part WHEN 0 THEN
                        CASE WHEN theme > 0 AND (d >> 40) % 100 < [{themed}][cls + 1] THEN {cat.POOL_THEME} + theme
                        ELSE 0 END
                    WHEN 1 THEN {cat.POOL_B} + tier ELSE {cat.POOL_C} END END * {cat.BANDS}
                + greatest(floor(ln(amount_open * CASE WHEN cls IN ({_SERVICES}) THEN 1000.0 / price_level ELSE 1 END)
                    / {cat.BAND_STEP}), 0)::INTEGER) * {cat.SLOTS} + ({_SLOT})::INTEGER AS key
        FROM classed
    ),
    priced AS (
        SELECT k.id, k.k, k.part, k.d, k.days, k.amount_open, s.item, s.tier, s.most, {_price("s")} AS price
        FROM keyed k JOIN item_slot s ON s.key = k.key
    ),
    bought AS (
        SELECT *, least(amount_open * 100 // price, most) AS cnt FROM priced
    )
    SELECT id, k, part, item, cnt, price * 100 AS price, (cnt * price + 50) // 100 AS amount,
        CASE WHEN part = 1 THEN (cnt * price + 50) // 100 * tier // 100 ELSE 0 END AS prior,
        ((k * 7 + (d >> 12) % 3) % greatest(days, 1))::INTEGER AS day
    FROM bought WHERE cnt > 0
    """


def daily_query() -> str:
    """Bed, nursing and rounds of stays: a line for each day, or one for the stay. Same columns as the ordinary lines."""
    first = cat.daily_items()
    item = " ".join(f"WHEN {i} THEN {first[kind][0]} + {kind}" for i, kind in enumerate(first))
    price = " ".join(
        f"WHEN {i} THEN {_list([yuan * 1_000_000 for yuan, _ in cat.DAILY[kind][1]])}[{kind} + 1]"
        for i, kind in enumerate(first)
    )
    return f"""
    WITH each_line AS (
        SELECT id, days, by_day, bed, nursing, round, n_a + n_b + n_c AS k0, unnest(range(n_fixed))::INTEGER AS j
        FROM bill WHERE has_daily
    ),
    charged AS (
        SELECT id, k0 + j AS k, CASE j % 3 {item} END AS item, CASE WHEN by_day THEN 1 ELSE days END::BIGINT AS cnt,
            (CASE j % 3 {price} END)::BIGINT AS price, CASE WHEN by_day THEN j // 3 ELSE days - 1 END AS day
        FROM each_line
    )
    SELECT id, k, 0 AS part, item, cnt, price, cnt * price // 10000 AS amount, 0::BIGINT AS prior, day FROM charged
    """


def _last_pool() -> str:
    """Which pool a last line takes: by the smallest unit where a fund pays, at the seller's price where nobody does."""
    drug, material, test, _ = np.cumsum(_LAST_OF_C).tolist()
    return f"""CASE WHEN profile = {RETAIL} THEN {cat.RETAIL_FREE}
        WHEN part = 0 AND in_bed AND (d >> 20) % 100 < {_MATERIAL_OF_LAST} THEN {cat.UNIT_MATERIAL}
        WHEN part = 0 AND profile < {DUAL} AND d % 1000 < herbal_share THEN {cat.UNIT_HERBAL}
        WHEN part = 0 THEN CASE WHEN (d >> 10) % 100 < 30 THEN {cat.UNIT_PATENT} ELSE {cat.UNIT_DRUG} END
        WHEN part = 1 THEN {cat.UNIT_B} + tier
        WHEN profile = {DUAL} THEN {cat.UNIT_C_DRUG}
        WHEN d % 100 < {drug} THEN {cat.UNIT_C_DRUG} WHEN d % 100 < {material} THEN {cat.UNIT_C_CONSUMABLE}
        WHEN d % 100 < {test} THEN {cat.FREE_C_TEST} ELSE {cat.FREE_C_SERVICE} END"""


def last_query() -> str:
    """The last lines of each part, from `bill` and `bill_line`: what the others left, to the fen.

    Prices here are millionths of a yuan, of which the count makes the amount again after rounding to the fen. What lies
    over the price limit and what is left to be paid first stand on these lines, in proportion to their amounts.
    """
    herbal = _list([int(1000 * _herbal_share(profile)) for profile in range(PROFILES)])
    return f"""
    WITH sold AS (
        SELECT id, sum(amount) FILTER (part = 0)::BIGINT AS sold_a, sum(amount) FILTER (part = 1)::BIGINT AS sold_b,
            sum(amount) FILTER (part = 2)::BIGINT AS sold_c, sum(prior)::BIGINT AS sold_prior
        FROM bill_line GROUP BY id
    ),
    parts AS (
        SELECT p.*, unnest([0, 1, 2]) AS part,
            unnest([total_a - coalesce(sold_a, 0), total_b - coalesce(sold_b, 0), total_c - coalesce(sold_c, 0)]) AS rest,
            unnest([0, prior - coalesce(sold_prior, 0), 0]) AS rest_prior, unnest([over, 0, 0]) AS rest_over
        FROM bill p LEFT JOIN sold USING (id)
    ),
    split AS (
        SELECT *, {herbal}[profile + 1] AS herbal_share,
            CASE WHEN profile = {RETAIL} THEN 1 ELSE least(6, 1 + rest // CASE WHEN in_bed THEN 30000 ELSE 60000 END) END
                AS n
        FROM parts WHERE rest > 0
    ),
    each_line AS (
        SELECT *, unnest(range(n))::INTEGER AS j FROM split
    ),
    shared AS (
        SELECT *, rest * j // n AS low, rest * (j + 1) // n AS high, {digest("h", "5000 + part * 100 + j")} AS d FROM each_line
    ),
    keyed AS (
        SELECT *, high - low AS amount, ({_last_pool()} * {cat.BANDS}
            + floor(ln(high - low) / {cat.BAND_STEP})::INTEGER) * {cat.SLOTS} + ({_SLOT})::INTEGER AS key
        FROM shared WHERE high > low
    ),
    bought AS (
        SELECT k.*, s.item, greatest(round(k.amount * 100.0 / s.price), 1)::BIGINT AS cnt
        FROM keyed k JOIN item_slot s ON s.key = k.key
    )
    SELECT id, n_a + n_b + n_c + n_fixed + part * 8 + j AS k, part, item, cnt,
        round(amount * 10000.0 / cnt)::BIGINT AS price, amount,
        (rest_prior * high // rest - rest_prior * low // rest)::BIGINT AS prior,
        ((j * 3 + part) % greatest(days, 1))::INTEGER AS day,
        (rest_over * high // rest - rest_over * low // rest)::BIGINT AS over
    FROM bought
    """
