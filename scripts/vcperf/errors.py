"""The error a user can do something about."""


class VcperfError(Exception):
    """A fault told in one line: where it is, what was expected, what to do."""

    def __str__(self) -> str:
        return " ".join(super().__str__().split())
