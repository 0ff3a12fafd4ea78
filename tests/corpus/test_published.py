"""Published lists: read as they were written, and written so that others can read them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.corpus.published import write_lists
from genrenet.corpus.sides import SIDES
from genrenet.corpus.splits import split_tracks
from genrenet.errors import DataError
from genrenet.sections.corpus import Split
from tests.corpus.catalogs import catalog, corpora, sides


@pytest.fixture
def listed(tmp_path):
    """Sides by the text files that are given."""

    def place(tracks, **files):
        for name, lines in files.items():
            (tmp_path / f"{name}.txt").write_text("\n".join(lines), "utf-8")
        return split_tracks(tracks, Split(policy="lists", lists=str(tmp_path)))

    return place


TRACKS = catalog(a=[1, 1, 1], b=[1, 1, 1])


@pytest.mark.parametrize("suffix", [".wav", ".au", ".MP3", ""])
@pytest.mark.parametrize("name", ["valid_filtered", "validation", "val"])
def test_lists_name_paths_whatever_their_suffix(listed, suffix, name):
    """GTZAN's say .wav, its files are .au; one is called valid, another validation."""
    files = {
        side: [f"{genre}/{n}/0{suffix}" for genre in "ab"]
        for n, side in enumerate(("train_filtered", name, "test"))
    }

    assert listed(TRACKS, **files).table["split"].tolist() == [*("train", "validation", "test")] * 2


def test_lists_may_have_another_unicode_form_than_the_disk(listed):
    """Published from Windows, copied from a Mac."""
    tracks = TRACKS.assign(path=[f"e\u0301/{path}" for path in TRACKS["path"]])
    files = {
        side: [f"\u00e9/{genre}/{n}/0.wav" for genre in "ab"]
        for n, side in enumerate(("train", "valid", "test"))
    }

    assert listed(tracks, **files).table["split"].notna().all()


def test_a_dot_in_a_track_id_is_no_suffix(listed):
    """As in GTZAN's blues.00029: all of a genre would stand on one side."""
    tracks = TRACKS.assign(
        track_id=[f"{genre}.{n:05d}" for genre in "ab" for n in range(3)], path="x.wav"
    )
    names = {side: [f"a.{n:05d}", f"b.{n:05d}"] for n, side in enumerate(SIDES)}

    assert listed(tracks, **names).table["split"].tolist() == list(SIDES) * 2


def test_what_is_on_no_list_stays_unused_with_a_warning(listed):
    """And what is listed and not there is counted."""
    half = {"train": ["a/0/0", "b/0/0", "a/9/9"], "test": ["a/1/0", "b/1/0"]}
    placement = listed(TRACKS, **half)

    assert len(placement.table) == 4
    assert "2 tracks are on no list and stay unused" in placement.warnings
    assert [w for w in placement.warnings if w.startswith("1 of 5 listed tracks are not")]


def test_a_listed_recording_of_several_tracks_is_one_that_is_there(listed):
    """Segments share a path: the strangers on the lists are still counted."""
    tracks = TRACKS.assign(
        path=[f"{genre}/{n}.wav" for genre in "ab" for n in (0, 0, 1)],
        group=[f"{genre}/{n}.wav" for genre in "ab" for n in (0, 0, 1)],
    )
    names = {"train": ["a/0", "b/0", "a/8", "a/9"], "test": ["a/1", "b/1"]}

    (told,) = [w for w in listed(tracks, **names).warnings if "are not in the corpus" in w]
    assert told.startswith("2 of 6 listed tracks are not in the corpus: a/8, a/9. Complete")


def test_a_list_in_another_encoding_is_refused_by_name(listed, tmp_path):
    """Not read as other letters."""
    (tmp_path / "train.txt").write_text("a/Fu\u00dfball", "latin-1")

    with pytest.raises(DataError, match=r"split.lists: .*train.txt is no text in UTF-8"):
        listed(TRACKS, test=["a/1/0"])


def test_a_genre_that_no_list_names_is_told(listed):
    """Else a class would vanish in silence."""
    placement = listed(TRACKS, train=["a/0/0"], test=["a/1/0"])

    assert "no track of b is on a list: the model will not know them" in placement.warnings


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"train": ["x/a/0"], "test": ["x/b/0"]},
            "none of the 2 tracks .* name 'x/b/0', the corpus has 'a/0/",
        ),
        ({"train": ["a/0/0"], "test": ["a/0/0"]}, "a/0/0 is on the lists of test and of train"),
        ({"train": ["a/0/0"]}, "needs train.*test"),
        ({"train": ["a/0/0"], "valid": ["b/0/0"]}, "needs train.*test"),
        ({}, "needs train.*test"),
        ({"train": ["a/0/0"], "test": ["b/0/0"]}, "no train track is left for b"),
    ],
)
def test_lists_that_do_not_fit_are_refused(listed, files, message):
    """A leak in published lists is a leak."""
    with pytest.raises(DataError, match=message):
        listed(TRACKS, **files)


