"""The writing desk in the browser: `python app.py` is `novelgpt serve` with its defaults, and opens the page."""

import os
import sys
import webbrowser
from contextlib import closing

from novelgpt.config import Workspace
from novelgpt.errors import NovelGPTError
from novelgpt.messages import guess_language, translate

LANG = guess_language(dict(os.environ))


def when_ready(address: str) -> None:
    """Say where the page is, and open it where there is a screen to show it on."""
    print(translate("serve.ready", LANG, address=address), flush=True)  # noqa: T201 a face, like the command line
    screen = sys.platform in ("win32", "darwin") or {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys()
    if screen and not os.environ.get("NOVELGPT_NO_BROWSER"):
        webbrowser.open(address)


def main() -> int:
    """Open the studio, build the page, launch."""
    from novelgpt.api import serve_studio
    from novelgpt.studio import open_studio

    try:
        with closing(open_studio(Workspace.choose(None, os.environ))) as studio:
            serve_studio(studio, lang_default=LANG, when_ready=when_ready)
    except NovelGPTError as error:
        print(error.sentence(LANG), file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
