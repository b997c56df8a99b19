"""The single door of the house: everything a person or a program does at the desk is a call on a `Studio`."""

from novelgpt.studio.alternatives import Alternatives
from novelgpt.studio.proposals import Proposal
from novelgpt.studio.studio import OpenStory, Seen, Studio, open_studio

__all__ = ["Alternatives", "OpenStory", "Proposal", "Seen", "Studio", "open_studio"]
