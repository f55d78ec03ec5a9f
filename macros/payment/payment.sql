{#- What cases are paid from: the budget less its reserve, of total expense; where the budget is the fund's, by the area's fund
    ratio, or with what others pay beside it, which spends it exactly. `budget` is a row of seed payment_budget. -#}
{% macro distributable(method, budget, paid_by_others) -%}
    case {{ method }}
        when 'fund_ratio'
            then cast({{ budget }}.budget * (1 - {{ budget }}.reserve_share) as double) / cast({{ budget }}.area_fund_ratio as double)
        when 'exact'
            then cast({{ budget }}.budget * (1 - {{ budget }}.reserve_share) as double) + cast({{ paid_by_others }} as double)
        else cast({{ budget }}.budget * (1 - {{ budget }}.reserve_share) as double)
    end
{%- endmacro %}

{#- Rate or point value: an amount by the sum of weights or scores, rounded to the places the area states. -#}
{% macro point_value(amount, weight, places) -%}
    cast(round({{ amount }} / nullif(cast({{ weight }} as double), 0), {{ places }}) as decimal(18, 6))
{%- endmacro %}

{#- Most discharges that may go to special-case review, rounded down. -#}
{% macro review_cap(share, discharges) -%} cast(floor({{ share }} * {{ discharges }}) as bigint) {%- endmacro %}

{#- Condition: the settlement was neither taken back nor takes another one back. Under either convention of refunds, a case that
    was taken back is paid by nobody. -#}
{% macro is_paid_for(settlement) -%}
    not {{ settlement }}.is_refund_flagged
    and {{ settlement }}.reversed_setl_id is null
    and {{ settlement }}.setl_id not in (
        select taken_back.reversed_setl_id
        from {{ ref('settlement') }} as taken_back
        where taken_back.reversed_setl_id is not null
    )
{%- endmacro %}
