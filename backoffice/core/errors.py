"""The base of every refusal, and the two kinds the machinery itself raises."""


class CounterfoilError(Exception):
    """Base of every refusal. The message is written for the person who caused it and says what to do next.

    ``status`` is the HTTP status of the page or problem+json it becomes, once, at the edge; ``retry_after`` says after
    how many seconds the same may work. ``words`` and the ``values`` in their places (``%(left)s``) are kept apart, so that the
    sentence can be said in the language of a customer (``core.said``)."""

    status = 400
    retry_after: int | None = None

    def __init__(self, words: str = "", /, **values: object) -> None:
        self.words, self.values = words, values
        super().__init__(words % values if values else words)


class NotFound(CounterfoilError):
    """The thing does not exist, or not for this person; the two look alike on purpose."""

    status = 404

    def __init__(self, what: str = "page") -> None:
        super().__init__("There is no such %(what)s.", what=what)


class FormUsed(CounterfoilError):
    """The key of a form that has done something else already."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            "This form was sent before with something else in it, and that was done. Open the page again, and send it anew."
        )


class Conflict(Exception):
    """Another unit was faster: the unit of work is rolled back and run again as a whole."""


class ProgrammingError(Exception):
    """A rule of the code was broken: no user can cause this, and no user can mend it."""
