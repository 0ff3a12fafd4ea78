"""Settings: the file and the defaults are one, and nothing impossible gets in."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from genrenet.errors import ParamsError
from genrenet.params import Params, read_params
from genrenet.sections.features import Features, Preprocessing
from genrenet.settings import digest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def read(tmp_path):
    """Read settings from a text."""

    def read_text(text):
        path = tmp_path / "params.yaml"
        path.write_text(text, "utf-8")
        return read_params(path)

    return read_text


def test_the_commented_file_says_what_the_defaults_are():
    """A user reads params.yaml; a key that is left out must mean what stands there.

    But for the demo's one copy, which is rendered: one that can be listened to.
    """
    written = read_params(ROOT / "params.yaml")
    augment = written.augment.model_copy(update={"method": Params().augment.method})

    assert written.model_copy(update={"augment": augment}) == Params()
    assert written.augment.method == "render"


def test_the_commented_file_names_every_setting():
    """A setting that is not in the file is one that nobody finds."""
    text = (ROOT / "params.yaml").read_text("utf-8")
    sections = {field.alias or name: field for name, field in Params.model_fields.items()}

    missing = [
        f"{section}.{name}"
        for section, field in sections.items()
        for name in field.annotation.model_fields
        if f"  {name}:" not in text
    ]

    assert set(missing) == set()


@pytest.mark.parametrize("text", ["", "{}", "train:\n", "train:\n  # epochs: 3\n"])
def test_what_is_left_out_has_its_default(read, text):
    """An empty file, and a section whose every line is commented out."""
    assert read(text) == Params()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("featurs: {}", "featurs is not a setting. Did you mean 'features'?"),
        ("features: {hop_lenght: 3}", "features.hop_lenght is not a setting. Did you mean 'hop_l"),
        ("train: {spec_augment: {time_frame: 2}}", "time_frame is not .* Did you mean 'time_fram"),
        ("register: {nam: x}", "register.nam is not a setting. Did you mean 'name'?"),
        ("evaluate: {zzz: 1}", "Known here: bootstrap, confidence, seed, top_k"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known(read, text, message):
    """A misspelt key that is passed over is a setting that does nothing."""
    with pytest.raises(ParamsError, match=message):
        read(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("features: {sr: fast}", "features.sr is 'fast'"),
        ("features: {n_shards: 2.5}", "features.n_shards is 2.5"),
        ("features: 3", "features is 3"),
        ("corpus: {columns: {path: 3}}", "corpus.columns.path is 3"),
        ("corpus: {layout: tree}", "corpus.layout is 'tree': input should be 'auto', 'folders'"),
        ("train: {channels: 16}", "train.channels is 16"),
        ("features: {dtype: float64}", "features.dtype is 'float64'"),
        ("features: {revision: 1}", "features.revision is 1"),
        ("register: {name: a/b}", "register.name is 'a/b'"),
        ("[1, 2]", r"expected sections such as 'features:', got \[1, 2\]"),
        ("a: b: c", "is not valid YAML"),
    ],
)
def test_a_wrong_type_is_refused_by_name(read, text, message):
    """The message says which setting, and what came."""
    with pytest.raises(ParamsError, match=message):
        read(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("features: {overlap_s: 3.0}", "overlap_s is 3.0 s and window_s is 3.0 s"),
        ("features: {window_s: 0.05, overlap_s: 0}", "window_s is 0.05 s .* n_fft = 2048"),
        ("features: {hop_length: 4096}", "hop_length is 4096 and n_fft is 2048"),
        ("features: {overlap_s: 2.999}", "overlap_s 2.999 are less than one hop apart"),
        ("features: {fmax: 12000}", "fmax is 12000.0 Hz, over the Nyquist frequency 11025.0"),
        ("features: {fmin: 500, fmax: 400}", "fmin is 500.0 Hz, not below fmax = 400.0"),
        ("features: {fmin: 11025}", "fmin is 11025.0 Hz, not below fmax = 11025.0"),
        ("features: {n_mels: 16}", "n_mfcc is 20, more than n_mels = 16"),
        ("features: {max_duration_s: 0.2}", "features.max_duration_s is 0.2"),
        ("split: {validation: 0.5}", "split.validation is 0.5"),
        ("split: {policy: lists, test_fold: 1}", "policy is 'lists' and test_fold is 1"),
        ("split: {test_fold: 1}", "policy is 'group' and test_fold is 1: only policy: folds"),
        ("augment: {snr_db: [30, 10]}", r"snr_db is \[30.0, 10.0\]: give \[lowest, highest\]"),
        ("augment: {pitch_semitones: 0.2}", "pitch_semitones is 0.2: .* never drawn"),
        ("augment: {stretch: 0.01}", "stretch is 0.01: .* never drawn"),
        ("train: {feature: mfcc, scaling: unit}", "scaling is 'unit' and feature is 'mfcc'"),
        (
            "{features: {stft: true}, train: {feature: stft, scaling: unit}}",
            "scaling is 'unit' and feature is 'stft': bins reach above",
        ),
        (
            "{features: {n_chroma: 24}, train: {feature: chroma, scaling: clip}}",
            "scaling is 'clip' and feature is 'chroma': pitch classes are no levels",
        ),
        (
            "{features: {n_chroma: 12}, train: {feature: chroma}}",
            "train.channels has 4 blocks, .* 129 frames x 12 bins: use fewer blocks",
        ),
        (
            "train: {spec_augment: {frequency_bins: 64}}",
            "masks up to 64 bins .* nothing would be left",
        ),
        ("train: {seeds: [1, 1]}", r"seeds is \[1, 1\]: each seed once"),
        ("train: {seeds: []}", "train.seeds"),
        ("train: {floor_db: 0}", "train.floor_db is 0"),
        ("train: {channels: [4, 4, 4, 4, 4, 4, 4]}", "train.channels has 7 blocks"),
        ("evaluate: {top_k: 1}", "evaluate.top_k is 1"),
    ],
)
def test_what_cannot_be_is_refused_by_name(read, text, message):
    """Each message names the key and what to do, before any work is done."""
    with pytest.raises(ParamsError, match=message):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "features: {max_duration_s: .inf}",
        "features: {window_s: .inf}",
        "train: {learning_rate: .nan}",
        "augment: {snr_db: [.nan, .nan]}",
    ],
)
def test_numbers_must_be_finite(read, text):
    """They would come up as an overflow in the middle of the work."""
    with pytest.raises(ParamsError, match=r"finite number"):
        read(text)


@pytest.mark.parametrize("text", ["split: {seed: -1}", "train: {seeds: [4294967296]}"])
def test_a_seed_that_no_generator_takes_is_refused(read, text):
    """NumPy takes none below 0, Keras none of more than 32 bits."""
    with pytest.raises(ParamsError, match=r"seed"):
        read(text)


def test_all_that_is_wrong_is_told_at_once(read):
    """One line each."""
    with pytest.raises(ParamsError) as refusal:
        read("features: {sr: x}\ntrain: {epoch: 3}")

    lines = str(refusal.value).splitlines()
    assert ["features.sr" in lines[0], "train.epoch" in lines[1], len(lines)] == [True, True, 2]


def test_a_missing_file_is_told_with_what_to_do(tmp_path):
    """The usual cause is another working folder."""
    with pytest.raises(ParamsError, match=r"Run from the project's folder"):
        read_params(tmp_path / "params.yaml")


def test_a_file_in_another_encoding_is_told(tmp_path):
    """Windows editors may write UTF-16."""
    path = tmp_path / "params.yaml"
    path.write_text("train: {}", "utf-16")

    with pytest.raises(ParamsError, match=r"UTF-8"):
        read_params(path)


def test_settings_cannot_be_changed():
    """They are hashed and sent to workers."""
    with pytest.raises(ValidationError, match=r"frozen"):
        Params().features.sr = 44_100


OTHERS = {
    "sr": 44_100,
    "head_skip_s": 1.0,
    "trim_db": None,
    "max_duration_s": 30.0,
    "n_fft": 4_096,
    "hop_length": 256,
    "n_mels": 128,
    "fmin": 30.0,
    "fmax": 8_000.0,
    "mel_scale": "htk",
    "n_mfcc": 13,
    "n_chroma": 24,
    "chroma_from": "tonic",
    "stft": True,
    "window_s": 4.0,
    "overlap_s": 1.0,
    "dtype": "float32",
}


@pytest.mark.parametrize("name", sorted(set(Preprocessing.model_fields) - {"revision"}))
def test_any_other_specification_has_another_hash(name):
    """The hash stands for the whole specification, in shards, bundles and MLflow."""
    rest = {"n_chroma": 24} if name == "chroma_from" else {}

    assert Preprocessing(**{name: OTHERS[name]}, **rest).hash != Preprocessing(**rest).hash


def test_the_hash_is_of_values_not_of_their_spelling(read):
    """60 and 60.0 are one setting; so are fmax: null and no fmax."""
    assert read("features: {trim_db: 60, fmax: null}").features.hash == Features().hash


def test_the_number_of_files_is_no_part_of_the_specification():
    """Other shards, same rows."""
    assert Features(n_shards=9).specification == Features(n_shards=1).specification


def test_a_digest_does_not_depend_on_the_order_of_keys():
    """JSON objects have none."""
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 2, "b": 1})
