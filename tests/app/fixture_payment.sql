-- Added to the hand-made release for the tests of payment and medicines; every figure typed, to be checked by eye.
create table marts.dim_institution (institution_code varchar, name varchar, org_code varchar, is_current boolean);
insert into marts.dim_institution values ('H1', '甲医院', '430121', true), ('H2', '乙医院', '430122', true);
create table marts.payment_institution_annual (institution_code varchar, scheme varchar, year integer, group_system varchar,
    cases bigint, cmi double, cost_index double, time_index double, standard_payment decimal(18, 2), actual_cost decimal(18, 2),
    gain_or_loss decimal(18, 2), due decimal(18, 2), accrued decimal(18, 2), accrued_to_due double, tier_zh varchar, tier_en varchar,
    paid decimal(18, 2), retained_surplus decimal(18, 2), shared_overspend decimal(18, 2), on_account decimal(18, 2),
    year_end_amount decimal(18, 2));
insert into marts.payment_institution_annual values
    ('H1', 'employee', 2026, 'DRG', 50, 1.1905, 1.05, 0.98, 714285.71, 790000, -75714.29, 516285.71, 592000, 1.1467, '超限部分自担',
        'Shared up to the limit', 547262.85, 0, 30977.14, 520000, 27262.85),
    ('H2', 'resident', 2026, 'DIP', 50, 809.5, 0.95, 1.02, 485714.29, 425000, 60714.29, 383714.29, 323000, 0.8418, '据实支付',
        'Actual only', 323000, 0, 0, null, null);
create table marts.payment_value_annual (scheme varchar, year integer, group_system varchar, value_method varchar, weight decimal(20, 6),
    distributable_amount decimal(18, 2), paid_by_others decimal(18, 2), point_value decimal(18, 6), budget_value decimal(18, 6),
    plain_value decimal(18, 6), ratio_value decimal(18, 6), exact_value decimal(18, 6), standard_payment decimal(18, 2),
    due decimal(18, 2), unspent_amount decimal(18, 2));
insert into marts.payment_value_annual values
    ('employee', 2026, 'DIP', 'fund_ratio', 210620, 1425000, 575000, 9.396860, 9.875605, 6.765739, 9.396860, 9.495774, 1979166.66,
        1404166.66, 20833.34);
create table marts.payment_case (setl_id varchar, institution_code varchar, scheme varchar, year integer, group_system varchar, group_code varchar,
    group_name varchar, case_type varchar, is_grouped boolean, standard_payment decimal(18, 2), actual_cost decimal(18, 2),
    gain_or_loss decimal(18, 2), is_review_candidate boolean);
insert into marts.payment_case values
    ('1', 'H1', 'employee', 2026, 'DRG', 'G1', '组一', '正常', true, 6000, 5000, 1000, false),
    ('2', 'H1', 'employee', 2026, 'DRG', 'G1', '组一', '正常', true, 6000, 6500, -500, false),
    ('3', 'H1', 'employee', 2026, 'DRG', 'G2', '组二', '高倍率', true, 38571.43, 100000, -61428.57, true),
    ('4', 'H3', 'employee', 2026, 'DRG', null, null, '未入组', false, null, 700, null, false);
create table marts.drug_monthly (institution_code varchar, item_code varchar, month date, item_name varchar, quantity decimal(18, 4),
    amount decimal(18, 2), fund_scope_amount decimal(18, 2), is_centrally_procured boolean, is_negotiated boolean,
    is_key_monitored boolean);
insert into marts.drug_monthly values
    ('H1', 'X1', '2026-10-01', '药一', 10, 300, 270, true, false, false),
    ('H2', 'X1', '2026-10-01', '药一', 5, 150, 135, true, false, false),
    ('H1', 'X2', '2026-10-01', '药二', 1, 400, 0, false, true, true),
    ('H1', 'X2', '2026-09-01', '药二', 2, 800, 0, false, true, true);
create table marts.payment_group_annual (scheme varchar, year integer, group_system varchar, group_code varchar, group_name varchar,
    mean_cost double, relative_weight decimal(16, 4));
