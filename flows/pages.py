"""The pages: where a person looks at a run, in Prefect and in MLflow; each leads to the other."""

from flows.addresses import told
from flows.health import why_silent
from flows.orchestrator import orchestrator
from flows.reports import link, say
from genrenet.errors import DataError
from genrenet.serving.store import database_of, own_database, tracking_uri
from tasks.run_page import run_page
from tasks.tracking import connect


def prefect_page() -> dict[str, str]:
    """The page of the flow run that the caller stands in, by its stage; empty outside of one."""
    if not orchestrator.hears():
        return {}
    from prefect.context import FlowRunContext
    from prefect.utilities.urls import url_for

    context = FlowRunContext.get()
    if context is None or context.flow_run is None or context.flow is None:
        return {}
    address = url_for(context.flow_run)
    return {context.flow.name: address} if address else {}


def show_run(run_id: str) -> None:
    """Tell where MLflow shows a run, where it has a page: a server, or that of ``make up``."""
    server = mlflow_page()
    if server is None:
        return
    try:
        experiment_id = connect().get_run(run_id).info.experiment_id
    except DataError:  # it has just been written to, and is told of by whoever needs it next
        return
    address = run_page(run_id, experiment_id, server)
    link("mlflow-run", address, text="The run in MLflow")
    say(f"MLflow: {address}")


def mlflow_page() -> str | None:
    """The page of the store that is written to; None where nobody shows it."""
    uri, services = tracking_uri(), told()
    if uri.startswith("http"):
        return uri
    is_own = database_of(uri) == own_database().resolve()  # MLflow itself sets the variable
    if is_own and services and why_silent(f"{services.mlflow}/health") is None:
        return services.mlflow
    return None
