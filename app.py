"""The writing desk in the browser: `python app.py` is `novelgpt serve --open`, and takes the same flags."""

import sys

from novelgpt.cli import entry_point

if __name__ == "__main__":
    sys.argv[1:1] = ["serve", "--open"]
    entry_point()
