"""Promotion against a real MLflow: who becomes champion, who does not, and what is left.

The stories are those of a server; what is refused beforehand needs none.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from flows.addresses import Addresses, home, tell
from flows.identity import Identity
from flows.judging import WORK, answered, judge
from flows.promote import app, promote
from genrenet.corpus.audit import split_digest
from genrenet.corpus.tracks import CATALOG, CATALOG_SCHEMA, write_table
from genrenet.errors import DataError
from genrenet.features.shards import read_footer
from genrenet.learning.promotion import PromotionError
from genrenet.params import Params
from genrenet.serving.bundle import read_bundle, write_json
from genrenet.serving.classifier import Classifier
from tasks import tracking
from tasks.registry import register_bundle
from tasks.versions import find_version, held_by
from tests.learning.test_summary import METRICS

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore"),  # MLflow warns of what it does itself
]


@pytest.fixture
def params(study, tmp_path, monkeypatch):
    """Settings of a project whose stages have run, with a store of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREFECT_API_URL", "")
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/store/mlflow.db")
    Path("data").mkdir()
    shutil.copytree(study.features, "data/features")
    for name in ("catalog.parquet", "splits.parquet"):
        shutil.copy(study.folder / name, Path("data", name))
    settings = {
        "corpus": {"path": str(study.audio)},
        "evaluate": {"bootstrap": 200},
        "promote": {"min_groups": 2},
        "register": {"name": "songs"},
        "compute": {"executor": "serial"},
    }
    write_json(settings, Path("params.yaml"))
    Path("dvc.yaml").write_text("stages: {}", "utf-8")
    return Params.model_validate(settings)


@pytest.fixture
def server(params, mlflow_server, monkeypatch):
    """The session's MLflow server is the store; it knows no songs, before and afterwards."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server)
    forget_songs()
    yield
    forget_songs()


def forget_songs():
    """Delete the model and the runs that its versions came of."""
    for version in client().search_model_versions("name = 'songs'"):
        client().delete_run(version.run_id)
    if client().search_registered_models("name = 'songs'"):
        client().delete_registered_model("songs")


@pytest.fixture
def tracks(study):
    """The test tracks: two of each genre's one artist."""
    test = study.splits[study.splits["split"] == "test"]
    return test[["track_id", "genre", "group"]].reset_index(drop=True)


@pytest.fixture
def register(params, bundle, tracks, tmp_path):
    """Register the bundle with answers of which so many are right; the version's number."""

    def registered(n_right, folder=bundle):
        wrong = tracks["genre"].map({"noise": "tunes", "tunes": "noise"})
        right = tracks.index < n_right
        path = tmp_path / "predictions.parquet"
        tracks.assign(prediction=tracks["genre"].where(right, wrong)).to_parquet(path)
        card = f"# {folder.name}, {n_right} right\n"
        return register_bundle(read_bundle(folder), folder, [path], "songs", card, METRICS)

    return registered


@pytest.fixture
def changed(bundle, tmp_path):
    """A copy of the bundle with another ``bundle.json`` or ``provenance.json``."""

    def copied(name, *, provenance=None, **about):
        folder = tmp_path / name
        shutil.copytree(bundle, folder)
        if provenance:
            write_json({"split_digest": "another", **provenance}, folder / "provenance.json")
        known = json.loads((folder / "bundle.json").read_text("utf-8"))
        write_json({**known, **about}, folder / "bundle.json")
        return folder

    return copied


def client():
    """MLflow's."""
    return tracking.connect().MlflowClient()


def champion():
    """Number of the version that is the champion."""
    return str(client().get_registered_model("songs").aliases.get("champion"))


def tags(number):
    """What a version's tags say of its promotion."""
    found = client().get_model_version("songs", number).tags
    return {k.removeprefix("promotion."): v for k, v in found.items() if "promotion." in k}


def pages(number, tmp_path):
    """The folders in which its run keeps the decisions about it, by outcome."""
    run = client().get_model_version("songs", number).run_id
    to = tmp_path / "pages"
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir()
    folder = Path(client().download_artifacts(run, "promotion", str(to)))
    mine = [path for path in folder.iterdir() if path.name.startswith(f"v{number} ")]
    return {path.name.rpartition(" ")[0].partition(" ")[2]: path for path in mine}


