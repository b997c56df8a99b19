"""How a run stands → what the page shows of it: figures, curves as inline SVG, a sample, alarms.

Law: whatever a run wrote or was called is escaped; and however long a run is, a picture of it stays small.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from novelgpt.messages import Lang, translate
from novelgpt.model.reporting.curves import Axis, Chart, Line, label, smooth, step_axis, thin, value_axis
from novelgpt.model.reporting.outcome import alarm_text
from novelgpt.model.running.records import Point
from novelgpt.studio.model_shelf import Comparison
from novelgpt.studio.run_watch import RunState
from novelgpt.ui.tables import bar, figures, table, titled_list

COLOURS = ("#a8432f", "#4a6b8a", "#b9852f", "#6f8f72", "#7d5a8c", "#2f8a8a", "#8a6a4a", "#c27ba0")
MOST_POINTS = 240
MOST_ALARMS = 5
_WIDE, _HIGH, _LEFT, _BELOW, _ABOVE = 460, 190, 46, 26, 10


def run_view(state: RunState, lang: Lang) -> str:
    """Return everything to see of a run."""
    alarms = [
        translate("ui.train.at_step", lang, step=one["step"], sentence=alarm_text(one["alarm"], lang))
        for one in state.alarms[-MOST_ALARMS:]
    ]
    parts = [
        _head(state, lang),
        figures(_figures(state, lang)),
        _curves(state, lang),
        _sample(state, lang),
        titled_list("⚠", alarms),
        _log(state, lang),
    ]
    return f'<div class="run">{"".join(parts)}</div>'


def comparison_view(compared: Comparison | None, lang: Lang) -> str:
    """Return a table of what a model was before and after it learnt; nothing where there is nothing to compare."""
    if compared is None:
        return ""
    heads = ["", translate("ui.train.before", lang), translate("ui.train.after", lang)]
    bits = [_short(compared.bits_before), _short(compared.bits_after)]
    rows = [
        [translate("ui.train.figure.held_out", lang), *bits],
        [translate("ui.train.sample_row", lang), compared.sample_before, compared.sample_after],
    ]
    return table(heads, rows) + (_best_note(compared.best_step, lang) if compared.best_step else "")


def _best_note(step: int, lang: Lang) -> str:
    return f"<p><small>{escape(translate('ui.train.best_used', lang, step=step))}</small></p>"


def curves_svg(title: str, lines: Sequence[tuple[str, Sequence[Point]]]) -> str:
    """Return curves over the steps in one picture; a name for each where there are several."""
    drawn = [(name, thin(points, MOST_POINTS)) for name, points in lines if points]
    if not drawn:
        return ""
    chart = Chart("", [Line("", "", points) for _, points in drawn])
    steps, values = step_axis([chart]), value_axis(chart)
    paths = "".join(
        _path(points, COLOURS[place % len(COLOURS)], steps, values) for place, (_, points) in enumerate(drawn)
    )
    picture = (
        f'<svg viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{escape(title)}" width="100%" '
        'style="max-width:560px" '
        f'font-size="11" font-family="system-ui,sans-serif">{_grid(steps, values)}{paths}</svg>'
    )
    return f"<figure><figcaption>{escape(title)}{_legend(drawn)}</figcaption>{picture}</figure>"


def clock(seconds: float) -> str:
    """Return a stretch of time as hours, minutes and seconds."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def _head(state: RunState, lang: Lang) -> str:
    status = translate(f"ui.train.status.{state.status}", lang)
    told = f"<p><b>{escape(state.name)}</b> · {escape(status)}</p>"
    if state.reason:
        told += f'<p class="problem">{escape(state.reason.text(lang))}</p>'
    if state.steps:
        told += bar(min(100, 100 * state.step // state.steps))
    return told


def _figures(state: RunState, lang: Lang) -> list[tuple[str, str]]:
    values = {
        "step": f"{state.step:,} / {state.steps:,}" if state.steps else "",
        "loss": _short(state.loss[-1][1] if state.loss else None),
        "held_out": _short(state.held_out[-1][1] if state.held_out else None),
        "learning_rate": "" if state.learning_rate is None else f"{state.learning_rate:.1e}",
        "speed": "" if state.tokens_per_second is None else f"{state.tokens_per_second:,.0f}",
        "eta": "" if state.eta_seconds is None else clock(state.eta_seconds),
    }
    return [(translate(f"ui.train.figure.{name}", lang), value) for name, value in values.items()]


def _curves(state: RunState, lang: Lang) -> str:
    drawn = [
        curves_svg(translate("ui.train.curve_loss", lang), [("", smooth(state.loss))]),
        curves_svg(translate("ui.train.curve_held_out", lang), [("", state.held_out)]),
    ]
    return f'<div class="curves">{"".join(drawn)}</div>'


def _sample(state: RunState, lang: Lang) -> str:
    if not state.samples:
        return ""
    last = state.samples[-1]
    title = translate("ui.train.sample", lang, step=last["step"])
    return f'<p><b>{escape(title)}</b></p><p class="told">{escape(str(last["sample"]))}</p>'


def _log(state: RunState, lang: Lang) -> str:
    if not state.last_lines:
        return ""
    lines = escape("\n".join(state.last_lines))
    is_open = " open" if state.status in ("waiting", "failed") else ""
    return f"<details{is_open}><summary>{escape(translate('ui.train.log', lang))}</summary><pre>{lines}</pre></details>"


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _grid(steps: Axis, values: Axis) -> str:
    """Return the levels and the numbers beside them."""
    levels = "".join(
        f'<path d="M{_LEFT} {_y(tick, values)}H{_WIDE}" stroke="currentColor" stroke-opacity=".15"/>'
        f'<text x="{_LEFT - 6}" y="{_y(tick, values)}" dy=".35em" text-anchor="end" fill="currentColor">{label(tick)}</text>'
        for tick in values.ticks
    )
    marks = "".join(
        f'<text x="{_x(tick, steps)}" y="{_HIGH - 8}" text-anchor="middle" fill="currentColor">{label(tick)}</text>'
        for tick in steps.ticks
    )
    return f'<g opacity=".75">{levels}{marks}</g>'


def _path(points: Sequence[Point], colour: str, steps: Axis, values: Axis) -> str:
    way = "L".join(f"{_x(step, steps)} {_y(value, values)}" for step, value in points)
    style = f'fill="none" stroke="{colour}" stroke-linejoin="round" stroke-linecap="round"'
    width = 2 if len(points) > 1 else 7  # a single point is a line without length, and shows as a dot
    return f'<path d="M{way}{"h0" if len(points) == 1 else ""}" {style} stroke-width="{width}"/>'


def _legend(drawn: Sequence[tuple[str, Sequence[Point]]]) -> str:
    return "".join(
        f' <span style="color:{COLOURS[place % len(COLOURS)]}">■ {escape(name)}</span>'
        for place, (name, _) in enumerate(drawn)
        if name
    )


def _x(step: float, steps: Axis) -> str:
    return f"{_LEFT + (_WIDE - _LEFT - 12) * steps.share(step):.1f}"


def _y(value: float, values: Axis) -> str:
    return f"{_ABOVE + (_HIGH - _ABOVE - _BELOW) * (1 - values.share(value)):.1f}"
