"""The form as a person meets it in Prefect's page, and the studies that are started from there."""

import json
import sys

import pytest

from flows.workspace import PARAMS
from tests.browser import PATIENCE_MS, browser
from tests.flows import test_deployments as served

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

FILLED = {
    "corpus": ("Max Bad Share", 0.1),
    "demo": ("Seed", 3),
    "features": ("Fmin", 30),
    "duplicates": ("Max Bit Error", 0.2),
    "split": ("Seed", 4),
    "augment": ("Stretch", 0.1),
    "train": ("Epochs", 5),
    "evaluate": ("Seed", 6),
    "studies": ("Epochs", 7),
    "register": ("Name", "song"),
    "promote": ("Margin", 0.02),
    "compute": ("Threads Per Seed", 2),
}
"""In each section one field, by the label that the page gives it, and what is filled in."""
WANT = {
    section: {label.lower().replace(" ", "_"): value} for section, (label, value) in FILLED.items()
}
NOTHING = (None, {"__prefect_kind": "json"})
"""What the page sends for a section that is folded, and for a map that is empty."""
BUSY = 503  # what Prefect answers while its SQLite is written to
STUDIES = """
stages:
  leakage:
    wdir: ..
    cmd: {python} -m toy.leakage
    deps: [one]
    outs: [leaked]
  folds:
    wdir: ..
    cmd: {python} -m toy.folds
    deps: [one]
    outs: [folded]
"""

window = served.window


@pytest.fixture
def with_switch(window):
    """The lines of the project's settings, ``stft`` switched on, once the form shows them."""
    path = window.project.folder / PARAMS
    text = path.read_text("utf-8").replace("stft: false ", "stft: true  ")
    path.write_text(text, "utf-8")
    window.until(lambda: shown(window, "Features", "stft").endswith("now: `true`"))
    yield text.splitlines()
    path.write_text(text, "utf-8")


@pytest.mark.browser
@pytest.mark.parametrize("pages", ["", "/v2"])
def test_the_page_changes_what_is_filled_in_and_nothing_else(window, with_switch, pages):
    """One field of every section, in both of Prefect's designs; the switch stays on."""
    sent, run = filled_in(window, pages)

    assert without_nothing(sent["settings"]) == WANT
    assert window.ended(run["id"])["state_type"] == "COMPLETED"
    after = (window.project.folder / PARAMS).read_text("utf-8").splitlines()
    changed = [line for line, was in zip(after, with_switch, strict=True) if line != was]
    assert [line.partition(":")[0].strip() for line in changed] == [
        key for keys in WANT.values() for key in keys
    ]
    window.until(lambda: shown(window, "Train", "epochs").endswith("now: `5`"))


def test_a_study_runs_its_stage_and_what_that_needs(window):
    """Other stages that are stale, its neighbour in the file among them, are left alone."""
    folder = window.project.folder
    for name, made in (("leakage", "leaked"), ("folds", "folded")):
        window.project.add_stage(name, f'    Path("{made}").touch()')
    (folder / "studies").mkdir()
    (folder / "studies/dvc.yaml").write_text(STUDIES.format(python=sys.executable), "utf-8")
    (folder / "recordings/new.wav").touch()

    assert stages(window, "leakage") == ["catalog", "leakage"]
    assert stages(window, "folds") == ["folds"]
    assert (folder / "leaked").exists()
    assert (folder / "folded").exists()


def filled_in(window, pages):
    """Fill in the form and submit it: the parameters that the page sends, and the run."""
    deployment = window.api.deployments()["rebuild"]["id"]
    address = f"{window.api.url.removesuffix('/api')}{pages}/deployments/deployment/{deployment}"
    with browser() as chromium:
        page = chromium.page
        chromium.open(f"{address}/run")
        for section, (label, value) in FILLED.items():
            chromium.see(f"{section.title()} (Optional)")
            page.get_by_text(section.title(), exact=True).first.click()
            below = f"following::*[normalize-space(text())='{label} (Optional)'][1]"
            box = f"{below}/following::*[self::input or self::textarea][1]"
            heading = f"//*[normalize-space(text())='{section.title()} (Optional)']"
            page.locator(f"xpath={heading}/{box}").first.fill(str(value))
        answer = submitted(page)
        sent = json.loads(answer.request.post_data)
        assert answer.ok, answer.text()
        return sent["parameters"], answer.json()


def submitted(page):
    """Submit the form, again where Prefect's SQLite was busy, as it may be; the last answer."""
    for _ in range(5):
        with page.expect_response("**/create_flow_run", timeout=PATIENCE_MS) as answer:
            page.get_by_role("button", name="Submit", exact=True).click()
        if answer.value.status != BUSY:
            break
    return answer.value


def without_nothing(sent):
    """What is sent, without what stands for nothing."""
    if not isinstance(sent, dict):
        return sent
    kept = {key: without_nothing(value) for key, value in sent.items() if value not in NOTHING}
    return {key: value for key, value in kept.items() if value != {}}


def shown(window, section, name):
    """What the form says of a setting."""
    schema = window.api.deployments()["rebuild"]["parameter_openapi_schema"]
    return schema["definitions"][section]["properties"][name]["description"]


def stages(window, deployment):
    """Run a deployment as it is; the stages that it ran."""
    run = window.ended(window.start(deployment))
    assert run["state_type"] == "COMPLETED", run["state"]
    below = {"parent_flow_run_id": {"any_": [run["id"]]}}
    flows = {flow["id"]: flow["name"] for flow in window.api.find("flows")}
    return [flows[one["flow_id"]] for one in window.api.find("flow_runs", flow_runs=below)]
