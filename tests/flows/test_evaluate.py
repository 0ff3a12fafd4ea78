"""The stage ``evaluate``: what it says beside the score."""

import re
from dataclasses import replace

from flows import evaluate as module
from genrenet.sections.corpus import Corpus
from genrenet.sections.train import Evaluate
from genrenet.serving.bundle import read_bundle
from tasks.evaluate import Paths, evaluate_bundle


def test_the_table_of_classes_says_what_all_of_them_come_to(study, bundle, monkeypatch):
    """Accuracy with its interval, baseline and majority: no row of a class tells them."""
    shown = []
    monkeypatch.setattr(module, "table", lambda name, rows, description: shown.append(description))
    paths = Paths(bundle=bundle, features=study.features, augmented=study.augmented)
    module._show(evaluate_bundle(paths, study.splits, Evaluate()), read_bundle(bundle))

    (about,) = shown
    for figure in (r"% of \d+ test tracks \(.*–.*\)", "baseline .*%", "most common class .*%"):
        assert re.search(figure, about)


def test_a_score_that_gtzan_s_labels_do_not_allow_is_told(study, bundle, capsys):
    """Of a model that learned from GTZAN, wherever its settings are today."""
    paths = Paths(bundle=bundle, features=study.features, augmented=study.augmented)
    report = evaluate_bundle(paths, study.splits, Evaluate())
    report = replace(report, track=replace(report.track, accuracy=0.97))
    about = read_bundle(bundle)
    gtzan = about.params.model_copy(update={"corpus": Corpus(layout="gtzan")})

    module._show(report, about)
    assert "labels allow" not in capsys.readouterr().err
    module._show(report, about.model_copy(update={"params": gtzan}))
    assert "97.0% is more than GTZAN's labels allow" in capsys.readouterr().err
