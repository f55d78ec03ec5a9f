"""Charts. Each function takes exact rows and returns a Plotly figure; floats are for drawing, texts are exact."""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import plotly.graph_objects as go

from dashboards.lib import formats
from dashboards.lib.data import Table
from dashboards.lib.state import Screen

# Seven hues that stay apart for the colour-blind (after Okabe and Ito), one set per background.
_HUES = {
    "light": ("#0072B2", "#C44E00", "#00805F", "#B87800", "#3B8EC4", "#A64D79", "#6B7280"),
    "dark": ("#56B4E9", "#FF9147", "#2BC59A", "#F0C24B", "#9BD3F5", "#E39AC1", "#A3ADBB"),
}
_INK = {"light": "#1F2937", "dark": "#E5E7EB"}
_GROUND = {"light": "#FFFFFF", "dark": "#111827"}
_GRID = {"light": "#E5E7EB", "dark": "#374151"}
# The year before, beside the figure itself.
_PALE = {"light": "#B6BDC8", "dark": "#5B6675"}
# The value of the last month is written above as many months as it is wide.
_LABEL_MONTHS = 12
# More bars than these cannot be told apart.
_RESULT_BARS = 40
_FONT = '"Noto Sans SC","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif'
_SCALE = {
    "light": [[0, "#EEF5FA"], [1, "#5BA3D0"]],
    "dark": [[0, "#16324A"], [1, "#2F7FB5"]],
}
_WARN_SCALE = {
    "light": [[0, "#EEF5FA"], [1, "#F3B58A"]],
    "dark": [[0, "#16324A"], [1, "#A8521B"]],
}


def palette(screen: Screen) -> tuple[str, ...]:
    """The seven hues for the reader's background; the first is the subject, the second its opposite."""
    return _HUES[screen.theme]


def template(screen: Screen) -> go.layout.Template:
    """The one Plotly template of the project, for a light or a dark background, larger on a large screen."""
    return _template(screen.theme, large=screen.large)


@cache
def _template(theme: str, *, large: bool) -> go.layout.Template:
    ink, grid = _INK[theme], _GRID[theme]
    axis = {
        "gridcolor": grid,
        "zerolinecolor": ink,
        "linecolor": grid,
        "automargin": True,
        "ticklabelstandoff": 6,
    }
    return go.layout.Template(
        layout={
            "font": {"family": _FONT, "color": ink, "size": 18 if large else 13},
            "colorway": list(_HUES[theme]),
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {"font": {"family": _FONT}},
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
            "margin": {"l": 8, "r": 8, "t": 30, "b": 8},
            "separators": ".,",
        }
    )


def _figure(screen: Screen, height: int) -> go.Figure:
    # Given at once, or Plotly would first copy its own template, only to drop it.
    return go.Figure(
        layout={"template": template(screen), "height": int(height * 1.15) if screen.large else height}
    )


def wrapped(name: str, width: int = 12) -> str:
    """A long name over several lines; Chinese breaks anywhere, other text at spaces."""
    is_chinese = any(ord(character) > 0x2E80 for character in name)
    broken = textwrap.wrap(name, width if is_chinese else width * 2, break_long_words=is_chinese)
    return "<br>".join(broken)


def _money_axis(screen: Screen, unit: formats.Unit) -> dict[str, Any]:
    return {"title": {"text": screen.t(unit.key), "standoff": 12}, "tickformat": ",.4~f"}


def _time_axis(screen: Screen) -> dict[str, Any]:
    return {
        "tickformat": "%Y年<br>%-m月" if screen.lang == "zh" else "%Y-%m",
        "hoverformat": "%Y-%m",
        "nticks": 6,
        "tickangle": 0,
    }


def _mark_policy(
    figure: go.Figure,
    screen: Screen,
    first: date,
    last: date,
    scheme: str,
    *,
    years: bool = False,
    low: bool = False,
) -> None:
    """Dotted lines at the days from which figures mean something else; on an axis of years at the year."""
    for event in screen.rows("policy_events").where(scheme=scheme):
        on = event["effective_date"]
        if not first < on <= last:
            continue
        at = on.year if years else on.isoformat()
        figure.add_shape(
            type="line",
            x0=at,
            x1=at,
            y0=0,
            y1=1,
            yref="paper",
            line={"dash": "dot", "width": 1, "color": _INK[screen.theme]},
        )
        figure.add_annotation(
            x=at,
            y=0.02 if low else 1,
            yref="paper",
            yanchor="bottom" if low else "top",
            xanchor="right",
            text=wrapped(screen.name(event, "short"), 9),
            showarrow=False,
            align="right",
            font={"size": 14 if screen.large else 11},
        )


def _headroom(screen: Screen, values: Iterable[float | None], unit: formats.Unit) -> dict[str, Any]:
    """A money axis from zero (or the lowest debt) with room above for labels and marks."""
    known = [value for value in values if value is not None]
    top, bottom = max([0.0, *known]), min([0.0, *known])
    return _money_axis(screen, unit) | {"range": [bottom * 1.1, top * 1.2 or 1.0]}


def balance_line(screen: Screen, table: Table, forecast: Table) -> go.Figure:
    """The cumulative balance month by month with policy marks, and a fan where the release holds a forecast."""
    figure = _figure(screen, 310)
    hues = palette(screen)
    unit = formats.unit_for([*table.column("closing_balance"), *forecast.column("upper_95")])
    months = table.column("month")
    figure.add_trace(
        go.Scatter(
            x=months,
            y=[formats.scaled(value, unit) for value in table.column("closing_balance")],
            customdata=[formats.money(value, screen.lang, unit) for value in table.column("closing_balance")],
            hovertemplate="%{x}<br>%{customdata}<extra></extra>",
            mode="lines",
            line={"color": hues[0], "width": 3},
            name=screen.t("col.closing"),
        )
    )
    last = table.last
    if last is not None:
        figure.add_trace(
            go.Scatter(
                x=[last["month"]],
                y=[formats.scaled(last["closing_balance"], unit)],
                mode="markers",
                marker={
                    "size": 9,
                    "color": hues[0],
                    "symbol": "circle" if last["is_complete"] else "circle-open",
                },
                hoverinfo="skip",
                showlegend=False,
            )
        )
        # Above everything the label would cover, on the page's own ground.
        recent = [value for value in table.column("closing_balance")[-_LABEL_MONTHS:] if value is not None]
        figure.add_annotation(
            x=last["month"],
            y=formats.scaled(max(recent, default=None), unit),
            yshift=8,
            xanchor="right",
            yanchor="bottom",
            text=formats.money(last["closing_balance"], screen.lang, unit),
            showarrow=False,
            bgcolor=_GROUND[screen.theme],
        )
    _add_fan(figure, screen, forecast, unit, None if last is None else last["closing_balance"])
    if months:
        scheme = screen.fund_row["scheme"] if screen.fund_row else "total"
        end = forecast.column("month")[-1] if len(forecast) else months[-1]
        _mark_policy(figure, screen, months[0], end, scheme, low=True)
    amounts = [*table.column("closing_balance"), *forecast.column("upper_95"), *forecast.column("lower_95")]
    figure.update_layout(
        xaxis=_time_axis(screen),
        yaxis=_headroom(screen, [formats.scaled(amount, unit) for amount in amounts], unit),
        showlegend=bool(len(forecast)),
    )
    return figure


