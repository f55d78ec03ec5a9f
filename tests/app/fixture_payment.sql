-- Added to the hand-made release for the tests of payment and medicines; every figure typed, to be checked by eye.
create table marts.dim_institution (institution_code varchar, name varchar, org_code varchar, is_current boolean);
insert into marts.dim_institution values ('H1', '甲医院', '430121', true), ('H2', '乙医院', '430122', true);
create table marts.payment_institution_annual (institution_code varchar, scheme varchar, year integer, group_system varchar,
    cases bigint, cmi double, cost_index double, time_index double, standard_payment decimal(18, 2), actual_cost decimal(18, 2),
    gain_or_loss decimal(18, 2), due decimal(18, 2), accrued decimal(18, 2), accrued_to_due double, tier_zh varchar, tier_en varchar,
    paid decimal(18, 2), retained_surplus decimal(18, 2), shared_overspend decimal(18, 2));
insert into marts.payment_institution_annual values
    ('H1', 'employee', 2026, 'DRG', 50, 1.1905, 1.05, 0.98, 714285.71, 790000, -75714.29, 516285.71, 592000, 1.1467, '超限部分自担',
        'Shared up to the limit', 547262.85, 0, 30977.14),
    ('H2', 'resident', 2026, 'DIP', 50, 809.5, 0.95, 1.02, 485714.29, 425000, 60714.29, 383714.29, 323000, 0.8418, '据实支付',
        'Actual only', 323000, 0, 0);
create table marts.payment_case (setl_id varchar, scheme varchar, year integer, group_system varchar, group_code varchar,
    group_name varchar, case_type varchar, is_grouped boolean, standard_payment decimal(18, 2), actual_cost decimal(18, 2),
    gain_or_loss decimal(18, 2), is_review_candidate boolean);
insert into marts.payment_case values
    ('1', 'employee', 2026, 'DRG', 'G1', '组一', '正常', true, 6000, 5000, 1000, false),
    ('2', 'employee', 2026, 'DRG', 'G1', '组一', '正常', true, 6000, 6500, -500, false),
    ('3', 'employee', 2026, 'DRG', 'G2', '组二', '高倍率', true, 38571.43, 100000, -61428.57, true),
    ('4', 'employee', 2026, 'DRG', null, null, '未入组', false, null, 700, null, false);
create table marts.drug_monthly (institution_code varchar, item_code varchar, month date, item_name varchar, quantity decimal(18, 4),
    amount decimal(18, 2), fund_scope_amount decimal(18, 2), is_centrally_procured boolean, is_negotiated boolean,
    is_key_monitored boolean);
insert into marts.drug_monthly values
    ('H1', 'X1', '2026-10-01', '药一', 10, 300, 270, true, false, false),
    ('H2', 'X1', '2026-10-01', '药一', 5, 150, 135, true, false, false),
    ('H1', 'X2', '2026-10-01', '药二', 1, 400, 0, false, true, true),
    ('H1', 'X2', '2026-09-01', '药二', 2, 800, 0, false, true, true);
