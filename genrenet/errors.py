"""The errors that a user can mend: each says what came, what was expected and what to do."""

USER_ERROR = 2
"""The exit code of a program that was ended by one of them."""


class GenrenetError(Exception):
    """Something outside the program is wrong; the message says how to mend it."""


class ParamsError(GenrenetError):
    """A setting in ``params.yaml`` is unknown, of the wrong type or impossible."""


class DataError(GenrenetError):
    """The corpus, a table or a stage's input does not allow what was asked."""


class AudioError(GenrenetError):
    """One recording cannot be used; the others can."""


class RefusedError(GenrenetError):
    """The answer is no. The work itself has not failed."""
