"""A notebook as it is handed in where a model was trained: with the weights and the history in it."""

from pathlib import Path

from autograder.core.model import TrainedModel
from autograder.notebooks.trained_model import SCHEMA, packed


def written(trained: TrainedModel, notebook: Path, to: Path) -> Path:
    """The notebook with this model in it, at `to`."""
    from safetensors.numpy import save

    to.write_bytes(packed(notebook.read_bytes(), save(dict(trained.weights)), {"schema": SCHEMA, **trained.history}))
    return to
