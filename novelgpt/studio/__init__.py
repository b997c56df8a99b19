"""The single door of the house: everything a person or a program does at the desk is a call on a `Studio`."""

from novelgpt.studio.studio import OpenStory, Studio, open_studio

__all__ = ["OpenStory", "Studio", "open_studio"]
