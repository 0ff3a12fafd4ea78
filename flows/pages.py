"""The pages: where a person looks at a run, in Prefect and in MLflow; each leads to the other."""

from flows.addresses import told
from flows.health import mlflow_silence
from flows.orchestrator import orchestrator
from flows.reports import link, say
from genrenet.serving.store import SERVER, database_of, shown, tracking_uri
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
    return {context.flow.name: shown(address)} if address else {}


def show_run(run_id: str) -> None:
    """Tell where MLflow shows a run, where it has a page: a server, or that of ``make up``.

    A store that fails here is silent: it has just been written to, and a link is not worth a stage.
    """
    server = mlflow_page()
    if server is None:
        return
    try:
        experiment_id = connect().get_run(run_id).info.experiment_id
    except Exception:
        return
    address = run_page(run_id, experiment_id, server)
    link("mlflow-run", address, text="The run in MLflow")
    say(f"MLflow: {address}")


def mlflow_page() -> str | None:
    """The page of the store that is written to; None where nobody shows it."""
    uri, services = tracking_uri(), told()
    if uri.startswith(SERVER):
        return shown(uri)
    if services is None or _place(services.store) != _place(uri):
        return None
    return None if mlflow_silence(services.mlflow) else services.mlflow


def _place(uri: str) -> str:
    """A store, however its address is written."""
    return str(database_of(uri) or shown(uri))