def _add_fan(
    figure: go.Figure, screen: Screen, forecast: Table, unit: formats.Unit, start: Decimal | None
) -> None:
    """The 95 % band, the 80 % band upon it, and the dashed middle, all from the last amount booked (`start`).

    Nothing where there is no forecast.
    """
    first = forecast.first
    if first is None:
        return
    hues = palette(screen)
    known = [] if start is None else [start]
    months = [first["origin_month"]] * len(known) + forecast.column("month")
    for low, high, name, opacity in (
        ("lower_95", "upper_95", "figure.band_95", 0.15),
        ("lower_80", "upper_80", "figure.band_80", 0.3),
    ):
        edge = [*known, *forecast.column(high), *reversed([*known, *forecast.column(low)])]
        figure.add_trace(
            go.Scatter(
                x=[*months, *reversed(months)],
                y=[formats.scaled(value, unit) for value in edge],
                fill="toself",
                fillcolor=hues[4],
                opacity=opacity,
                line={"width": 0},
                name=screen.t(name),
                hoverinfo="skip",
            )
        )
    middle = [*known, *forecast.column("point")]
    figure.add_trace(
        go.Scatter(
            x=months,
            y=[formats.scaled(value, unit) for value in middle],
            customdata=[formats.money(value, screen.lang, unit) for value in middle],
            hovertemplate="%{x}<br>%{customdata}<extra>%{fullData.name}</extra>",
            mode="lines",
            line={"color": hues[0], "dash": "dash", "width": 2.5},
            name=screen.t("col.forecast"),
        )
    )


def monthly_flows(screen: Screen, table: Table) -> go.Figure:
    """Income and expenditure as bars by month; months that are not complete are hatched."""
    figure = _figure(screen, 340)
    unit = formats.unit_for([*table.column("income"), *table.column("expenditure")])
    hatch = ["" if complete else "/" for complete in table.column("is_complete")]
    for at, name in enumerate(("income", "expenditure")):
        values = table.column(name)
        figure.add_trace(
            go.Bar(
                x=table.column("month"),
                y=[formats.scaled(value, unit) for value in values],
                customdata=[formats.money(value, screen.lang, unit) for value in values],
                hovertemplate="%{x}<br>%{customdata}<extra>%{fullData.name}</extra>",
                marker={"color": palette(screen)[at], "pattern": {"shape": hatch}},
                name=screen.t(f"col.{name}"),
            )
        )
    if len(table):
        scheme = screen.fund_row["scheme"] if screen.fund_row else "total"
        _mark_policy(figure, screen, table.column("month")[0], table.column("month")[-1], scheme)
    amounts = [*table.column("income"), *table.column("expenditure")]
    figure.update_layout(
        barmode="group",
        xaxis=_time_axis(screen),
        yaxis=_headroom(screen, [formats.scaled(amount, unit) for amount in amounts], unit),
    )
    return figure


def waterfall(screen: Screen, steps: Sequence[tuple[str, Decimal, str]]) -> go.Figure:
    """Opening to closing. Each step is (label, amount, measure), with measure `absolute`, `relative` or `total`."""
    figure = _figure(screen, 420)
    hues = palette(screen)
    unit = formats.unit_for([amount for _, amount, _ in steps])
    figure.add_trace(
        go.Waterfall(
            x=[wrapped(label, 6 if len(steps) < 9 else 4) for label, _, _ in steps],
            y=[formats.scaled(amount, unit) for _, amount, _ in steps],
            measure=[measure for _, _, measure in steps],
            text=[formats.number(amount, unit, sign=measure == "relative") for _, amount, measure in steps],
            textposition="outside",
            hovertemplate="%{x}<br>%{text}<extra></extra>",
            increasing={"marker": {"color": hues[0]}},
            decreasing={"marker": {"color": hues[1]}},
            totals={"marker": {"color": hues[6]}},
            connector={"line": {"color": _GRID[screen.theme]}},
            cliponaxis=False,
        )
    )
    figure.update_layout(yaxis=_money_axis(screen, unit), showlegend=False)
    return figure


def item_bars(screen: Screen, table: Table, direction: str) -> go.Figure:
    """Items of one direction against the same span a year before, largest at the top; 其中 items are indented."""
    rows = list(table.where(direction=direction))
    rows.reverse()
    # Both directions are as tall as the longer one, since they stand side by side.
    longest = max(len(table.where(direction=one)) for one in ("income", "expenditure"))
    figure = _figure(screen, 110 + 46 * max(longest, 1))
    hues = palette(screen)
    unit = formats.unit_for([row["amount"] for row in rows])
    names = [
        wrapped(
            screen.t("figure.of_which", name=screen.name(row)) if row["is_memo"] else screen.name(row), 14
        )
        for row in rows
    ]
    bars = [("amount_prior_year", _PALE[screen.theme]), ("amount", hues[0 if direction == "income" else 1])]
    if len(screen.rows("scope_breaks")):  # items of another scope are not set beside each other
        bars = bars[1:]
    for name, colour in bars:
        figure.add_trace(
            go.Bar(
                orientation="h",
                x=[formats.scaled(row[name], unit) for row in rows],
                y=names,
                text=[formats.number(row[name], unit) for row in rows],
                textposition="outside",
                cliponaxis=False,
                marker={"color": colour},
                hovertemplate="%{y}<br>%{text}<extra>%{fullData.name}</extra>",
                name=screen.t(f"figure.{name}"),
            )
        )
    drawn = [formats.scaled(row[name], unit) for row in rows for name, _ in bars]
    figure.update_layout(
        barmode="group",
        xaxis=_headroom(screen, drawn, unit),
        legend={"traceorder": "reversed"},
        bargap=0.25,
    )
    return figure


