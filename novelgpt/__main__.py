"""`python -m novelgpt` is the command line."""

from novelgpt.cli import entry_point

if __name__ == "__main__":  # worker processes import this module too, and must not start a second run
    entry_point()
