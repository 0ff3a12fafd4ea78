"""The errors that a user can mend: each says what came, what was expected and what to do."""


class GenrenetError(Exception):
    """Something outside the program is wrong; the message says how to mend it."""


class ParamsError(GenrenetError):
    """A setting in ``params.yaml`` is unknown, of the wrong type or impossible."""


class DataError(GenrenetError):
    """The corpus, a table or a stage's input does not allow what was asked."""


class AudioError(GenrenetError):
    """One recording cannot be used; the others can."""
