"""What Prefect's own log repeats, and a service and its runs do not pass on."""

import logging


def spare_repetition() -> None:
    """Drop that a run waits, said every two seconds, and the traceback of a run that said why."""
    logging.getLogger("prefect.runner").addFilter(_says_something)
    for name in ("prefect.engine", "prefect.flow_runs"):  # both tell of the same one
        logging.getLogger(name).addFilter(_is_unforeseen)


def _says_something(record: logging.LogRecord) -> bool:
    return "at capacity" not in record.getMessage()


def _is_unforeseen(record: logging.LogRecord) -> bool:
    from prefect.exceptions import FailedRun

    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, FailedRun)
