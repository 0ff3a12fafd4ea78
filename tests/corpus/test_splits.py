"""Splits: no group on two sides, every genre on each, the same today and tomorrow."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.corpus.splits import SIDES, split_tracks
from genrenet.errors import DataError
from genrenet.params import Split


def catalog(**groups):
    """Tracks of genres, each given as the sizes of its groups."""
    rows = [
        {
            "track_id": f"{genre}/{group}/{n}",
            "path": f"{genre}/{group}/{n}.wav",
            "genre": genre,
            "group": f"{genre}-{group}",
            "group_known": True,
            "fold": None,
            "split": None,
        }
        for genre, sizes in groups.items()
        for group, size in enumerate(sizes)
        for n in range(size)
    ]
    return pd.DataFrame(rows)


def sides(tracks, **changes):
    """Track id and side."""
    table = split_tracks(tracks, Split(**changes)).table
    return dict(zip(table["track_id"], table["split"], strict=True))


sizes = st.lists(st.integers(1, 12), min_size=3, max_size=12)
corpora = st.lists(sizes, min_size=2, max_size=6).map(
    lambda genres: catalog(**{f"genre{n}": groups for n, groups in enumerate(genres)})
)


@settings(max_examples=60, deadline=None)  # no deadline: the machine is shared
@given(corpora, st.integers(0, 2**32 - 1))
def test_no_group_stands_on_two_sides(tracks, seed):
    """The one promise that every score rests on."""
    table = split_tracks(tracks, Split(seed=seed)).table

    assert (table.groupby("group")["split"].nunique() == 1).all()
    assert set(table["track_id"]) == set(tracks["track_id"])


@settings(max_examples=60, deadline=None)
@given(corpora, st.integers(0, 2**32 - 1))
def test_every_genre_of_three_groups_is_on_all_sides(tracks, seed):
    """However uneven the groups are."""
    placement = split_tracks(tracks, Split(seed=seed))

    assert (placement.table.groupby("genre")["split"].nunique() == 3).all()
    assert placement.warnings == ()


@settings(max_examples=30, deadline=None)
@given(corpora, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(tracks, random):
    """Another file system lists the files in another order."""
    order = list(range(len(tracks)))
    random.shuffle(order)

    assert split_tracks(tracks.iloc[order], Split()).table.equals(
        split_tracks(tracks, Split()).table
    )


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(20, 40), min_size=2, max_size=4),
    st.floats(0.1, 0.3),
    st.floats(0.1, 0.3),
)
def test_shares_are_honoured_as_far_as_groups_allow(n_groups, validation, test):
    """With many groups of two tracks, each genre is within two groups of its share."""
    tracks = catalog(**{f"g{i}": [2] * n for i, n in enumerate(n_groups)})
    table = split_tracks(tracks, Split(validation=validation, test=test)).table

    counts = pd.crosstab(table["genre"], table["split"])
    wanted = pd.DataFrame({"validation": validation, "test": test}, index=counts.index).mul(
        counts.sum(axis=1), axis=0
    )
    assert ((counts[["validation", "test"]] - wanted).abs() <= 4).all(axis=None)


def test_another_seed_gives_another_split():
    """Else a lucky split could not be told from a good model."""
    tracks = catalog(a=[2] * 10, b=[2] * 10)

    assert sides(tracks, seed=0) == sides(tracks, seed=0) != sides(tracks, seed=1)


def test_a_group_that_plays_two_genres_is_kept_whole():
    """An artist is one artist, whatever is played."""
    tracks = catalog(a=[2] * 6, b=[2] * 6).replace({"group": {"b-0": "a-0"}})
    table = split_tracks(tracks, Split()).table

    assert table.loc[table["group"] == "a-0", "split"].nunique() == 1


def test_two_groups_are_learned_and_tested_with_a_warning():
    """There is nothing left to validate on; the reader is told which genre."""
    placement = split_tracks(catalog(a=[3, 3], b=[3, 3, 3]), Split())
    by_genre = placement.table.groupby("genre")["split"].unique().map(set)

    assert by_genre["a"] == {"train", "test"}
    assert [w for w in placement.warnings if "no validation track for a:" in w]


def test_genres_of_one_group_are_refused_by_name():
    """All of them at once."""
    with pytest.raises(
        DataError, match=r"2 genres have one group each: b, c. .* add recordings of"
    ):
        split_tracks(catalog(a=[3, 3, 3], b=[5], c=[1]), Split())


def test_an_official_fold_is_tested_and_the_next_one_validates():
    """Cyclic: after the last comes the first."""
    tracks = catalog(a=[1] * 8, b=[1] * 8)
    tracks["fold"] = [1, 2, 3, 4] * 4
    table = split_tracks(tracks, Split(test_fold=4)).table

    assert table["split"].tolist() == ["validation", "train", "train", "test"] * 4


@pytest.mark.parametrize(
    ("folds", "message"),
    [
        ([1, 2, 3, None], "2 tracks have no fold. Give a manifest"),
        ([1, 2, 3, 3], "test_fold is 4; the manifest has the folds 1, 2, 3"),
        ([4, 5, 4, 5], "One of at least three"),
    ],
)
def test_folds_that_do_not_fit_are_refused(folds, message):
    """The message lists what there is."""
    tracks = catalog(a=[1] * 4, b=[1] * 4).assign(fold=folds * 2)

    with pytest.raises(DataError, match=message):
        split_tracks(tracks, Split(test_fold=4))


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
    assert "1 listed tracks are not in the corpus" in placement.warnings


def test_a_listed_recording_of_several_tracks_is_one_that_is_there(listed):
    """Segments share a path: the strangers on the lists are still counted."""
    tracks = TRACKS.assign(
        path=[f"{genre}/{n}.wav" for genre in "ab" for n in (0, 0, 1)],
        group=[f"{genre}/{n}.wav" for genre in "ab" for n in (0, 0, 1)],
    )
    names = {"train": ["a/0", "b/0", "a/8", "a/9"], "test": ["a/1", "b/1"]}

    assert "2 listed tracks are not in the corpus" in listed(tracks, **names).warnings


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
        ({"train": ["x/a/0"], "test": ["x/b/0"]}, "no track of the corpus .* the corpus has 'a/0/"),
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
