"""``python -m flows.promote [VERSION]``: a challenger becomes the champion, or is told why not."""

import os
from typing import Annotated

import typer

from flows.engines import found_api
from flows.judging import judge
from flows.rebuild import workspace
from flows.stage import conclude, run, say, step, table
from flows.succession import ROLLED_BACK, now, record, roll_back
from flows.threads import limit_threads
from genrenet.errors import DataError
from genrenet.learning.promotion import PromotionError
from genrenet.learning.verdict import DECISION, Verdict
from genrenet.params import Params, read_params
from tasks.registry import CHALLENGER
from tasks.versions import Version, find_champion, find_version

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    version: Annotated[
        str | None, typer.Argument(help="A version's number or alias; the challenger if none.")
    ] = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Also one that does not pass; needs --reason.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the decision.")] = "",
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Restore the version that the champion replaced.")
    ] = False,
    corpus: Annotated[
        str | None, typer.Option(help="A further corpus, in corpora/; else the current folder's.")
    ] = None,
) -> None:
    """Make a version the champion if it is not worse than the present one."""

    def work() -> None:
        os.environ["PREFECT_API_URL"] = found_api() or ""
        with workspace(corpus):
            run(promote, read_params(), version, force=force, reason=reason, rollback=rollback)

    raise typer.Exit(conclude(work))


def promote(
    params: Params,
    version: str | None = None,
    force: bool = False,
    reason: str = "",
    rollback: bool = False,
) -> None:
    """Judge a version beside the champion, and let it take its place if it passes.

    Parameters
    ----------
    params : Params
        The settings.
    version : str or None
        Number or alias; None: the challenger.
    force : bool
        Whether it becomes the champion although it does not pass.
    reason : str
        Why; it is kept with the decision.
    rollback : bool
        Whether, instead, the version that the champion has replaced takes its place again.

    Raises
    ------
    PromotionError
        It does not pass; that is recorded and nothing else is changed. Or it is the challenger
        that was rolled back, and nobody named it.
    DataError
        There is no such version, or it cannot be judged. Or somebody has made another version the
        champion meanwhile; then nothing is changed.
    """
    _check_request(version, force=force, reason=reason, rollback=rollback)
    limit_threads(params.compute.n_threads)
    name = params.register_.name
    if rollback:
        step(roll_back)(name, reason.strip())
        return
    challenger, champion = find_version(name, version or CHALLENGER), find_champion(name)
    if champion and champion.number == challenger.number:
        say(f"promote: nothing to do: version {champion.number} of {name} is the champion already")
        return
    if not version:
        _check_unasked(challenger)
    decision, remarks = step(judge)(challenger, champion, params)
    verdict = Verdict(
        outcome=decision.outcome(force=force),
        model=name,
        challenger=challenger.number,
        champion=champion.number if champion else None,
        at=now(),
        reason=reason.strip(),
        decision=decision,
        remarks=remarks,
    )
    step(record)(verdict, challenger)
    table("promotion", verdict.rows(), description=verdict.sentence())
    if verdict.outcome == "refused":
        raise PromotionError(verdict.refusal())
    say(f"promote: {verdict.sentence()}")


def _check_request(version: str | None, *, force: bool, reason: str, rollback: bool) -> None:
    if rollback and (force or version):
        raise DataError(
            "--rollback restores the version that the champion replaced: give it neither VERSION "
            "nor --force."
        )
    if force and not reason.strip():
        raise DataError(
            "--force makes a version the champion that does not pass the gate, and needs a reason "
            'that is kept: --reason "…".'
        )


def _check_unasked(challenger: Version) -> None:
    """Refuse the challenger that nobody named where a person has rolled it back."""
    if challenger.tags.get(DECISION) == ROLLED_BACK:
        raise PromotionError(
            f"version {challenger.number} of {challenger.name}, the {CHALLENGER}, was rolled back, "
            "and is not promoted again unasked. Train a better one, or promote it all the same: "
            f"python -m flows.promote {challenger.number}."
        )


if __name__ == "__main__":
    app()
