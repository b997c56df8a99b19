"""An `Outcome` → one self-contained page: curves, samples over time, alarms, settings, and how to go on.

It asks the network for nothing and needs no script. Law: every text in it is escaped, so neither a corpus nor a run's
name can bring a tag into the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from novelgpt.messages import Lang
from novelgpt.model.reporting.curves import Axis, Chart, Line, label, step_axis, value_axis
from novelgpt.model.reporting.outcome import Outcome, Row, Told
from novelgpt.pages import FOOT, Speaker, head

_WIDE, _HIGH = 1000, 300


def page(outcome: Outcome, lang: Lang) -> Iterator[str]:
    """Yield the page, part by part."""
    say, title = Speaker(lang), escape(outcome.title)
    yield f"{head(title, lang, _STYLE)}<header><h1>{title}</h1>{_figures(outcome.figures)}"
    yield f"<p class=facts>{escape(outcome.status)}</p></header>"
    yield _alarms(outcome, say)
    yield _comparison(outcome, say)
    yield from _charts(outcome.charts, say)
    yield _samples(outcome.samples, say)
    yield _commands(outcome.commands, say)
    yield f"<section><h2>{say('run_report.settled')}</h2>{_pairs(outcome.settled)}</section>"
    yield _settings(outcome, say)
    yield f"<p class='facts signature'>{say('run_report.signature')} <code>{escape(outcome.signature)}</code></p>{FOOT}"


def _figures(figures: Sequence[Row]) -> str:
    cells = "".join(
        f"<div><b>{escape(value)}</b><span>{escape(name)}</span></div>" for value, name in figures
    )
    return f"<div class=figures>{cells}</div>"


def _alarms(outcome: Outcome, say: Speaker) -> str:
    if not outcome.alarms:
        return ""
    lines = "".join(
        f"<li><b>{say('run_report.at_step', step=step)}</b> {escape(sentence)}"
        for step, sentence in outcome.alarms
    )
    return f"<section><h2>{say('run_report.alarms')}</h2><ul class=todo>{lines}</ul></section>"


def _comparison(outcome: Outcome, say: Speaker) -> str:
    if not outcome.comparison:
        return ""
    rows = "".join(
        f"<tr><th>{escape(name)}<td>{escape(before)}<td>{escape(after)}"
        for name, before, after in outcome.comparison
    )
    heads = f"<tr><th><th>{say('run_report.before')}<th>{say('run_report.after')}"
    title = say("run_report.compared_title")
    return f"<section><h2>{title}</h2><div class=wide><table class=compared>{heads}{rows}</table></div></section>"


def _charts(charts: Sequence[Chart], say: Speaker) -> Iterator[str]:
    if not charts:
        return
    yield f"<section><h2>{say('run_report.curves')}</h2><div class=charts>"
    steps = step_axis(charts)
    for chart in charts:
        yield _chart(chart, steps, say)
    yield f"</div><p class=legend>{say('run_report.curves_note')}</p></section>"


def _chart(chart: Chart, steps: Axis, say: Speaker) -> str:
    values = value_axis(chart)
    lines = "".join(_line(line, steps, values, say) for line in chart.lines)
    if chart.best:
        lines += _dots("best", [chart.best], steps, values, say)
    levels = "".join(f'<path class=grid d="M0 {_y(tick, values)}H{_WIDE}"/>' for tick in values.ticks)
    marks = "".join(
        f'<span class=y style="top:{100 - 100 * values.share(tick):.2f}%">{label(tick)}</span>'
        for tick in values.ticks
    ) + "".join(
        f'<span class=x style="left:{100 * steps.share(tick):.2f}%">{label(tick)}</span>'
        for tick in steps.ticks
    )
    svg = f'<svg viewBox="0 0 {_WIDE} {_HIGH}" preserveAspectRatio="none" role="img">{levels}{lines}</svg>'
    return f"<figure>{_caption(chart, say)}<div class=plot>{svg}{marks}</div></figure>\n"


def _caption(chart: Chart, say: Speaker) -> str:
    names = "".join(
        f"<span><i class={line.colour}></i>{say(f'run_report.line.{line.name}')}</span>"
        for line in chart.lines
        if line.name
    )
    legend = f"<span class=legend>{names}</span>" if len(chart.lines) > 1 and names else ""
    title, unit = say(f"run_report.chart.{chart.kind}"), say(f"run_report.unit.{chart.kind}")
    return f"<figcaption><b>{title}</b> <small>{unit}</small>{legend}</figcaption>"


def _line(line: Line, steps: Axis, values: Axis, say: Speaker) -> str:
    path = "L".join(f"{_x(step, steps)} {_y(value, values)}" for step, value in line.points)
    drawn = f'<path class="{line.style} {line.colour}" d="M{path}"/>'
    return drawn + (_dots("dot", line.points, steps, values, say) if line.style == "dots" else "")


def _dots(kind: str, points: Sequence[tuple[float, float]], steps: Axis, values: Axis, say: Speaker) -> str:
    """Return round ends of lines without length: the paper is stretched, and a circle would be too."""
    return "".join(
        f'<path class={kind} d="M{_x(step, steps)} {_y(value, values)}h0">'
        f"<title>{say('run_report.at_step', step=int(step))} {value:,.4g}</title></path>"
        for step, value in points
    )


def _x(step: float, steps: Axis) -> str:
    return f"{_WIDE * steps.share(step):.1f}"


def _y(value: float, values: Axis) -> str:
    return f"{_HIGH - _HIGH * values.share(value):.1f}"


def _samples(samples: Sequence[Told], say: Speaker) -> str:
    if not samples:
        return ""
    shown = "".join(f"<article>{_sample(sample, say)}</article>" for sample in samples)
    return f"<section><h2>{say('run_report.samples')}</h2><div class=samples>{shown}</div></section>"


def _sample(sample: Told, say: Speaker) -> str:
    facts = [f"<b>{say('run_report.at_step', step=sample.step)}</b>"]
    if sample.bits is not None:
        facts.append(say("run_report.bits", bits=sample.bits))
    if sample.copied_share is not None:
        kind = "copied" if sample.copied_share > _MUCH_COPIED else "own"
        facts.append(f"<span class={kind}>{say('run_report.copied', share=sample.copied_share)}</span>")
    return f"<p class=facts>{' · '.join(facts)}</p><p class=told>{escape(sample.text)}</p>"


def _commands(commands: Sequence[Row], say: Speaker) -> str:
    rows = "".join(f"<dt>{escape(why)}<dd><code>{escape(command)}</code>" for command, why in commands)
    return f"<section><h2>{say('run_report.go_on')}</h2><dl>{rows}</dl></section>"


def _pairs(rows: Sequence[Row]) -> str:
    cells = "".join(f"<tr><th>{escape(name)}<td>{escape(value)}" for name, value in rows)
    return f"<table class=pairs>{cells}</table>"


def _settings(outcome: Outcome, say: Speaker) -> str:
    cells = "".join(
        f"<div class={'usual' if usual else 'chosen'}><code>{escape(flag)}</code> <b>{escape(value)}</b></div>"
        for flag, value, usual in outcome.settings
    )
    note = f"<p class=legend>{say('run_report.settings_note')}</p>"
    return f"<section><h2>{say('run_report.settings')}</h2>{note}<div class=settings>{cells}</div></section>"


_MUCH_COPIED = 0.5

_STYLE = """
.blue{--kind:var(--blue)}.red{--kind:var(--red)}.gold{--kind:var(--gold)}.green{--kind:var(--green)}.soft{--kind:var(--soft)}
.charts{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:.9rem}.charts figure:first-child,.charts figure:last-child:nth-child(even){grid-column:1/-1}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.7rem 1.1rem 2rem 3.6rem}
figcaption{margin:0 0 .8rem -2.5rem;line-height:1.5}figcaption .legend{float:right}.legend span{margin-left:1rem;white-space:nowrap}.legend i{height:.25rem;vertical-align:middle;background:var(--kind)}
.plot{position:relative;height:11rem}figure:first-child .plot{height:17rem}svg{display:block;width:100%;height:100%;overflow:visible}
.plot span{position:absolute;color:var(--soft);font:.75rem/1 system-ui,sans-serif;white-space:nowrap}.y{right:calc(100% + .5rem);transform:translateY(-50%)}.x{top:calc(100% + .5rem);transform:translateX(-50%)}
path{fill:none;stroke:var(--kind);vector-effect:non-scaling-stroke;stroke-linejoin:round;stroke-linecap:round}.grid{stroke:var(--line);stroke-width:1}
.line{stroke-width:2}.raw{stroke-width:1;opacity:.35}.dots{stroke-width:1.5;opacity:.6}.level{stroke-width:1.2;stroke-dasharray:5 5}.dot{stroke:var(--red);stroke-width:6}.best{stroke:var(--gold);stroke-width:11}.dot:hover,.best:hover{opacity:.5}
.samples{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,21rem),1fr));gap:.7rem}article{padding:.6rem 1.1rem}article p{margin:.2rem 0}.told{white-space:pre-wrap;overflow-wrap:anywhere}.facts b{color:var(--ink)}.facts{overflow-wrap:anywhere}.copied{color:var(--red)}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.5rem 1.2rem;margin:0}dt{color:var(--soft)}dd{margin:0;overflow-x:auto}code{font:.85rem ui-monospace,Menlo,Consolas,monospace}dd code{display:block;background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.25rem .7rem;white-space:pre}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;background:var(--card);border:1px solid var(--line);border-radius:.6rem;font-size:.9rem}th{text-align:left;color:var(--soft);font-weight:400}td,th{padding:.3rem .9rem;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
.pairs th{width:11rem}.compared th:first-child{min-width:5rem}.compared td{width:45%;white-space:pre-wrap;min-width:9rem}
.settings{display:flex;flex-wrap:wrap;gap:.3rem .6rem;font-size:.9rem}.settings div{background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:0 .6rem}.usual{color:var(--soft)}.usual b{font-weight:400}.chosen b{color:var(--red)}.todo{margin:0;overflow-wrap:anywhere}.signature{margin-top:2.5rem}
@media(max-width:44rem){.charts{grid-template-columns:minmax(0,1fr)}.plot,figure:first-child .plot{height:11rem}figcaption .legend{float:none;display:block}.legend span:first-child{margin-left:0}dl{grid-template-columns:minmax(0,1fr);gap:.2rem}dd{margin-bottom:.5rem}.pairs th{width:7.5rem}td,th{padding:.3rem .6rem}}
"""