@pytest.mark.usefixtures("server")
def test_the_first_version_that_passes_is_the_champion(params, register, tmp_path):
    """With the whole decision as tags, as JSON, as a page and as a picture in its run."""
    number = register(4)
    promote(params)

    assert champion() == number
    said = tags(number)
    assert said["decision"] == "promoted"
    assert (said["standing.accuracy.value"], said["standing.n_tracks"]) == ("1", "4")
    assert {"former", "rival", "comparison.n_tracks"}.isdisjoint(said)
    kept = pages(number, tmp_path)["promoted"]
    assert {path.name for path in kept.iterdir()} == {
        "decision.json",
        "decision.md",
        "decision.png",
    }
    checks = json.loads((kept / "decision.json").read_text("utf-8"))["decision"]["checks"]
    assert all(check["passed"] for check in checks)


@pytest.mark.usefixtures("server")
def test_a_worse_version_is_refused_and_nothing_else_changes(params, register, tmp_path):
    """The refusal is recorded; by force it goes through and leaves a trace; it can be undone."""
    first = register(4)
    promote(params)
    second = register(3)
    with pytest.raises(PromotionError, match=r"version 2 .* version 1 stays the champion\. diff"):
        promote(params)
    assert champion() == first
    said = tags(second)
    assert (said["decision"], said["rival"]) == ("refused", first)
    assert said["comparison.difference.value"] == "-0.25"

    promote(params, second, force=True, reason="it is smaller")
    assert champion() == second
    said = tags(second)
    assert (said["decision"], said["failed"]) == ("forced", "difference")
    assert (said["reason"], said["former"]) == ("it is smaller", first)
    assert (tags(first)["decision"], tags(first)["successor"]) == ("replaced", second)

    promote(params, rollback=True, reason="it was not")
    assert champion() == first
    said = tags(second)
    assert (said["decision"], said["reason"]) == ("rolled back", "it was not")
    assert (said["failed"], said["forced"], said["successor"]) == (
        "difference",
        "it is smaller",
        first,
    )
    said = tags(first)
    assert (said["decision"], said["restored_from"]) == ("restored", second)
    assert "successor" not in said
    assert set(pages(first, tmp_path)) == {"promoted", "restored"}
    with pytest.raises(PromotionError, match=r"was rolled back.* python -m flows\.promote 2\."):
        promote(params)  # as it does weekly: it would undo what a person has decided
    assert (champion(), tags(second)["decision"]) == (first, "rolled back")
    assert set(pages(second, tmp_path)) == {"refused", "forced", "rolled back"}
    with pytest.raises(DataError, match="there is no former champion to restore"):
        promote(params, rollback=True)


def test_the_champion_has_nothing_to_do(params, register, capsys):
    """It is said so, and nothing is judged."""
    number = register(4)
    promote(params)
    before = tags(number)
    promote(params, "champion")

    assert "nothing to do: version 1 of songs is the champion already" in capsys.readouterr().err
    assert tags(number) == before


@pytest.mark.usefixtures("server")
def test_an_alias_that_another_client_moves_is_followed(params, register, changed):
    """As in MLflow's pages; the next load and the next promotion see it."""
    first, second = register(4), register(4, changed("warmer", temperature=9.0))
    promote(params, first)
    client().set_registered_model_alias("songs", "champion", second)

    assert Classifier.load("models:/songs@champion").bundle.temperature == 9.0
    promote(params, first)  # as good, so it may take the place
    assert tags(first)["former"] == second
    assert Classifier.load("models:/songs@champion").bundle.temperature != 9.0


@pytest.mark.usefixtures("server")
def test_a_model_is_fetched_without_a_bar_that_nobody_sees(register, monkeypatch):
    """Where standard error is a file, it would be a line for each step."""
    number = register(4)
    monkeypatch.delenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", raising=False)  # stages set it
    fetch = f"from genrenet.serving.location import locate; locate('models:/songs/{number}')"

    fetched = subprocess.run([sys.executable, "-c", fetch], check=True, capture_output=True)

    assert b"Downloading" not in fetched.stderr


@pytest.mark.usefixtures("server")
def test_an_alias_that_moves_while_a_version_is_judged_is_not_overwritten(
    params, register, changed, monkeypatch
):
    """Nor is anything else changed: the version was judged beside another one."""
    first, second = register(4), register(4, changed("warmer", temperature=9.0))
    promote(params, first)
    before = [tags(number) for number in (first, second)]

    def judged(*how):
        decision = judge(*how)
        client().delete_registered_model_alias("songs", "champion")
        return decision

    monkeypatch.setattr("flows.promote.judge", judged)
    said = r"was version 1 when .* is none now: .* Decide anew: python -m flows\.promote 2\."
    with pytest.raises(DataError, match=said):
        promote(params)

    assert champion() == "None"
    assert [tags(number) for number in (first, second)] == before


