"""GTZAN: found wherever its clips lie, and judged by what is known of its faults."""

import pandas as pd
import pytest

from genrenet.corpus.gtzan import ceiling_warning, without_broken
from genrenet.errors import DataError
from genrenet.sections.corpus import Corpus


@pytest.mark.parametrize(
    "name",
    [
        *("blues/blues.00007.wav", "genres/blues/blues.00007.au"),
        *("Data/genres_original/blues/blues.00007.wav", "blues.00007.flac"),
    ],
)
def test_clips_have_the_ids_of_published_lists(tracks_in, name):
    """Whichever copy it is, of whatever format, and however deep its folders."""
    track = tracks_in(name, "jazz/jazz.00001.wav", layout="gtzan")["blues/blues.00007"]

    assert (track.path, track.genre, track.group) == (name, "blues", None)


def test_other_recordings_and_gaps_are_told(listing_of):
    """A part of GTZAN, and what somebody has put beside it."""
    clips, others = ("jazz.00000.wav", "rock.00001.mp3"), ("jazz.00100.wav", "my song.wav")
    listing = listing_of(*clips, *others, layout="gtzan")

    assert [track.track_id for track in listing.tracks] == ["jazz/jazz.00000", "rock/rock.00001"]
    assert listing.warnings == (
        "2 recordings have no name of GTZAN's (jazz.00000.wav), left out",
        "998 of GTZAN's 1,000 clips are not here",
    )


def test_two_copies_in_one_folder_are_refused(tracks_in):
    """Each clip would be there twice."""
    with pytest.raises(DataError, match=r"1 track ids occur more than once: jazz/jazz.00000"):
        tracks_in("au/jazz/jazz.00000.au", "wav/jazz/jazz.00000.wav", layout="gtzan")


def test_another_corpus_is_refused(tracks_in):
    """By what was looked for."""
    with pytest.raises(DataError, match=r"holds no clip of GTZAN. Expected jazz/jazz.00000.wav"):
        tracks_in("jazz/song.wav", layout="gtzan")


def test_the_clip_that_everybody_has_broken_is_left_out():
    """It is no fault of this copy; others that cannot be read are."""
    ids = ["jazz/jazz.00053", "jazz/jazz.00054", "jazz/jazz.00055"]
    catalog = pd.DataFrame({"track_id": ids, "problem": ["unreadable", "unreadable", None]})

    left, note = without_broken(catalog, Corpus(layout="gtzan"))

    assert list(left["track_id"]) == [ids[0], ids[2]]
    assert note is not None
    assert "jazz.00054 is left out" in note


def test_a_copy_in_which_it_can_be_read_keeps_it():
    """As the first one can be, and those that were repaired."""
    catalog = pd.DataFrame({"track_id": ["jazz/jazz.00054"], "problem": [None]}, dtype=object)

    assert len(without_broken(catalog, Corpus(layout="gtzan"))[0]) == 1


def test_a_clip_of_that_name_elsewhere_is_a_clip():
    """Only GTZAN is known to have it broken."""
    catalog = pd.DataFrame({"track_id": ["jazz/jazz.00054"], "problem": ["unreadable"]})

    assert without_broken(catalog, Corpus()) == (catalog, None)


@pytest.mark.parametrize(
    "corpus",
    [
        Corpus(layout="gtzan"),
        Corpus(layout="mirdata", loader="gtzan_genre"),
        Corpus(layout="mirdata", loader="gtzan_genre:mini"),
    ],
)
def test_a_score_above_the_labels_is_told(corpus):
    """About one label in twenty is wrong: who answers all of them has seen them before."""
    warning = ceiling_warning(corpus, 0.96)

    assert warning is not None
    assert "96.0% is more than GTZAN's labels allow: about 94.5% of them are right" in warning
    assert ceiling_warning(corpus, 0.945) is None


def test_the_ceiling_is_gtzan_s_alone():
    """Other corpora may be answered rightly altogether."""
    assert ceiling_warning(Corpus(), 1.0) is None
