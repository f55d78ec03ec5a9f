"""What the scorecard says, how intervals of a balance arise, and which models are shown: worked by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medfund.forecast.balance import accumulated_sd, closing_balances, roll_forward
from medfund.forecast.books import bands, choose_pair, pair_name
from medfund.forecast.memory import Fits
from medfund.forecast.models import MONTHLY, Floats, Outlook, UnfitError, fit
from medfund.forecast.scoring import (
    MONTHS,
    YEARS,
    Design,
    Series,
    Trial,
    best,
    run_trials,
    scores,
)

# Two periods ahead, from two origins.
SHORT = Design(season=1, ahead=2, shortest=2, nearest=1, span=10, step=1, horizons=(1, 2))
NAN = float("nan")


def trial(error: list[list[float]], sd: float = 1.0) -> Trial:
    errors = np.array(error)
    return Trial(
        errors, np.full(errors.shape, sd), Outlook(np.zeros(errors.shape[1]), np.ones(errors.shape[1]))
    )


def seasonal(months: int, growth: float = 0.0, noise: float = 0.0, seed: int = 1) -> Floats:
    """Monthly amounts in fen around 1,000,000.00 yuan with a strong season."""
    rng = np.random.default_rng(seed)
    at = np.arange(months)
    level = 1e8 * (1 + growth * at / 12) * (1 + 0.4 * np.sin(2 * np.pi * at / 12))
    return level + rng.normal(0, noise * 1e8, months)


def known(length: int, last: int, design: Design = MONTHS) -> list[int]:
    return Series(np.zeros(length), last).origins(design).tolist()


def test_origins_stand_at_fixed_months_with_two_years_before_and_a_quarter_after() -> None:
    """Up to October 2026 (24,322 months): April, August and December, and the month two years before the end."""
    october = 2026 * 12 + 10
    assert known(48, october) == [24, 26, 30, 34, 38, 42]
    assert known(84, october) == [38, 42, 46, 50, 54, 58, 60, 62, 66, 70, 74, 78]
    assert known(26, october) == []
    assert known(14, 2025, YEARS) == [8, 9, 10, 11, 12, 13]


def test_a_month_more_leaves_the_origins_where_they_are() -> None:
    october = 2026 * 12 + 10
    # The month two years before the end moves on, and August has now been followed by a quarter.
    assert set(known(49, october + 1)) - set(known(48, october)) == {25, 46}
    assert set(known(50, october + 2)) - set(known(49, october + 1)) == set()


def test_what_came_after_an_origin_ends_with_the_series() -> None:
    came = Series(np.array([1.0, 2.0, 3.0, 4.0]), 4).came(SHORT)
    np.testing.assert_array_equal(came, [[3.0, 4.0], [4.0, NAN]])


def test_scores_pool_all_months_up_to_a_horizon() -> None:
    """Errors 3, −1 and 2 on actuals 10, 20 and 10; the yardstick is 4.

    One ahead: (3 + 2) ÷ 2 ÷ 4 = 0.625 and 5 ÷ 20; two ahead: (3 + 1 + 2) ÷ 3 ÷ 4 = 0.5 and 6 ÷ 40.
    """
    came = np.array([[10.0, 20.0], [10.0, NAN]])
    one, two = scores(trial([[3.0, -1.0], [2.0, NAN]]), came, 4.0, SHORT)
    assert (one["horizon"], one["origins"], one["periods"], one["mase"], one["wape"]) == (
        1,
        2,
        2,
        0.625,
        0.25,
    )
    assert (two["horizon"], two["origins"], two["periods"], two["mase"], two["wape"]) == (2, 1, 3, 0.5, 0.15)


def test_a_horizon_that_nothing_has_reached_has_no_row_and_a_zero_divisor_gives_null() -> None:
    came = np.array([[0.0, NAN], [0.0, NAN]])
    (only,) = scores(trial([[1.0, NAN], [1.0, NAN]]), came, 0.0, SHORT)
    assert (only["horizon"], only["mase"], only["wape"]) == (1, None, None)


def test_the_yardstick_is_the_change_on_the_same_month_a_year_before() -> None:
    amounts = np.array([*range(12), *(at + 3 for at in range(12))], dtype=float)
    assert Series(amounts, 24).scale(MONTHS) == 3.0


def test_an_interval_is_widened_by_the_errors_of_the_other_origins_only() -> None:
    """The first origin missed by four standard deviations, the second by one.

    Judged by the second alone (not widened) the first lies outside; judged by the first (four times as wide) the
    second lies inside. What is shown is widened by both: √((16 + 1) ÷ 2) = 2.915.
    """
    wide = trial([[400.0], [100.0]], sd=100.0)
    assert wide.covered(1.96).tolist() == [[False], [True]]
    assert wide.widening() == pytest.approx(2.9155, abs=1e-4)
    assert trial([[10.0], [10.0]], sd=100.0).widening() == 1.0


def test_the_spread_of_a_sum_knows_how_long_a_shock_lives() -> None:
    # Independent months: √h. A random walk (sd √h): weights 1, 2, 3, so √(1 + 4 + 9).
    np.testing.assert_allclose(accumulated_sd(np.full(3, 2.0)), [2.0, 2.0 * 2**0.5, 2.0 * 3**0.5])
    np.testing.assert_allclose(accumulated_sd(np.sqrt([1.0, 2.0, 3.0])), np.sqrt([1.0, 5.0, 14.0]))
    # Seasonal naive: a shock comes back a year later. 12 months, then 2² more.
    sd = np.concatenate([np.ones(12), np.full(12, 2**0.5)])
    assert accumulated_sd(sd)[12] == pytest.approx(4.0)
    assert accumulated_sd(sd)[23] == pytest.approx((12 + 12 * 4) ** 0.5)
    assert accumulated_sd(np.zeros(2)).tolist() == [0.0, 0.0]


def test_a_balance_sums_the_errors_and_spreads_of_its_flows() -> None:
    income = Trial(
        np.array([[5.0, 1.0]]), np.array([[3.0, 3.0]]), Outlook(np.array([10.0, 10.0]), np.full(2, 3.0))
    )
    spent = Trial(
        np.array([[2.0, 4.0]]), np.array([[4.0, 4.0]]), Outlook(np.array([8.0, 9.0]), np.full(2, 4.0))
    )
    balance = roll_forward(income, spent, 100.0)
    assert balance.error.tolist() == [[3.0, 0.0]]
    np.testing.assert_allclose(balance.sd, [[5.0, 5.0 * 2**0.5]])
    assert balance.outlook.point.tolist() == [102.0, 103.0]
    assert closing_balances(100, np.array([10, 11]), np.array([8, 14])).tolist() == [102, 99]


def test_an_interval_stops_at_zero_only_where_the_flow_always_did() -> None:
    one = trial([[10.0]], sd=10.0)
    wide = Trial(one.error, one.sd, Outlook(np.array([5.0]), np.array([10.0])))
    (stopped,) = bands(wide, np.array([5]), never_negative=True)
    (free,) = bands(wide, np.array([5]), never_negative=False)
    assert (stopped["lower_80"], stopped["lower_95"], stopped["upper_80"]) == (0, 0, 18)
    assert (free["lower_80"], free["lower_95"], free["upper_95"]) == (-8, -15, 25)


def test_a_model_that_loses_at_one_horizon_is_not_chosen() -> None:
    benchmark = trial([[2.0, 2.0], [2.0, NAN]])
    far = trial([[3.0, 0.0], [2.0, NAN]])  # better in all (5 ÷ 3 < 2), worse one ahead (2.5 > 2)
    good = trial([[1.0, 2.0], [2.0, NAN]])
    assert best({"naive": benchmark, "far": far}, "naive", SHORT) == "naive"
    assert best({"naive": benchmark, "far": far, "good": good}, "naive", SHORT) == "good"
    assert best({"naive": benchmark, "same": benchmark}, "naive", SHORT) == "naive"


def test_flows_are_chosen_as_a_pair_that_does_not_spoil_the_balance() -> None:
    """The model of the income is better month by month, but always errs to one side, so the balance gets worse."""
    ahead = MONTHS.ahead
    wobbling = Trial(
        np.tile([10.0, -10.0], ahead // 2)[None, :],
        np.ones((1, ahead)),
        Outlook(np.zeros(ahead), np.ones(ahead)),
    )
    leaning = Trial(np.full((1, ahead), 9.0), np.ones((1, ahead)), Outlook(np.zeros(ahead), np.ones(ahead)))
    exact = Trial(np.zeros((1, ahead)), np.ones((1, ahead)), Outlook(np.zeros(ahead), np.ones(ahead)))
    name = MONTHLY[0]
    income, spent = {name: wobbling, "ets": leaning}, {name: exact}
    balances = {(one, name): roll_forward(income[one], exact, 0.0) for one in income}
    units = {"income": 1.0, "expenditure": 1.0, "balance": 1.0}
    assert choose_pair(income, spent, balances, units) == (name, name)
    income["ets"] = exact
    balances["ets", name] = roll_forward(exact, exact, 0.0)
    assert choose_pair(income, spent, balances, units) == ("ets", name)
    assert pair_name("ets", name) == f"ets/{name}"
    assert pair_name(name, name) == name


@pytest.mark.parametrize("name", MONTHLY)
def test_each_candidate_knows_a_season_when_it_sees_one(name: str) -> None:
    """A season that repeats exactly is foreseen to within a thousandth of its mean."""
    history = seasonal(48)
    outlook = fit(name, history, 12, 24)
    np.testing.assert_allclose(outlook.point, np.tile(history[-12:], 2), atol=1e5)
    assert (np.diff(outlook.sd) >= 0).all()


def test_growth_is_followed_and_the_benchmark_loses(tmp_path: Path) -> None:
    series = Series(seasonal(60, growth=0.15, noise=0.01), 24_000)
    trials, unfit = run_trials(series, MONTHLY, MONTHS, Fits(tmp_path / "fits.parquet"))
    assert unfit == []
    assert not trials["stl_theta"].loses_to(trials["seasonal_naive"], MONTHS)
    assert best(trials, "seasonal_naive", MONTHS) != "seasonal_naive"


def test_a_flow_that_never_was_negative_is_not_expected_to_be() -> None:
    """A subsidy in one month of the year: smoothing must not carry the others under zero."""
    yearly = np.zeros(48)
    yearly[8::12] = [1e8, 3e8, 5e8, 2e8]
    assert all(fit(name, yearly, 12, 24).point.min() >= 0 for name in MONTHLY)


def test_a_model_that_cannot_be_fitted_is_named_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(UnfitError, match=r"^stl_ets: "):
        fit("stl_ets", np.array([1.0, 2.0]), 12, 24)
    short = Design(season=12, ahead=2, shortest=2, nearest=1, span=10, step=1, horizons=(1, 2))
    series = Series(np.array([1.0, 2.0, 3.0, 4.0]), 4)
    trials, unfit = run_trials(series, ["stl_ets"], short, Fits(tmp_path / "fits.parquet"))
    assert trials == {} and [reason.split(":")[0] for reason in unfit] == ["stl_ets"]


def test_a_fit_is_remembered_exactly_and_what_is_not_used_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "fits.parquet"
    first, second = seasonal(48, noise=0.1), seasonal(47, noise=0.1)
    fits = Fits(path)
    made = fits.fit("ets", first, 12, 24)
    fits.fit("ets", second, 12, 24)
    fits.save()
    again = Fits(path)
    held = again.fit("ets", first, 12, 24)
    assert again.made == 0
    assert held.point.tolist() == made.point.tolist() and held.sd.tolist() == made.sd.tolist()
    again.save()
    # Another model, another history, or one forgotten is fitted.
    later = Fits(path)
    for name, history in (("ets", second), ("stl_ets", first), ("ets", first + 1)):
        later.fit(name, history, 12, 24)
    assert later.made == 3
    afresh = Fits(path, forget=True)
    afresh.fit("ets", first, 12, 24)
    assert afresh.made == 1


def test_a_damaged_memory_costs_time_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "fits.parquet"
    path.write_bytes(b"PAR1 and no more")
    fits = Fits(path)
    fits.fit("ets", seasonal(48), 12, 24)
    fits.save()
    assert Fits(path).fit("ets", seasonal(48), 12, 24).point.shape == (24,)


def test_the_same_series_gives_the_same_forecast() -> None:
    history = seasonal(48, noise=0.1)
    for name in MONTHLY:
        first, second = fit(name, history, 12, 24), fit(name, history.copy(), 12, 24)
        assert first.point.tolist() == second.point.tolist()
        assert first.sd.tolist() == second.sd.tolist()