def test_a_manifest_s_own_sides_come_before_lists():
    """They are nearer to the tracks; what has none stays unused."""
    tracks = TRACKS.assign(split=["train", "validation", "test"] * 2)
    tracks.loc[1, "split"] = None
    table = split_tracks(tracks, Split(policy="lists", lists="nowhere")).table

    assert table["split"].tolist() == ["train", "test", "train", "validation", "test"]


def test_an_unusable_manifest_side_is_refused():
    """A genre that only the test side has cannot be learned."""
    with pytest.raises(DataError, match=r"no train track is left for a"):
        split_tracks(
            TRACKS.assign(split=["validation", "test", "test", "train", "test", "test"]),
            Split(policy="lists"),
        )


def test_many_strangers_are_counted_and_the_first_named(listed):
    """Half of a corpus was never downloaded: its reader sees what is missing."""
    names = {"train": ["a/0/0", "b/0/0", *(f"a/{n}/0" for n in range(7, 17))], "test": ["a/1/0"]}

    (told,) = [w for w in listed(TRACKS, **names).warnings if "are not in the corpus" in w]

    assert "10 of 13 listed tracks are not in the corpus: a/10/0, a/11/0, a/12/0, …" in told


def read_back(tracks, table, folder):
    """Track id and side, from lists that were written of a table."""
    write_lists(table, tracks, folder)
    return sides(tracks, policy="lists", lists=str(folder))


@settings(max_examples=20, deadline=None)
@given(corpora, st.integers(0, 99))
def test_lists_that_were_written_give_the_same_split(tmp_path_factory, tracks, seed):
    """Who has the corpus and the three files has the split."""
    table = split_tracks(tracks, Split(seed=seed)).table

    lists = read_back(tracks, table, tmp_path_factory.mktemp("lists"))

    assert lists == dict(zip(table["track_id"], table["split"], strict=True))


@pytest.mark.parametrize(
    "names",
    [
        ["دشتی/۱.mp3", "شور/۲.mp3", "ماهور/۳.mp3"],
        ["देउडा/गीत १.wav", "तामाङ/गीत २.wav", "नेवारी/गीत ३.wav"],
        ["摇滚/一.flac", "爵士/二.flac", "🎷/三.flac"],
        [" rock/with spaces .wav", "a\u2028b/c\u0085.wav", "rock/x\x1c.wav"],
        ["a/same.wav", "a/same.mp3", "a/same.flac"],
        ["a/e\u0301.wav", "a/o\u0308.wav", "a/plain.WAV"],
    ],
)
def test_lists_hold_names_in_any_script(tmp_path, names):
    """And names that differ in their suffix alone, or hold what other programs take for a break."""
    tracks = catalog(a=[1] * 3, b=[1] * 3)
    tracks["path"] = [*names, *(f"other/{name}" for name in names)]
    table = tracks.assign(split=[*SIDES] * 2)

    assert list(read_back(tracks, table, tmp_path).values()) == [*SIDES] * 2


def test_lists_are_sorted_and_name_paths(tmp_path):
    """One a line, the suffix too; a side without tracks is an empty file."""
    tracks = catalog(b=[1, 1], a=[1, 1])
    table = tracks.assign(split=["train", "test", "train", "test"])

    write_lists(table, tracks, tmp_path)

    read = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    assert read == {
        "train.txt": "a/0/0.wav\nb/0/0.wav\n",
        "validation.txt": "",
        "test.txt": "a/1/0.wav\nb/1/0.wav\n",
    }


def test_tracks_that_share_a_file_are_listed_by_id(tmp_path):
    """Their path would name them all."""
    tracks = catalog(a=[1] * 3, b=[1] * 3).assign(path=["a.wav"] * 3 + ["b.wav"] * 3)
    table = tracks.assign(split=[*SIDES] * 2)

    assert list(read_back(tracks, table, tmp_path).values()) == [*SIDES] * 2
    assert (tmp_path / "test.txt").read_text("utf-8") == "a/2/0\nb/2/0\n"


def test_lists_of_an_earlier_split_are_replaced(tmp_path):
    """None of its lines stays."""
    tracks = catalog(a=[2] * 5, b=[2] * 5)
    first, second = (split_tracks(tracks, Split(seed=seed)).table for seed in (0, 1))
    read_back(tracks, first, tmp_path)

    assert read_back(tracks, second, tmp_path) == dict(
        zip(second["track_id"], second["split"], strict=True)
    )