def test_a_champion_made_one_by_hand_has_nothing_to_roll_back_to(params, register, changed):
    """Also where a promotion made it the champion before, and another version took its place."""
    for temperature in (7.0, 8.0, 9.0):
        promote(params, register(4, changed(f"{temperature}", temperature=temperature)))
    assert [tags(n)["decision"] for n in "123"] == ["replaced", "replaced", "promoted"]
    client().set_registered_model_alias("songs", "champion", "2")
    with pytest.raises(DataError, match="there is no former champion to restore"):
        promote(params, rollback=True)
    assert champion() == "2"

    client().set_registered_model_alias("songs", "champion", "3")
    for restored in "21":
        promote(params, rollback=True)
        assert (champion(), tags(restored)["decision"]) == (restored, "restored")


def test_groups_that_the_champion_has_seen_are_left_out_for_both(
    params, register, changed, tracks, tmp_path
):
    """It was trained on another split, with one of the present test artists; it is asked anew."""
    stranger = {"level": "performer", "digest": "another"}
    seen = tracks["group"].iloc[0]
    ids = tracks.loc[tracks["group"] == seen, "track_id"]
    old = changed("old", provenance={"weights": [ids.iloc[0], "gone"]}, certificate=stranger)
    client_number = register(0, old)
    client().set_registered_model_alias("songs", "champion", client_number)
    number = register(4)
    with pytest.raises(PromotionError, match="difference"):  # one group is left: no evidence
        promote(params, number)

    kept = pages(number, tmp_path)["refused"]
    found = json.loads((kept / "decision.json").read_text("utf-8"))
    assert found["decision"]["comparison"]["n_tracks"] == (tracks["group"] != seen).sum()
    assert found["decision"]["comparison"]["n_groups"] == tracks["group"].nunique() - 1
    assert any(
        f"{len(ids)} of {len(tracks)} test tracks are of groups" in r for r in found["remarks"]
    )
    assert any(
        remark.startswith("1 tracks that the champion has seen") for remark in found["remarks"]
    )


def test_what_the_champion_cannot_hear_counts_against_it_and_is_told(
    params, register, changed, study, spec, tracks
):
    """A file is gone since, and it is asked anew; where many are, it is not asked at all."""
    other = spec.model_copy(update={"fmin": 99.0})
    about = {"specification": other.model_dump(mode="json"), "specification_hash": other.hash}
    old = changed("old", certificate={"level": "performer", "digest": "another"}, **about)
    versions = [find_version("songs", number) for number in (register(4), register(0, old))]
    gone = study.catalog["track_id"] == tracks["track_id"].iloc[0]
    write_table(study.catalog[~gone], CATALOG, CATALOG_SCHEMA)
    corpus = params.corpus.model_copy(update={"max_bad_share": 0.25})
    strict, _ = judge(*versions, params)
    found, remarks = judge(*versions, params.model_copy(update={"corpus": corpus}))

    (check,) = strict.failed
    assert "the champion cannot be asked: 1 of 4 test tracks cannot be heard" in check.found
    assert found.comparison.n_tracks == 4
    assert found.comparison.champion.value <= 0.75
    assert any("1 of 4 test tracks cannot be heard by the champion" in one for one in remarks)


def test_a_champion_that_has_seen_every_group_is_no_rival(params, register, changed, tracks):
    """The refusal says so; and as a challenger there is nothing to judge it by."""
    everything = {"weights": sorted(tracks["track_id"])}
    stranger = {"level": "performer", "digest": "another"}
    old = register(4, changed("old", provenance=everything, certificate=stranger))
    client().set_registered_model_alias("songs", "champion", old)
    with pytest.raises(PromotionError, match="no test group is left that neither has seen"):
        promote(params, register(4))
    client().delete_registered_model_alias("songs", "champion")
    with pytest.raises(DataError, match="of a group that the challenger has not seen"):
        promote(params, old)


def test_a_champion_that_cannot_be_read_gives_way_to_force_alone(params, register, changed):
    """Its figures are unknown, so nothing shows that the challenger is no worse."""
    register(4)
    broken = register(4, changed("broken", temperature=9.0))
    client().set_registered_model_alias("songs", "champion", broken)
    shutil.rmtree(next(Path("store/artifacts").rglob("broken")))
    with pytest.raises(PromotionError, match=r"the champion cannot be asked: models:/songs/2"):
        promote(params, "1")
    promote(params, "1", force=True, reason="the other is lost")

    assert champion() == "1"


