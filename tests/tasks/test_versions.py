"""The version: what is said where it cannot be had."""

import pytest

from genrenet.errors import DataError
from tasks import versions
from tasks.versions import Version, find_version, held_by

pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore"),  # MLflow warns of what it does itself
]


def test_no_password_of_the_store_is_told(tmp_path, monkeypatch):
    """Where a model or its files are missing, which is asked of people that see no password."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.setattr(versions, "tracking_uri", lambda: "http://me:secret@store")
    missing = Version(name="songs", number="1", run_id="", tags={})

    with pytest.raises(DataError, match="MLflow at http://store has no model 'songs'"):
        find_version("songs", "1")
    with (
        pytest.raises(DataError, match="cannot be read from MLflow at http://store: "),
        held_by(missing),
    ):
        pass
