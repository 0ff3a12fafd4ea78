"""Plans: every track in one shard, whoever else is there and in whatever order they come."""

import itertools
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from genrenet.features.plans import Source, plan_shards, shard_of
from genrenet.sections.features import Preprocessing

IDS = st.lists(st.text(max_size=9), unique=True, max_size=40)
SPEC = Preprocessing()


def plans(ids, n_shards):
    """Plans of tracks that differ in their ids alone."""
    sources = [Source(track_id=i, path=f"/{i}", content_hash="0") for i in ids]
    return plan_shards(sources, Path(), SPEC, n_shards=n_shards)


@given(IDS, st.integers(1, 50))
def test_every_track_is_in_one_shard(ids, n_shards):
    """In the order of the ids; a shard without a track is left out."""
    made = plans(ids, n_shards)
    members = [[source.track_id for source in plan.sources] for plan in made]

    assert sorted(itertools.chain(*members)) == sorted(ids)
    assert all(tracks and tracks == sorted(tracks) for tracks in members)
    assert len({plan.path for plan in made}) == len(made) <= n_shards


@given(st.data(), IDS, st.integers(1, 50))
def test_the_order_of_the_tracks_decides_nothing(data, ids, n_shards):
    """A folder lists its files in any order."""
    assert plans(data.draw(st.permutations(ids)), n_shards) == plans(ids, n_shards)


@given(IDS.filter(bool), st.integers(1, 50))
def test_a_track_that_goes_changes_one_plan(ids, n_shards):
    """All others are equal, and so are their shards."""
    gone, *rest = ids
    before = {plan.path: plan for plan in plans(ids, n_shards)}
    after = {plan.path: plan for plan in plans(rest, n_shards)}

    changed = {path for path in before if before[path] != after.get(path)}
    assert len(changed) == 1
    assert f"-{shard_of(gone, n_shards):05d}-of" not in {p.name for p in set(before) - changed}


@given(IDS, st.integers(1, 50))
def test_what_a_plan_costs_is_no_part_of_it(ids, n_shards):
    """Another length or format in the catalog, for the same bytes, rewrites nothing."""
    costly = [
        Source(track_id=i, path=f"/{i}", content_hash="0", audio_s=9.0, decode_s=1.0) for i in ids
    ]

    assert plan_shards(costly, Path(), SPEC, n_shards=n_shards) == plans(ids, n_shards)


ASK = """
import sys
from genrenet.features.plans import shard_of
print([shard_of(f"track {n}", 1_000) for n in range(100)])
"""


def test_every_process_assigns_alike(monkeypatch):
    """Python salts the hash of a text anew in each; this one is none of it."""
    answers = set()
    for salt in ("0", "1"):
        monkeypatch.setenv("PYTHONHASHSEED", salt)
        done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, check=True)
        answers.add(done.stdout.decode().strip())

    assert answers == {str([shard_of(f"track {n}", 1_000) for n in range(100)])}