insert into marts.payment_group_annual values ('employee', 2026, 'DRG', 'G1', '组一', 5750, 0.4762), ('employee', 2026, 'DRG', 'G2', '组二', 100000, 2.3810);
create table marts.payment_department_annual (institution_code varchar, scheme varchar, year integer, group_system varchar,
    department_code varchar, department_name varchar, cases bigint, mean_weight double, standard_payment decimal(18, 2),
    actual_cost decimal(18, 2), gain_or_loss decimal(18, 2), high_outliers bigint, low_outliers bigint, review_candidates bigint);
insert into marts.payment_department_annual values
    ('H1', 'employee', 2026, 'DRG', '04', '骨科', 30, 1.25, 600000, 690000, -90000, 2, 1, 1),
    ('H1', 'employee', 2026, 'DRG', '-', null, 20, 0.8, 114285.71, 100000, 14285.71, 0, 0, 0),
    ('H2', 'resident', 2026, 'DIP', '03', '内科', 50, 809.5, 485714.29, 425000, 60714.29, 0, 3, 0);
create table marts.payment_cash_annual (institution_code varchar, fund_code varchar, year integer, monthly_amount decimal(18, 2),
    retained_amount decimal(18, 2), review_amount decimal(18, 2), offset_amount decimal(18, 2), released_amount decimal(18, 2),
    year_end_amount decimal(18, 2), advance_amount decimal(18, 2), final_amount decimal(18, 2));
insert into marts.payment_cash_annual values
    ('H1', '310_pool', 2026, 47880000, 2520000, 318000, 4266666.67, 2394000, 1260000, 4266666.67, 46949333.33),
    ('H2', '390', 2026, 1000, 50, 0, 0, 0, 0, 0, 1000);
create table marts.payment_advance_annual (institution_code varchar, scheme varchar, year integer, base_years integer,
    mean_month_amount decimal(18, 2), payable_months double, fund_balance_before decimal(18, 2), is_eligible boolean,
    advance_amount decimal(18, 2), offset_amount decimal(18, 2), last_offset_amount decimal(18, 2));
insert into marts.payment_advance_annual values
    ('H1', 'employee', 2026, 3, 4266666.67, 12.5, 5000000, true, 4266666.67, 355555.56, 355555.51),
    ('H2', 'resident', 2026, 3, 90.00, 4, -70, false, 90, 7.5, 7.5);
create table marts.drug_concentration_monthly (scope_kind varchar, scope_code varchar, month date, period_kind varchar, drugs bigint,
    amount decimal(18, 2), top_drug varchar, top_1_share double, top_5_share double, top_10_share double, herfindahl_index double, gini double);
insert into marts.drug_concentration_monthly values
    ('org', '430100', '2026-10-01', 'month', 40, 850, '药一', 0.3, 0.55, 0.8, 0.1234, 0.6543),
    ('org', '430100', '2026-09-01', 'month', 40, 800, '药二', 0.3, 0.5, 0.7, 0.11, 0.6),
    ('org', '430122', '2026-10-01', 'month', 1, 150, '药三', 1, 1, 1, 1, null),
    ('org', '430100', '2026-10-01', 'ytd', 99, 9999, '药九', 0.9, 0.9, 0.9, 0.9, 0.9);
create table marts.drug_price_annual (org_code varchar, item_code varchar, year integer, item_name varchar, institutions bigint,
    quantity decimal(18, 4), amount decimal(18, 2), is_centrally_procured boolean, price_p10 double, median_price double,
    price_p90 double, p90_to_p10 double, above_median_amount decimal(18, 2));
insert into marts.drug_price_annual values
    ('430100', 'X1', 2026, '药一', 5, 50, 660, true, 10.4, 12, 17.2, 1.6538, 90),
    ('430100', 'X9', 2025, '药九', 5, 50, 660, true, 1, 2, 3, 3, 99999);
create table marts.drug_change_point (org_code varchar, item_name varchar, months integer, change_month date,
    monthly_amount_before decimal(18, 2), monthly_amount_after decimal(18, 2), change_amount decimal(18, 2), change_share double,
    p_value double, is_significant boolean);
insert into marts.drug_change_point values
    ('430100', '药二', 20, '2025-11-01', 100, 300, 200, 2, 0.0016, true),
    ('430100', '药四', 20, '2025-02-01', 50, 55.26, 5.26, 0.1052, 1, false);
