"""The browser of the tests: what goes wrong in a page is noted, but for what is known."""

import pytest

from tests.browser import ABSENT, browser
from tests.flows.test_health import serving


@pytest.mark.browser
def test_a_picture_that_is_missing_is_noted():
    """Whatever its kind; what Prefect's and MLflow's own pages lack is not."""
    asked = ("/figure.svg", "/ico/figure.ico", *ABSENT)
    page = "<!doctype html>" + "".join(f'<img src="{address}">' for address in asked) + "drawn"
    with serving({"/": (200, page.encode())}) as server, browser() as window:
        window.open(f"http://127.0.0.1:{server.server_port}/")
        window.see("drawn")

    assert sorted(error.rpartition("/")[2] for error in window.errors) == [
        "figure.ico)",
        "figure.svg)",
    ]
