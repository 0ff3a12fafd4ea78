"""The bundle as an MLflow model that takes raw audio (models from code: MLflow runs this file).

Input: a column ``audio`` of base64-encoded files (WAV, FLAC, MP3, OGG …). Output: ``label``,
``confidence`` and ``probabilities``.
"""

import base64
import tempfile
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc import PythonModel


class ServedClassifier(PythonModel):
    """One answer for each recording."""

    def load_context(self, context: Any) -> None:
        """Load the bundle that was logged with the model."""
        from genrenet.serving.classifier import Classifier

        self.classifier = Classifier.load(context.artifacts["bundle"])

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Classify base64-encoded recordings."""
        return pd.DataFrame([self._answer(text) for text in model_input["audio"]])

    def _answer(self, text: str) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "recording"
            path.write_bytes(base64.b64decode(text))
            found = self.classifier.predict(path)
        return {
            "label": found.label,
            "confidence": found.confidence,
            "probabilities": found.probabilities,
        }


mlflow.models.set_model(ServedClassifier())
