"""What is shown of an address: where it leads, and nothing by which one gets in."""

from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from genrenet.serving.store import shown

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
RAW = WORDS.map(lambda word: "".join(word.split())).filter(lambda word: not set(word) & set("?&;"))
PLACES = st.sampled_from(
    ["http://host:5000/api", "postgresql+psycopg2://host/store", "ray://host:1"]
)
NAMES = st.sampled_from(["user", "password", "sslpassword", "PWD", "access_token", "odbc_connect"])


@given(place=PLACES, user=RAW, password=RAW)
@example("http://host", "me", "p@ss")
@example("postgresql://host/store", "me", "p/w")
@example("http://host", "me", 'it\'s://"mine"')
def test_neither_user_nor_password_is_shown(place, user, password):
    """Quoted as they should be, or left as they are, which clients bear more or less."""
    scheme, _, rest = place.partition("://")
    for login in (f"{user}:{password}", f"{quote(user, safe='')}:{quote(password, safe='')}"):
        told = f"MLflow at {scheme}://{login}@{rest} does not work, nor does {scheme}://{login}@b."

        assert shown(told) == f"MLflow at {place} does not work, nor does {scheme}://b."


@given(place=PLACES, name=NAMES, value=WORDS)
@example("mssql+pyodbc://host", "odbc_connect", "DRIVER=x;UID=me;PWD=secret")
@example("http://host", "password", "p@ss")
def test_no_key_of_a_query_is_shown(place, name, value):
    """By its name; what else is asked for stays."""
    query = urlencode({"driver": "x", name: value, "timeout": 5})

    assert shown(f"'{place}?{query}'.") == f"'{place}?driver=x&{name}=***&timeout=5'."
    assert shown(f"'{place}?{name}={quote(value, safe='')}'.") == f"'{place}?{name}=***'."


@pytest.mark.parametrize(
    "text",
    [
        "MLFLOW_TRACKING_URI is 'foo'. Expected a server, such as http://localhost:5000?",
        "http://localhost:5000/#/experiments/1/runs/abc?workflowType=machine_learning",
        "models:/genrenet@champion: MLflow at http://127.0.0.1:5000 says: no",
        "sqlite:////home/me@work/mlruns/mlflow.db and file:///home/me@work/mlruns/artifacts",
        "me@example.org",
    ],
)
def test_a_text_without_secrets_is_shown_as_it_is(text):
    """An @ is no password's yet."""
    assert shown(text) == text


@given(st.text().filter(lambda text: not {"@", "="} & set(text)))
def test_where_nothing_can_be_secret_nothing_is_left_out(text):
    """Whatever else stands there."""
    assert shown(text) == text
