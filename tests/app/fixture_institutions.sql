-- Added to the hand-made release for the institutions page: two groups of peers, whose figures are typed.
create table marts.dim_institution (institution_code varchar, name varchar, is_current boolean);
insert into marts.dim_institution values
    ('H1', '示例市第一医院', true), ('H2', '<b>示例市第二医院</b>', true), ('H3', '示例市第三医院', true),
    ('H1', '示例市医院（旧名）', false), ('P1', '示例卫生院', true);
alter table marts.dim_indicator add column stored_unit varchar default 'yuan';
alter table marts.dim_indicator add column sort_order integer default 1;
insert into marts.dim_indicator (indicator_id, name_zh, name_en, definition_zh, definition_en, unit, source, stored_unit, sort_order) values
    ('I01', '次均费用', 'Cost per visit', '总费用除以人次', 'Expense over visits', 'yuan', 'practice', 'yuan', 1),
    ('I03', '药占比', 'Share of drugs', '药品费除以总费用', 'Drugs over expense', '%', 'practice', 'fraction', 2);
create table marts.institution_indicator_monthly (institution_code varchar, indicator_id varchar, visit_bucket varchar,
    month date, period_kind varchar, value double, value_prior_year double, peer_group varchar, peer_count bigint,
    peer_median double, peer_percentile double, flag varchar, specifications_survived varchar, data_explanation varchar,
    volume bigint, is_ranked boolean, funnel_low double, funnel_high double, trend_low double, trend_high double);
insert into marts.institution_indicator_monthly values
    ('H1', 'I01', 'all', '2026-10-01', 'ytd', 900, 800, 'hospital/secondary', 3, 500, 1, 'red', 'raw,funnel', null, 400, true, 350, 650, null, null),
    ('H2', 'I01', 'all', '2026-10-01', 'ytd', 500, 450, 'hospital/secondary', 3, 500, 0.5, 'normal', null, null, 300, true, 320, 680, null, null),
    ('H3', 'I01', 'all', '2026-10-01', 'ytd', 7000, null, 'hospital/secondary', 3, 500, null, null, null, null, 3, false, null, null, null, null),
    ('P1', 'I01', 'all', '2026-10-01', 'ytd', 77, 70, 'primary/ungraded', 1, 77, 0.5, 'normal', null, null, 90, true, 60, 90, null, null),
    ('H1', 'I03', 'all', '2026-10-01', 'ytd', 0.456, 0.4, 'hospital/secondary', 3, 0.3, 0.9, 'normal', null, null, 400, true, 0.2, 0.5, null, null),
    ('H1', 'I01', 'all', '2026-09-01', 'month', 850, 790, 'hospital/secondary', 3, 480, 1, 'red', 'raw', null, 40, true, 350, 650, 700, 820),
    ('H1', 'I01', 'all', '2026-10-01', 'month', 910, 805, 'hospital/secondary', 3, 505, 1, 'red', 'raw', null, 41, true, 350, 650, 700, 830);