def payable_heat(screen: Screen, table: Table) -> go.Figure:
    """Payable months by org and fund. A cell that cannot be computed is `—`, not zero."""
    rows = list(table)
    orgs = list(dict.fromkeys(screen.name(row, "org") for row in rows))
    funds = list(dict.fromkeys(screen.name(row, "fund") for row in rows))
    cell = {(screen.name(row, "org"), screen.name(row, "fund")): row["payable_months"] for row in rows}
    values = [[cell.get((org, fund)) for fund in funds] for org in orgs]
    figure = _figure(screen, 90 + 40 * max(len(orgs), 1))
    figure.add_trace(
        go.Heatmap(
            x=[wrapped(fund, 10) for fund in funds],
            y=[wrapped(org, 10) for org in orgs],
            z=values,
            text=[[formats.shown(value, "months", screen.lang) for value in line] for line in values],
            texttemplate="%{text}",
            textfont={"color": _INK[screen.theme]},
            hovertemplate="%{y}<br>%{x}<br>%{text}<extra></extra>",
            hoverongaps=False,
            colorscale=_SCALE[screen.theme],
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    _name_gaps(figure, screen, values)
    figure.update_layout(
        yaxis={"autorange": "reversed", "showgrid": False}, xaxis={"side": "top", "showgrid": False}
    )
    return figure


def _name_gaps(figure: go.Figure, screen: Screen, values: Sequence[Sequence[float | None]]) -> None:
    """Plotly leaves an empty cell blank; a reader must see that it is missing."""
    for y, line in enumerate(values):
        for x, value in enumerate(line):
            if value is None:
                figure.add_annotation(x=x, y=y, text=formats.MISSING, showarrow=False)


def budget_lines(screen: Screen, table: Table) -> go.Figure:
    """How much of one budget line is executed, month by month, against the share that past years had reached."""
    figure = _figure(screen, 320)
    hues = palette(screen)
    for name, colour, dash, symbol in (
        ("execution_rate", hues[1], "solid", "circle"),
        ("seasonal_share", hues[0], "dash", "diamond"),
        ("elapsed_share", hues[6], "dot", "square"),
    ):
        values = table.column(name)
        figure.add_trace(
            go.Scatter(
                x=table.column("month"),
                y=values,
                customdata=[formats.ratio(value) for value in values],
                hovertemplate="%{x}<br>%{customdata}<extra>%{fullData.name}</extra>",
                mode="lines+markers",
                line={"color": colour, "dash": dash},
                marker={"symbol": symbol, "size": 8},
                name=screen.t(f"figure.{name}"),
            )
        )
    figure.add_hline(y=1, line={"width": 1, "color": _INK[screen.theme]})
    figure.update_layout(
        yaxis={"tickformat": ".0%", "rangemode": "tozero"},
        xaxis=_time_axis(screen),
    )
    return figure


def published_lines(screen: Screen, table: Table, scheme: str) -> go.Figure:
    """Real national income and expenditure by year, one vintage only; a year not published is a gap in the line."""
    figure = _figure(screen, 320)
    unit = formats.unit_for(table.column("value"))
    years = sorted(set(table.column("year")))
    span = list(range(years[0], years[-1] + 1)) if years else []
    drawn: list[float | None] = []
    for at, (item, symbol) in enumerate((("income", "circle"), ("expenditure", "diamond"))):
        value_of = {row["year"]: row["value"] for row in table.where(item=item)}
        heights = [formats.scaled(value_of.get(year), unit) for year in span]
        drawn += heights
        figure.add_trace(
            go.Scatter(
                x=span,
                y=heights,
                customdata=[formats.money(value_of.get(year), screen.lang, unit) for year in span],
                hovertemplate="%{x}<br>%{customdata}<extra>%{fullData.name}</extra>",
                mode="lines+markers",
                line={"color": palette(screen)[at], "width": 2.5},
                marker={"symbol": symbol, "size": 8},
                name=screen.t(f"col.{item}"),
            )
        )
    if years:
        ends = date(years[0], 1, 1), date(years[-1], 12, 31)
        _mark_policy(figure, screen, *ends, scheme.split("_")[0], years=True)
    figure.update_layout(
        xaxis={"tickformat": "d", "dtick": 1 if len(span) <= 12 else 3}, yaxis=_headroom(screen, drawn, unit)
    )
    return figure


def checks_heat(screen: Screen, table: Table, dimension_name: Any) -> go.Figure:
    """Failed of all checks for each table and dimension; an empty cell has no check."""
    rows = list(table)
    tables = list(dict.fromkeys(row["table_name"] for row in rows))
    dimensions = list(dict.fromkeys(row["dimension"] for row in rows))
    cell = {(row["table_name"], row["dimension"]): row for row in rows}
    grid = [[cell.get((name, dimension)) for dimension in dimensions] for name in tables]
    figure = _figure(screen, 110 + 21 * max(len(tables), 1))
    figure.update_layout(font={"size": 14 if screen.large else 11})
    figure.add_trace(
        go.Heatmap(
            x=[wrapped(dimension_name(dimension), 8) for dimension in dimensions],
            y=tables,
            z=[[None if row is None else min(row["failed"], 1) for row in line] for line in grid],
            text=[
                [
                    "" if row is None else f"{'■ ' if row['failed'] else ''}{row['failed']}/{row['checks']}"
                    for row in line
                ]
                for line in grid
            ],
            texttemplate="%{text}",
            textfont={"color": _INK[screen.theme]},
            hovertemplate="%{y}<br>%{x}<br>%{text}<extra></extra>",
            hoverongaps=False,
            colorscale=_WARN_SCALE[screen.theme],
            zmin=0,
            zmax=1,
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    figure.update_layout(
        yaxis={"autorange": "reversed", "showgrid": False}, xaxis={"side": "top", "showgrid": False}
    )
    return figure


def forecast_fan(
    screen: Screen, measure: str, history: Table, baseline: Table, scenario: Table, scenario_name: str
) -> go.Figure:
    """What was booked, the baseline's fan, and the middle of one scenario where it is another one."""
    figure = _figure(screen, 380)
    hues = palette(screen)
    amounts = [*history.column("value"), *baseline.column("upper_95"), *baseline.column("lower_95")]
    amounts += scenario.column("point")
    unit = formats.unit_for(amounts)
    figure.add_trace(
        go.Scatter(
            x=history.column("month"),
            y=[formats.scaled(value, unit) for value in history.column("value")],
            customdata=[formats.money(value, screen.lang, unit) for value in history.column("value")],
            hovertemplate="%{x}<br>%{customdata}<extra>%{fullData.name}</extra>",
            mode="lines",
            line={"color": hues[0], "width": 3},
            name=screen.t("figure.booked"),
        )
    )
    # A flow has no value between two months; only a balance goes on from the last one booked.
    last = history.last if measure == "balance" else None
    _add_fan(figure, screen, baseline, unit, None if last is None else last["value"])
    if len(scenario):
        figure.add_trace(
            go.Scatter(
                x=scenario.column("month"),
                y=[formats.scaled(value, unit) for value in scenario.column("point")],
                customdata=[formats.money(value, screen.lang, unit) for value in scenario.column("point")],
                hovertemplate="%{x}<br>%{customdata}<extra>%{fullData.name}</extra>",
                mode="lines+markers",
                line={"color": hues[1], "width": 2.5},
                marker={"symbol": "diamond", "size": 6},
                name=wrapped(scenario_name, 16),
            )
        )
    months = [*history.column("month"), *baseline.column("month")]
    if months:
        scheme = screen.fund_row["scheme"] if screen.fund_row else "total"
        _mark_policy(figure, screen, months[0], months[-1], scheme, low=True)
    figure.update_layout(
        xaxis=_time_axis(screen),
        yaxis=_headroom(screen, [formats.scaled(amount, unit) for amount in amounts], unit),
    )
    return figure


def sensitivity_bars(screen: Screen, table: Table) -> go.Figure:
    """What each lever does to the balance at the end: a tornado, the strongest lever at the top."""
    return _both_ways(screen, [(screen.name(row), row["closing_change"]) for row in table])


def driver_bars(
    screen: Screen, table: Table, name_of: Callable[[dict[str, Any]], str], *, letters: int = 8
) -> go.Figure:
    """What each factor adds to or takes off spending, in the order of the factors; names in lines of `letters`."""
    return _both_ways(screen, [(name_of(row), row["amount"]) for row in table], letters)


def _both_ways(screen: Screen, bars: Sequence[tuple[str, Decimal]], letters: int = 8) -> go.Figure:
    """Bars to the left and to the right of nil, the first at the top."""
    rows = list(reversed(bars))
    names = [wrapped(name, letters) for name, _ in rows]  # short lines leave the bars their room on a phone
    # A bar is as high as the lines of its name, or names of three lines would run into each other.
    lines = max((name.count("<br>") + 1 for name in names), default=1)
    figure = _figure(screen, 120 + max(38, 20 * lines) * max(len(rows), 1))
    hues = palette(screen)
    unit = formats.unit_for([amount for _, amount in rows])
    heights = [formats.scaled(amount, unit) for _, amount in rows]
    figure.add_trace(
        go.Bar(
            orientation="h",
            x=heights,
            y=names,
            text=[formats.number(amount, unit, sign=True) for _, amount in rows],
            textposition="outside",
            cliponaxis=False,
            marker={"color": [hues[1] if (height or 0) < 0 else hues[0] for height in heights]},
            hovertemplate="%{y}<br>%{text}<extra></extra>",
        )
    )
    widest = max((abs(height) for height in heights if height is not None), default=0) or 1.0
    lowest, highest = (
        min((height or 0 for height in heights), default=0),
        max((height or 0 for height in heights), default=0),
    )
    # Words stand beyond the bars, on either side that has any; on both, a phone leaves each less.
    room = max(0.9 * widest, 0.8 * (highest - lowest) if lowest < 0 < highest else 0)
    axis = _money_axis(screen, unit) | {
        "range": [
            lowest - room if lowest < 0 else -0.05 * widest,
            highest + room if highest > 0 else 0.05 * widest,
        ],
        "nticks": 4,
    }
    figure.update_layout(xaxis=axis, showlegend=False, bargap=0.3)
    return figure


def reconciliation_heat(screen: Screen, table: Table) -> go.Figure:
    """Differences by leg and cause in one unit; what is unexplained and not nil stands out."""
    rows = list(table)
    unit = formats.unit_for(table.column("amount"))
    legs = list(dict.fromkeys(row["leg"] for row in rows))
    # Causes in the order of their list, what is unexplained last, whichever leg names them first.
    causes = list(dict.fromkeys(row["cause"] for row in rows if row["cause"] != "unexplained"))
    causes += [cause for cause in dict.fromkeys(table.column("cause")) if cause == "unexplained"]
    names = {row["cause"]: screen.name(row, "cause") for row in rows}
    cell = {(row["leg"], row["cause"]): row for row in rows}
    grid = [[cell.get((leg, cause)) for cause in causes] for leg in legs]

    def text(row: dict[str, Any] | None) -> str:
        if row is None:
            return ""
        mark = "■ " if row["cause"] == "unexplained" and row["amount"] else ""
        return mark + formats.number(row["amount"], unit, sign=True)

    figure = _figure(screen, 150 + 46 * max(len(legs), 1))
    figure.add_trace(
        go.Heatmap(
            x=[wrapped(names[cause], 6) for cause in causes],
            y=[wrapped(screen.t(f"leg.{leg}"), 10) for leg in legs],
            z=[
                [
                    None if row is None else int(row["cause"] == "unexplained" and bool(row["amount"]))
                    for row in line
                ]
                for line in grid
            ],
            text=[[text(row) for row in line] for line in grid],
            texttemplate="%{text}",
            textfont={"color": _INK[screen.theme]},
            hovertemplate="%{y}<br>%{x}<br>%{text}<extra></extra>",
            hoverongaps=False,
            colorscale=_WARN_SCALE[screen.theme],
            zmin=0,
            zmax=1,
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    figure.update_layout(
        yaxis={"autorange": "reversed", "showgrid": False},
        xaxis={"side": "top", "showgrid": False},
        title={"text": screen.t(unit.key), "x": 0, "xanchor": "left", "font": {"size": 12}},
    )
    return figure


def money_flow(screen: Screen, links: Sequence[tuple[str, str, Decimal, str]]) -> go.Figure:
    """Money from source to use to place; each link is (source, target, amount, tone), nodes carry their sums.

    Only what comes in and what goes out stand on the left and on the right: a node is as tall as its money.
    """
    hues, ground = palette(screen), _GRID[screen.theme]
    colours = {
        "income": hues[0],
        "care": hues[2],
        "expenditure": hues[3],
        "difference": hues[5],
        "balance": hues[6],
    }
    names = list(dict.fromkeys(name for source, target, _, _ in links for name in (source, target)))
    through: dict[str, list[Decimal]] = {name: [Decimal(0), Decimal(0)] for name in names}
    tone_of: dict[str, str] = {}
    for source, target, amount, tone in links:
        through[source][0] += amount
        through[target][1] += amount
        tone_of.setdefault(source, tone)
        tone_of[target] = tone
    sums = {name: max(sides) for name, sides in through.items()}
    unit = formats.unit_for(sums.values())
    leaves = max(
        sum(1 for out, into in through.values() if not out),
        sum(1 for out, into in through.values() if not into),
    )
    figure = _figure(screen, 200 + 34 * max(leaves, 6))
    figure.add_trace(
        go.Sankey(
            valueformat=",.2f",
            valuesuffix=f" {screen.t(unit.key)}",
            textfont={
                "color": _INK[screen.theme],
                "size": 16 if screen.large else 12,
                "shadow": ", ".join([f"0 0 3px {_GROUND[screen.theme]}"] * 3),  # thin links run behind names
            },
            node={
                "label": [f"{name} {formats.number(sums[name], unit)}" for name in names],
                "hovertemplate": "%{label}<extra></extra>",
                "color": [
                    ground if all(through[name]) and tone_of[name] != "care" else colours[tone_of[name]]
                    for name in names
                ],
                "pad": 22,
                "thickness": 14,
                "line": {"width": 0},
            },
            link={
                "source": [names.index(source) for source, _, _, _ in links],
                "target": [names.index(target) for _, target, _, _ in links],
                "value": [formats.scaled(amount, unit) for _, _, amount, _ in links],
                "customdata": [formats.money(amount, screen.lang, unit) for _, _, amount, _ in links],
                "hovertemplate": "%{source.label} → %{target.label}<br>%{customdata}<extra></extra>",
                "color": [_faint(colours[tone]) for _, _, _, tone in links],
            },
        )
    )
    figure.update_layout(
        title={"text": screen.t(unit.key), "x": 1, "xanchor": "right", "font": {"size": 12}},
        margin={"b": 24},
    )
    return figure


def lineage(
    screen: Screen, lanes: Sequence[tuple[str, Sequence[str]]], edges: Sequence[tuple[str, str]]
) -> go.Figure:
    """What a table is made from, lane by lane from left to right; `edges` join names of the lanes."""
    rows = max(len(names) for _, names in lanes)
    figure = _figure(screen, 90 + 24 * max(rows, 4))
    # A lane is as wide as its longest name.
    widths = [4 + max((len(name) for name in names), default=0) for _, names in lanes]
    starts = [sum(widths[:at]) for at in range(len(lanes))]
    place = {
        name: (float(start), (row + 0.5) / len(names) * rows)
        for start, (_, names) in zip(starts, lanes, strict=True)
        for row, name in enumerate(names)
    }
    x: list[float | None] = []
    y: list[float | None] = []
    for source, target in edges:
        (x0, y0), (x1, y1) = place[source], place[target]
        # Within a lane the line goes round the names, the wider the farther.
        bend = x0 - 0.5 - 0.16 * abs(y1 - y0) if x0 == x1 else (x0 + x1) / 2
        x += [x0, bend, x1, None]
        y += [y0, (y0 + y1) / 2, y1, None]
    figure.add_trace(
        go.Scatter(
            x=x,
            y=y,
            mode="lines",
            line={"color": _PALE[screen.theme], "width": 1, "shape": "spline"},
            hoverinfo="skip",
        )
    )
    for at, (title, names) in enumerate(lanes):
        figure.add_trace(
            go.Scatter(
                x=[place[name][0] for name in names],
                y=[place[name][1] for name in names],
                mode="markers",
                marker={"color": palette(screen)[at % 7], "size": 8, "symbol": "square"},
                customdata=list(names),
                hovertemplate="%{customdata}<extra></extra>",
            )
        )
        figure.add_annotation(
            x=starts[at],
            y=0,
            yshift=16,
            text=f"<b>{title}</b>",
            xanchor="left",
            xshift=-4,
            showarrow=False,
        )
        for name in names:
            figure.add_annotation(
                x=place[name][0],
                y=place[name][1],
                text=name,
                xanchor="left",
                xshift=6,
                showarrow=False,
                bgcolor=_GROUND[screen.theme],
                borderpad=0,
                font={"size": 14 if screen.large else 11},
            )
    hidden = {"visible": False, "fixedrange": True}
    figure.update_layout(
        showlegend=False,
        xaxis=hidden | {"range": [-2, sum(widths)]},
        yaxis=hidden | {"range": [rows, -1.2]},
    )
    return figure


def _faint(colour: str) -> str:
    """A colour that lets the ground shine through."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.35)"


def effect_bars(screen: Screen, table: Table) -> go.Figure:
    """What each lever of a scenario adds to income or expenditure, month by month."""
    figure = _figure(screen, 320)
    hues = palette(screen)
    unit = formats.unit_for(table.column("effect"))
    series = dict.fromkeys(
        (screen.name(row, "lever"), screen.name(row, "item"), row["direction"]) for row in table
    )
    for at, (lever, item, direction) in enumerate(series):
        rows = [
            row
            for row in table
            if (screen.name(row, "lever"), screen.name(row, "item"), row["direction"])
            == (lever, item, direction)
        ]
        figure.add_trace(
            go.Bar(
                x=[row["month"] for row in rows],
                y=[formats.scaled(row["effect"], unit) for row in rows],
                customdata=[formats.money(row["effect"], screen.lang, unit, sign=True) for row in rows],
                hovertemplate="%{x}<br>%{customdata}<extra>%{fullData.name}</extra>",
                marker={
                    "color": hues[at % len(hues)],
                    "pattern": {"shape": "/" if direction == "income" else ""},
                },
                name=wrapped(
                    screen.t(
                        "figure.effect", lever=lever, direction=screen.t(f"direction.{direction}"), item=item
                    ),
                    18,
                ),
            )
        )
    figure.update_layout(barmode="relative", xaxis=_time_axis(screen), yaxis=_money_axis(screen, unit))
    return figure


def reserve_lines(
    screen: Screen, history: Table, paths: Sequence[tuple[str, Table]], floors: Table
) -> go.Figure:
    """Months covered: as booked, in the baseline and one scenario, against the limits."""
    figure = _figure(screen, 340)
    hues = palette(screen)
    lines: list[tuple[str, list[date], list[float | None], str, str]] = [
        (
            screen.t("figure.booked"),
            history.column("month"),
            history.column("payable_months"),
            hues[0],
            "solid",
        )
    ]
    for at, (name, path) in enumerate(paths):
        lines.append(
            (
                wrapped(name, 16),
                path.column("month"),
                path.column("payable_months"),
                hues[at],
                ("dash", "dot")[at],
            )
        )
    for name, months, values, colour, dash in lines:
        figure.add_trace(
            go.Scatter(
                x=months,
                y=values,
                customdata=[formats.months(value, screen.lang) for value in values],
                hovertemplate="%{x}<br>%{customdata}<extra>%{fullData.name}</extra>",
                mode="lines",
                line={"color": colour, "dash": dash, "width": 2.5},
                name=name,
            )
        )
    limits = dict.fromkeys((row["band"], row["threshold"]) for row in floors)
    # Limits may lie close together, so their names stand side by side.
    for at, (band, threshold) in enumerate(limits):
        figure.add_hline(
            y=threshold,
            line={"width": 1, "dash": "dot", "color": _INK[screen.theme]},
            annotation={
                "text": screen.t(
                    "figure.floor",
                    band=screen.t(f"floor.{band}"),
                    months=formats.months(threshold, screen.lang),
                ),
                "font": {"size": 14 if screen.large else 11},
            },
            annotation_position=("top left", "top", "top right")[at % 3],
        )
    figure.update_layout(
        xaxis=_time_axis(screen),
        yaxis={"rangemode": "tozero", "title": {"text": screen.t("unit.months"), "standoff": 12}},
    )
    return figure


def score_bars(screen: Screen, table: Table) -> go.Figure:
    """Error of each model up to the longest horizon tried, per measure; the benchmark is grey."""
    figure = _figure(screen, 320)
    hues = palette(screen)
    longest = {
        measure: max(table.where(measure=measure).column("horizon")) for measure in table.column("measure")
    }
    rows = [row for row in table if row["horizon"] == longest[row["measure"]] and row["mase"] is not None]
    models = list(dict.fromkeys(row["label"] for row in rows))
    for at, model in enumerate(models):
        mine = [row for row in rows if row["label"] == model]
        figure.add_trace(
            go.Bar(
                x=[screen.t(f"measure.{row['measure']}") for row in mine],
                y=[row["mase"] for row in mine],
                text=[
                    ("★ " if row["is_shown"] else "") + formats.shown(row["mase"], "number", screen.lang)
                    for row in mine
                ],
                textposition="outside",
                cliponaxis=False,
                marker={"color": _PALE[screen.theme] if at == 0 else hues[(at - 1) % len(hues)]},
                hovertemplate="%{x}<br>%{text}<extra>%{fullData.name}</extra>",
                name=wrapped(model, 16),
            )
        )
    figure.update_layout(
        barmode="group",
        yaxis={"rangemode": "tozero", "title": {"text": screen.t("col.mase"), "standoff": 12}},
    )
    return figure


def national_backtest(screen: Screen, table: Table) -> go.Figure:
    """What was published, year by year, and what the method would have said one year ahead; then what it says now."""
    figure = _figure(screen, 360)
    hues = palette(screen)
    unit = formats.unit_for([*table.column("point"), *table.column("actual")])
    for at, item in enumerate(dict.fromkeys(table.column("item"))):
        mine = table.where(item=item)
        actual = {row["year"]: row["actual"] for row in mine if row["actual"] is not None}
        said = {row["year"]: row["point"] for row in mine if row["horizon"] == 1 or row["actual"] is None}
        name = screen.name(mine.first, "item")
        for words, values, dash, symbol in (
            ("figure.published", actual, "solid", "circle"),
            ("figure.would_say", said, "dot", "diamond-open"),
        ):
            figure.add_trace(
                go.Scatter(
                    x=list(values),
                    y=[formats.scaled(value, unit) for value in values.values()],
                    customdata=[formats.money(value, screen.lang, unit) for value in values.values()],
                    hovertemplate="%{x}<br>%{customdata}<extra>%{fullData.name}</extra>",
                    mode="lines+markers",
                    line={"color": hues[at], "dash": dash, "width": 2.5},
                    marker={"symbol": symbol, "size": 8},
                    name=screen.t(words, item=name),
                )
            )
    figure.update_layout(xaxis={"tickformat": "d"}, yaxis=_money_axis(screen, unit) | {"rangemode": "tozero"})
    return figure


def month_bars(
    screen: Screen,
    table: Table,
    series: Sequence[tuple[str, str]],
    kind: formats.Kind,
    *,
    stacked: bool = True,
    of: str = "",
) -> go.Figure:
    """Bars by month, hatched where the month is not complete. Each of `series` is (column, name); `of` says what is counted."""
    figure = _figure(screen, 320)
    amounts = [value for column, _ in series for value in table.column(column)]
    unit = formats.unit_for(amounts) if kind == "money" else formats.YUAN
    for at, (column, name) in enumerate(series):
        values = table.column(column)
        figure.add_trace(
            go.Bar(
                x=table.column("month"),
                y=[_height(value, kind, unit) for value in values],
                customdata=[_words(screen, value, kind, unit) for value in values],
                hovertemplate="%{x}<br>%{customdata}<extra>%{fullData.name}</extra>",
                marker={
                    "color": palette(screen)[at % 7],
                    "pattern": {"shape": _hatch(screen, table.column("month"))},
                },
                name=name,
            )
        )
    figure.update_layout(barmode="relative" if stacked else "group")
    _frame(figure, screen, kind, unit, of)
    return figure


def split_bars(
    screen: Screen,
    table: Table,
    split: str,
    names: Mapping[str, str],
    value: str,
    kind: formats.Kind,
    *,
    of: str = "",
) -> go.Figure:
    """Bars by month, stacked by the codes of the column `split`; `names` says which codes, in order, and their words.

    `of` says what is counted.
    """
    figure = _figure(screen, 320)
    amounts = table.column(value)
    unit = formats.unit_for(amounts) if kind == "money" else formats.YUAN
    for at, (code, name) in enumerate(names.items()):
        rows = table.where(**{split: code})
        figure.add_trace(
            go.Bar(
                x=rows.column("month"),
                y=[_height(amount, kind, unit) for amount in rows.column(value)],
                customdata=[_words(screen, amount, kind, unit) for amount in rows.column(value)],
                hovertemplate="%{x}<br>%{customdata}<extra>%{fullData.name}</extra>",
                marker={
                    "color": palette(screen)[at % 7],
                    "pattern": {"shape": _hatch(screen, rows.column("month"))},
                },
                name=name,
            )
        )
    figure.update_layout(barmode="relative")
    _frame(figure, screen, kind, unit, of)
    return figure


def month_lines(
    screen: Screen, lines: Sequence[tuple[str, Table, str]], kind: formats.Kind, *, of: str = ""
) -> go.Figure:
    """Lines by month, each (name, table, column), told apart by dash and symbol as well; `kind` as in tables.

    `of` says what is counted or measured.
    """
    figure = _figure(screen, 320)
    amounts = [value for _, table, column in lines for value in table.column(column)]
    unit = formats.unit_for(amounts) if kind == "money" else formats.YUAN
    for at, (name, table, column) in enumerate(lines):
        values = table.column(column)
        figure.add_trace(
            go.Scatter(
                x=table.column("month"),
                y=[_height(value, kind, unit) for value in values],
                customdata=[_words(screen, value, kind, unit) for value in values],
                hovertemplate="%{x}<br>%{customdata}<extra>%{fullData.name}</extra>",
                mode="lines+markers",
                line={"color": palette(screen)[at % 7], "dash": ("solid", "dash", "dot", "dashdot")[at % 4]},
                marker={"symbol": ("circle", "diamond", "square", "x")[at % 4], "size": 6},
                name=name,
            )
        )
    figure.update_layout(showlegend=len(lines) > 1)
    _frame(figure, screen, kind, unit, of)
    return figure


def named_bars(
    screen: Screen,
    names: Sequence[str],
    series: Sequence[tuple[str, Sequence[Any]]],
    kind: formats.Kind,
    *,
    stacked: bool = False,
    of: str = "",
) -> go.Figure:
    """Lying bars, the first name at the top; each of `series` is (name, values); `of` says what is counted."""
    figure = _figure(screen, 100 + (36 if stacked or len(series) == 1 else 52) * max(len(names), 1))
    amounts = [value for _, values in series for value in values]
    unit = formats.unit_for(amounts) if kind == "money" else formats.YUAN
    labels = [wrapped(name, 14) for name in names]
    for at, (name, values) in enumerate(series):
        figure.add_trace(
            go.Bar(
                orientation="h",
                x=[_height(value, kind, unit) for value in values],
                y=labels,
                text=[_bare(value, kind, unit) for value in values],
                textposition="auto" if stacked else "outside",
                textangle=0,
                cliponaxis=False,
                customdata=[_words(screen, value, kind, unit) for value in values],
                hovertemplate="%{y}<br>%{customdata}<extra>%{fullData.name}</extra>",
                marker={"color": palette(screen)[at % 7]},
                name=name,
            )
        )
    longest = max((float(height or 0) for trace in figure.data for height in trace.x), default=0.0)
    axis = _value_axis(screen, kind, unit, of)
    if not stacked:  # the words stand behind the bars
        axis |= {"range": [0, longest * 1.2 or 1.0]}
    figure.update_layout(
        barmode="stack" if stacked else "group",
        xaxis=axis,
        yaxis={"autorange": "reversed", "type": "category"},
        legend={"traceorder": "normal"},
        showlegend=len(series) > 1,
    )
    return figure


def _height(value: Any, kind: formats.Kind, unit: formats.Unit) -> float | None:
    """Where a mark stands; for drawing only."""
    if value is None:
        return None
    return formats.scaled(value, unit) if kind == "money" else float(value)


def _words(screen: Screen, value: Any, kind: formats.Kind, unit: formats.Unit) -> str:
    return (
        formats.money(value, screen.lang, unit)
        if kind == "money"
        else formats.shown(value, kind, screen.lang)
    )


def _bare(value: Any, kind: formats.Kind, unit: formats.Unit) -> str:
    return formats.number(value, unit) if kind == "money" else formats.count(value)


def _hatch(screen: Screen, months: Sequence[date]) -> list[str]:
    """The pattern of each month's bar: hatched where the release's data end before the month does."""
    through = screen.info.get("data_through")
    ends = [(month + timedelta(days=31)).replace(day=1) - timedelta(days=1) for month in months]
    return ["/" if through is not None and end > through else "" for end in ends]


def _frame(figure: go.Figure, screen: Screen, kind: formats.Kind, unit: formats.Unit, of: str = "") -> None:
    """Axes of a chart by month, policy marks, and room above the highest bar or point for their words."""
    totals: dict[date, float] = {}
    adds_up = figure.layout.barmode == "relative"
    for trace in figure.data:
        for month, height in zip(trace.x, trace.y, strict=True):
            so_far = totals.get(month, 0.0)
            totals[month] = so_far + (height or 0.0) if adds_up else max(so_far, height or 0.0)
    top = max(totals.values(), default=0.0)
    lowest = min((height or 0.0 for trace in figure.data for height in trace.y), default=0.0)
    axis = _value_axis(screen, kind, unit, of) | {"range": [min(0.0, lowest * 1.1), top * 1.2 or 1.0]}
    if kind == "count" and top < 4:  # few persons need whole steps, or the axis names one number twice
        axis |= {"dtick": 1}
    if kind == "ratio" and 0.5 < top <= 1:  # no share passes the whole
        axis |= {"tickvals": [0, 0.2, 0.4, 0.6, 0.8, 1]}
    if totals:
        scheme = screen.fund_row["scheme"] if screen.fund_row else "total"
        _mark_policy(figure, screen, min(totals), max(totals), scheme)
    figure.update_layout(xaxis=_time_axis(screen), yaxis=axis)


def _value_axis(screen: Screen, kind: formats.Kind, unit: formats.Unit, of: str = "") -> dict[str, Any]:
    if kind == "money":
        return _money_axis(screen, unit)
    title = {"title": {"text": of, "standoff": 12}} if of else {}
    return title | {"tickformat": {"ratio": ".0%", "count": ",d"}.get(kind, ",.4~f")}


def result_chart(
    screen: Screen, across: Sequence[Any], values: Sequence[Any], name: str, *, dated: bool
) -> go.Figure:
    """A reader's own result: bars where each place across stands once, marks where it stands several times."""
    figure = _figure(screen, 320)
    colour = palette(screen)[0]
    kept = [(place, float(value)) for place, value in zip(across, values, strict=True) if value is not None]
    places = dict.fromkeys(place for place, _ in kept)
    if len(places) == len(kept) <= _RESULT_BARS:
        names = [place if dated else wrapped(str(place)) for place, _ in kept]
        figure.add_trace(go.Bar(x=names, y=[height for _, height in kept], marker={"color": colour}))
    else:
        names = [place if dated else str(place) for place, _ in kept]
        figure.add_trace(
            go.Scatter(x=names, y=[height for _, height in kept], mode="markers", marker={"color": colour})
        )
    figure.update_layout(
        xaxis={"type": "date" if dated else "category"},
        yaxis={"title": {"text": name, "standoff": 12}, "rangemode": "tozero", "tickformat": ",~f"},
        showlegend=False,
    )
    return figure


def quadrant(screen: Screen, table: Table, across: str, up: str, name: str) -> go.Figure:
    """Two indices against each other, with lines at the median across and at 1, the area's mean, upwards."""
    figure = _figure(screen, 380)
    rows = [row for row in table if row[across] is not None and row[up] is not None]
    middle = _middle(rows, across)
    for high, colour, symbol, words in (
        (False, 0, "circle", "figure.in_line"),
        (True, 1, "diamond", "figure.heavy_and_dear"),
    ):
        heavy = heavy_and_dear(table, across, up)
        mine = heavy if high else [row for row in rows if row not in heavy]
        figure.add_trace(
            go.Scatter(
                x=[row[across] for row in mine],
                y=[row[up] for row in mine],
                customdata=[[row[name], formats.count(row["cases"])] for row in mine],
                hovertemplate="%{customdata[0]}<br>%{x:.4f} × %{y:.4f}<br>%{customdata[1]}<extra></extra>",
                mode="markers",
                marker={"color": palette(screen)[colour], "symbol": symbol, "size": 10},
                name=screen.t(words),
            )
        )
    ink = {"color": _INK[screen.theme], "width": 1, "dash": "dot"}
    figure.add_hline(y=1, line=ink)
    if rows:
        figure.add_vline(x=middle, line=ink)
    figure.update_layout(
        xaxis={"title": {"text": screen.t(f"col.{across}")}, "tickformat": ",.4~f"},
        yaxis={"title": {"text": screen.t(f"col.{up}"), "standoff": 12}, "tickformat": ",.2~f"},
    )
    return figure


def heavy_and_dear(table: Table, across: str, up: str) -> list[dict[str, Any]]:
    """The rows of a quadrant beyond the median across and above 1 upwards."""
    rows = [row for row in table if row[across] is not None and row[up] is not None]
    return [row for row in rows if row[across] > _middle(rows, across) and row[up] > 1]


def _middle(rows: Sequence[dict[str, Any]], column: str) -> float:
    """The median of a column; for drawing only."""
    return statistics.median(float(row[column]) for row in rows) if rows else 0.0


def funnel(screen: Screen, table: Table, kind: formats.Kind) -> go.Figure:
    """Values over volume with the control limits of each volume; those that stand out are marked by shape as well."""
    figure = _figure(screen, 380)
    hues = palette(screen)
    rows = sorted(table, key=lambda row: row["volume"])
    # Where no value is below nil, neither is a limit drawn there.
    floor = 0.0 if all((row["value"] or 0) >= 0 for row in rows) else float("-inf")
    for name in ("funnel_high", "funnel_low"):
        limits = [row for row in rows if row[name] is not None]
        figure.add_trace(
            go.Scatter(
                x=[row["volume"] for row in limits],
                y=[max(row[name], floor) for row in limits],
                mode="lines",
                line={"color": hues[6], "dash": "dot", "width": 1.5},
                hoverinfo="skip",
                name=screen.t("figure.funnel"),
                showlegend=name == "funnel_high",
            )
        )
    for flagged, colour, symbol, words in (
        (False, hues[0], "circle", "figure.in_line"),
        (True, hues[1], "diamond", "figure.standing_out"),
    ):
        mine = [row for row in rows if (row["flag"] in ("amber", "orange", "red")) == flagged]
        figure.add_trace(
            go.Scatter(
                x=[row["volume"] for row in mine],
                y=[row["value"] for row in mine],
                customdata=[[row["name"], formats.shown(row["value"], kind, screen.lang)] for row in mine],
                hovertemplate="%{customdata[0]}<br>%{customdata[1]}<br>%{x}<extra></extra>",
                mode="markers",
                marker={"color": colour, "symbol": symbol, "size": 10},
                name=screen.t(words),
            )
        )
    if rows and rows[0]["peer_median"] is not None:
        figure.add_hline(y=rows[0]["peer_median"], line={"color": _INK[screen.theme], "width": 1})
    figure.update_layout(
        xaxis={"title": {"text": screen.t("col.volume")}, "type": "log", "tickformat": ",d"},
        yaxis=_value_axis(screen, kind, formats.YUAN),
    )
    return figure
