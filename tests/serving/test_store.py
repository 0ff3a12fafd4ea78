"""The store: at home wherever the checkout lies, and plainly told where it fails."""

import shutil
import socket
import subprocess
import sys
import time
from contextlib import closing
from sqlite3 import connect

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.errors import DataError
from genrenet.serving import relocation
from genrenet.serving.bundle import read_bundle
from genrenet.serving.location import locate
from genrenet.serving.relocation import ADDRESSES, settle
from genrenet.serving.store import open_store
from tasks import tracking
from tasks.model_run import record_evaluation
from tasks.registry import register_bundle
from tests.learning.test_summary import METRICS

pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore"),  # MLflow warns of what it does itself
]

NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=40
).filter(lambda name: name not in (".", ".."))


@pytest.fixture(scope="module")
def original(bundle, tmp_path_factory):
    """A checkout whose own store has a run with a file, and a registered model."""
    folder = tmp_path_factory.mktemp("checkout") / "genrenet"
    (folder / "mlruns").mkdir(parents=True)
    card = folder / "model_card.md"
    card.write_text("# Card", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        about = read_bundle(bundle)
        record_evaluation(about, "c", {}, [card])
        register_bundle(about, bundle, [], "songs", "a card", METRICS)
    return folder


@pytest.fixture
def moved(original, tmp_path, monkeypatch):
    """A copy of it in a folder with a name that addresses have to quote; the current one."""
    folder = tmp_path / "my músic شور 100% #1" / "genrenet"
    shutil.copytree(original, folder)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return folder


def addresses(folder):
    """Every address in a checkout's store."""
    with closing(connect(folder / "mlruns/mlflow.db")) as database:
        found = [
            row[0]
            for table, column in sorted(ADDRESSES)
            for row in database.execute(f"SELECT {column} FROM {table}")  # noqa: S608  our names
        ]
    return [address for address in found if address and not address.startswith("models:/")]


READ = """
from pathlib import Path
from genrenet.serving.location import locate
from tasks.tracking import connect

model = locate("models:/songs@challenger")
mlflow = connect()
(run,) = mlflow.search_runs(experiment_names=["genrenet"], output_format="list")
card = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="report")
whole = mlflow.artifacts.download_artifacts("models:/songs/1")
assert (model / "bundle.json").is_file() and (Path(whole) / "MLmodel").is_file()
assert (Path(card) / "model_card.md").read_text() == "# Card"
print(model)
"""


def test_a_moved_checkout_finds_its_files(moved, original, monkeypatch):
    """Read by a process that has not seen it before, with the original out of reach."""
    away = original.with_name("away")
    original.rename(away)
    try:
        command = [sys.executable, "-c", READ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        away.rename(original)

    assert done.returncode == 0, done.stderr
    assert done.stderr.count("this checkout was at") == 1
    assert done.stdout.splitlines()[-1].startswith(str(moved))


def test_a_copy_writes_into_its_own_folder(moved, original):
    """The original keeps its files and its addresses."""
    before = addresses(original)
    mlflow = tracking.connect()
    with mlflow.start_run():
        mlflow.log_text("new", "new.txt")

    assert len(list((moved / "mlruns/artifacts").rglob("new.txt"))) == 1
    assert not list(original.rglob("new.txt"))
    assert addresses(original) == before


def test_whoever_has_the_database_open_reads_the_new_addresses(moved):
    """As a server does that was started before."""
    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{moved}/mlruns/mlflow.db")
    before = client.get_experiment_by_name("genrenet").artifact_location
    settle(moved / "mlruns/mlflow.db")

    after = client.get_experiment_by_name("genrenet").artifact_location
    assert before != after == (moved / "mlruns/artifacts").as_uri()


def test_where_nothing_has_moved_nothing_is_written(original):
    """Not a byte, and it takes no time."""
    database = original / "mlruns/mlflow.db"
    before = database.read_bytes()
    begin = time.perf_counter()

    assert not settle(database)
    assert time.perf_counter() - begin < 0.5
    assert database.read_bytes() == before


def test_a_database_that_somebody_writes_to_is_left_as_it_was(moved, original, monkeypatch):
    """Told, with what to do; the next command mends it."""
    monkeypatch.setattr(relocation, "LOCKED_S", 0.1)
    with closing(connect(moved / "mlruns/mlflow.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(
            DataError, match=r"cannot be rewritten .*locked.*stop what writes to it"
        ):
            tracking.connect()
    assert addresses(moved) == addresses(original)

    tracking.connect()
    assert addresses(moved) != addresses(original)


@given(names=st.tuples(NAMES, NAMES))
@settings(max_examples=20, deadline=None)
def test_any_folder_will_do_and_there_is_a_way_back(names, original, tmp_path_factory):
    """Whatever its name: every address is of the new folder, and then of the first one again."""
    home = tmp_path_factory.mktemp("homes")
    seen = []
    for folder in (home / "first", home / "then" / names[0] / names[1], home / "first"):
        (folder / "mlruns").mkdir(parents=True, exist_ok=True)
        former = home / "mlflow.db"
        shutil.move(former if former.exists() else _copy(original, former), folder / "mlruns")
        settle(folder / "mlruns/mlflow.db")
        seen.append(addresses(folder))
        assert all(a.startswith((folder.as_uri(), str(folder))) for a in seen[-1])
        shutil.move(folder / "mlruns/mlflow.db", former)
    assert seen[0] == seen[2]


def _copy(original, path):
    return shutil.copy(original / "mlruns/mlflow.db", path)


def test_a_database_elsewhere_is_left_alone(moved, original, tmp_path, monkeypatch):
    """It may belong to another checkout, or to nobody."""
    (tmp_path / "mlruns").mkdir()
    elsewhere = shutil.copy(original / "mlruns/mlflow.db", tmp_path / "mlruns")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{elsewhere}")
    tracking.connect()

    assert addresses(tmp_path) == addresses(original)


def test_the_checkout_s_own_database_may_be_named(moved, monkeypatch):
    """Relatively, as the documentation does for other programs."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlruns/mlflow.db")
    tracking.connect()

    assert all(address.startswith((moved.as_uri(), str(moved))) for address in addresses(moved))


@pytest.mark.parametrize(
    "uri",
    [
        *("localhost:5000", "htp://localhost:5000", "http://", "http:/localhost:5000"),
        *("/store/mlruns", "sqlite://mlflow.db", "file:///store/mlruns"),
        *("http://localhost:http", "postgresql://localhost:port/store", "http://[1/"),
    ],
)
def test_a_wrong_address_is_told_as_one(uri, monkeypatch):
    """With what it is and what would do."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)

    with pytest.raises(DataError, match=r"MLFLOW_TRACKING_URI is .* Expected a server") as told:
        tracking.connect()
    assert f"'{uri}'" in str(told.value)


def test_a_driver_that_is_missing_is_told(monkeypatch):
    """And no password that stands in the address."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "mysql://me:secret@localhost/store")

    with pytest.raises(
        DataError, match=r"mysql://localhost/store does not work: No module"
    ) as told:
        tracking.connect()
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("ask", [tracking.connect, lambda: locate("models:/songs@challenger")])
def test_a_server_that_is_not_there_is_told_at_once(ask, monkeypatch, free_port):
    """By stages and by ``predict`` alike."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free_port}")
    begin = time.monotonic()

    with pytest.raises(
        DataError, match=r"refused.*Start an MLflow server there, or change or unset"
    ):
        ask()
    assert time.monotonic() - begin < 15


def test_a_server_that_hangs_is_not_waited_for(monkeypatch):
    """It takes the call and never answers."""
    import mlflow

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
        begin = time.monotonic()

        with pytest.raises(DataError, match="timed out"):
            open_store(mlflow)
    assert time.monotonic() - begin < 15


def test_a_model_that_nobody_registered_is_told(moved):
    """With what may be asked for, and what there is."""
    told = r"alias nix not found. Expected models:/NAME@ALIAS .* there: songs \(challenger\)\."
    with pytest.raises(DataError, match=told):
        locate("models:/songs@nix")
