"""How the page looks: colours of paper and ink for day and night, the fonts of the machine, and nothing fetched.

Law: no font, style or script comes from outside the program.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

CSS_PATHS = [Path(__file__).with_name(name) for name in ("desk.css", "stories.css", "bench.css")]
SCRIPT_PATHS = [Path(__file__).with_name(name) for name in ("sheet.js", "desk.js")]

# plain strings: a Font object of Gradio may bring a web font with it
_SANS = ["system-ui", "'PingFang SC'", "'Microsoft YaHei UI'", "'Noto Sans CJK SC'", "sans-serif"]
_MONO = ["ui-monospace", "Consolas", "'Noto Sans Mono CJK SC'", "monospace"]

_VERMILION = gr.themes.Color(
    name="vermilion",
    c50="#fbf1ee",
    c100="#f6ded8",
    c200="#ecbdb2",
    c300="#de9686",
    c400="#cb6d59",
    c500="#b04a36",
    c600="#9a3c2a",
    c700="#7f3123",
    c800="#68291f",
    c900="#55241c",
    c950="#2e100c",
)


def page_script() -> str:
    """Return the scripts of the page as the one function that Gradio runs when it has drawn it."""
    return "() => {\n" + "\n".join(path.read_text(encoding="utf-8") for path in SCRIPT_PATHS) + "\n}"


def paper_theme() -> Any:
    """Return the theme: warm paper by day, dim ink-stone by night, one vermilion for the seal and the main button."""
    theme = gr.themes.Base(
        primary_hue=_VERMILION,
        secondary_hue=_VERMILION,
        neutral_hue=gr.themes.colors.stone,
        radius_size=gr.themes.sizes.radius_md,
        font=_SANS,
        font_mono=_MONO,
    )
    return theme.set(**_COLOURS)


_COLOURS = {
    "body_background_fill": "#efe9dd",
    "body_background_fill_dark": "#171614",
    "body_text_color": "#2c2823",
    "body_text_color_dark": "#d9d3c7",
    "body_text_color_subdued": "#71695d",
    "body_text_color_subdued_dark": "#9b9386",
    "background_fill_primary": "#fbf8f1",
    "background_fill_primary_dark": "#211f1c",
    "background_fill_secondary": "#f5f0e5",
    "background_fill_secondary_dark": "#1c1a18",
    "block_background_fill": "#fbf8f1",
    "block_background_fill_dark": "#211f1c",
    "block_border_width": "0px",
    "block_shadow": "none",
    "block_label_text_color": "#71695d",
    "block_label_text_color_dark": "#9b9386",
    "block_title_text_color": "#4c463d",
    "block_title_text_color_dark": "#c4bdb0",
    "block_title_text_weight": "500",
    "block_info_text_color": "#71695d",
    "block_info_text_color_dark": "#9b9386",
    "border_color_primary": "#ddd4c3",
    "border_color_primary_dark": "#38342f",
    "input_background_fill": "#fffdf8",
    "input_background_fill_dark": "#191816",
    "input_border_color": "#ddd4c3",
    "input_border_color_dark": "#38342f",
    "input_border_color_focus": "*primary_400",
    "input_border_color_focus_dark": "*primary_500",
    "input_border_width": "1px",
    "slider_color": "*primary_500",
    "slider_color_dark": "*primary_400",
    "button_primary_background_fill": "*primary_500",
    "button_primary_background_fill_dark": "*primary_500",
    "button_primary_background_fill_hover": "*primary_600",
    "button_primary_background_fill_hover_dark": "*primary_600",
    "button_primary_text_color": "#fffaf3",
    "button_primary_text_color_dark": "#fffaf3",
    "button_secondary_background_fill": "#e9e1d1",
    "button_secondary_background_fill_dark": "#2d2a26",
    "button_secondary_background_fill_hover": "#dfd5c1",
    "button_secondary_background_fill_hover_dark": "#3a3631",
    "button_secondary_text_color": "#3b362f",
    "button_secondary_text_color_dark": "#d9d3c7",
}
