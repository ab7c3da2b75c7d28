"""What can go wrong, named for who must act.

    CurvError
    ├── StudyError        the evaluator: the study file
    ├── ContractError     the data steward: a contract, or data that do not keep it
    ├── DesignError       the evaluator: a question this method cannot answer with this panel
    ├── DisclosureError   the output checker: a number that may not leave
    ├── PublishError      the editor: a brief that may not be published
    └── RunError          whoever runs it: folders, machines, interrupted runs
        ├── KernelDeathError   a notebook's process ended by itself
        ├── TimeLimitError     a cell or a run took longer than it was allowed
        ├── MemoryLimitError   a notebook needed more memory than there was
        └── CellError          a cell raised an error that is not one of ours

A message says what was wrong, where, what was got, what was expected and what to do, with every breach at
once, and never quotes a personal value.
"""

from __future__ import annotations

from collections.abc import Sequence

from curv_eval.visible import one_line, visible


class CurvError(Exception):
    """One clear message for the person who must act; `breaches` lists every fault found, `do` the remedy."""

    exit_code = 1

    def __init__(self, what: str, breaches: Sequence[str] = (), do: str = "") -> None:
        # names of files and columns come from others, and a terminal does what it is told
        self.what, self.breaches, self.do = one_line(what), tuple(map(one_line, breaches)), visible(do)
        super().__init__(str(self))

    def __str__(self) -> str:
        head = f"{type(self).__name__}: {self.what}" + (":" if self.breaches else "")
        lines = [head, *(f"  {breach}" for breach in self.breaches)]
        return "\n".join([*lines, f"  do: {self.do}"] if self.do else lines)

    def __reduce__(self) -> tuple:
        return type(self), (self.what, self.breaches, self.do)


class StudyError(CurvError):
    """The study file cannot be used as it stands."""

    exit_code = 2


class ContractError(CurvError):
    """A contract cannot be used, or data do not keep it."""

    exit_code = 3


class DesignError(CurvError):
    """The method cannot answer this question with this panel."""

    exit_code = 4


class DisclosureError(CurvError):
    """A number may not leave."""

    exit_code = 5


class PublishError(CurvError):
    """A brief may not be published as it stands."""

    exit_code = 6


class RunError(CurvError):
    """A run could not start, finish or be found."""

    exit_code = 7


class KernelDeathError(RunError):
    """A notebook's process ended by itself; the only fault that is tried once more."""

    exit_code = 8


class TimeLimitError(RunError):
    """A cell or a run took longer than it was allowed."""

    exit_code = 9


class MemoryLimitError(RunError):
    """A notebook needed more memory than there was."""

    exit_code = 10


class CellError(RunError):
    """A cell raised an error that is not one of ours: a fault of the program or of a changed notebook."""

    exit_code = 11