def test_a_champion_of_another_specification_hears_the_audio_its_own_way(
    params, study, register, changed, tracks, spec
):
    """From the files, spans respected; of a track without a span, the answer is a prediction's."""
    other = spec.model_copy(update={"fmin": 99.0})
    folder = changed(
        "other", specification=other.model_dump(mode="json"), specification_hash=other.hash
    )
    version = find_version("songs", register(4, folder))
    catalog = study.catalog.copy()
    catalog.loc[catalog["track_id"] == tracks["track_id"].iloc[0], "end_s"] = 1.5
    write_table(catalog, CATALOG, CATALOG_SCHEMA)
    splits = study.splits.assign(group=study.splits["group"] + "!")  # so no report is of it
    assert split_digest(splits) != version.tags["certificate.digest"]
    with held_by(version) as held:
        found = answered(held, tracks, splits, params)

    spans = {}
    for path in WORK.rglob("shard-*.parquet"):
        spans |= read_footer(path)["tracks"]
    assert spans[tracks["track_id"].iloc[0]].endswith(" 0.0-1.5")
    assert set(spans) == set(tracks["track_id"])
    classifier = Classifier.load(folder)
    whole = found[1:]
    assert list(whole["prediction"]) == [
        classifier.predict(study.audio / track).label for track in whole["track_id"]
    ]


def run(*arguments):
    """The command's exit code, and what it says."""
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], r"has no model 'songs'; it has: none. Run 'dvc repro'"),
        (["--rollback"], "has no model 'songs'"),
        (["--force"], "needs a reason that is kept"),
        (["--force", "--reason", " "], "needs a reason that is kept"),
        (["--rollback", "3"], "give it neither VERSION nor --force"),
        (["--corpus", "nowhere"], "there is no such corpus"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(params, arguments, said):
    """With exit code 2, and before anything is judged."""
    code, told = run(*arguments)

    assert code == 2
    assert said in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["9"], "has no version and no alias '9'. Versions: 1, 2; aliases: challenger (2)."),
        (["chalenger"], "Did you mean 'challenger'?"),
        (["--rollback"], "songs has no champion: there is nothing to roll back"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(params, register, arguments, said):
    """Version, alias, champion."""
    register(4)
    register(3)

    code, told = run(*arguments)

    assert code == 2
    assert said in told


def test_shards_made_for_a_judgement_are_dropped_though_it_fails(
    params, register, changed, spec, monkeypatch
):
    """Another specification's, of a challenger that then answers nothing."""
    other = spec.model_copy(update={"fmin": 99.0})
    about = {"specification": other.model_dump(mode="json"), "specification_hash": other.hash}
    register(4, changed("other", certificate={"level": "performer", "digest": "x"}, **about))
    made = []

    def fail(*_):
        made.extend(WORK.rglob("shard-*.parquet"))
        raise DataError("no answer")

    monkeypatch.setattr("flows.judging.new_answers", fail)
    with pytest.raises(DataError, match="no answer"):
        promote(params)

    assert made
    assert not WORK.exists()


def test_nobody_is_promoted_while_a_rebuild_is_at_work(params, register):
    """It changes what a challenger is judged by."""
    register(4)
    with FileLock(home() / "work.lock"):
        code, told = run()

    assert code == 2
    assert "another run is at work here" in told
    assert champion() == "None"


def test_a_store_that_is_not_there_is_told(params, monkeypatch):
    """With what to do."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////proc/nowhere/mlflow.db")

    code, told = run()

    assert code == 2
    assert "error:" in told


def test_a_refused_promotion_is_exit_code_2(params, register):
    """The failed checks are named."""
    register(2)
    code, said = run()

    assert code == 2
    assert "version 1 of songs does not pass the gate, there is still no champion" in said
    assert "majority: 50.0% of 4 tracks right, wanted: above 50.0%" in said


def test_prefect_shows_the_checks_and_that_it_was_refused(params, register, api):
    """By table, picture and state: an answer, as from the page. ``make up``'s Prefect is found."""
    register(2)
    home()
    command = [sys.executable, "-m", "flows.promote"]
    up = (Identity.of(os.getpid()),)  # as long as it runs
    tell(Addresses(prefect=api.url, mlflow="http://127.0.0.1:1", processes=up))
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False)
    flow_run = api.last_run("promote")
    shown = {artifact["key"]: artifact for artifact in api.of_run("artifacts", flow_run)}

    assert done.returncode == 2
    assert shown["promotion"]["type"] == "table"
    assert shown["promotion-figure"]["type"] == "image"
    rows = {row["name"]: row["passed"] for row in json.loads(shown["promotion"]["data"])}
    assert rows["majority"] == "no"
    assert rows["certificate"] == rows["latency"] == "yes"
    assert (flow_run["state_type"], flow_run["state_name"]) == ("COMPLETED", "Refused")
    assert "does not pass the gate" in flow_run["state"]["message"]
