"""Why a model was not exported: each class owns one sentence of the catalogue, cure included."""

from __future__ import annotations

from novelgpt.errors import InputError, MachineError, ModelError


class CannotExport(ModelError):
    """The format cannot hold what this network computes."""


class ExportExists(InputError):
    """Something already lies where the export should go."""


class NoOnnx(MachineError):
    """ONNX was asked for and its exporter is not installed."""
