"""NovelGPT: Chinese novel continuation on a person's own machine."""

__version__ = "0.1.0"
