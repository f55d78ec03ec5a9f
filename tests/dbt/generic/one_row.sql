{#- A table that must hold exactly one row, such as settings found from the data. -#}
{% test one_row(model) %}
select count(*) as row_count
from {{ model }}
having count(*) <> 1
{% endtest %}
