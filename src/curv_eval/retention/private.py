"""What runs keep of the data they were made of: restricted/, with a panel or one row per person, and notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from curv_eval.retention.claims import Claim
from curv_eval.retention.files import walked
from curv_eval.retention.standing import Stands, Term
from curv_eval.study import Study

_DEPTHS = ("*/restricted", "*/*/restricted")


@dataclass(frozen=True)
class Private:
    """The restricted part of a run, of one of its notebooks or of work by hand. contracts: those of it that are over.

    stands: DUE where one of them is due. sure: whether a manifest says what it was made of.
    """

    folder: Path
    files: tuple[Path, ...]
    contracts: tuple[str, ...]
    stands: Stands
    sure: bool


def private(
    project: Path, made: Mapping[Path, frozenset[str]], studies: Iterable[Study], *, terms: Mapping[str, Term]
) -> Iterator[Private]:
    """Yield every restricted folder below outputs/ that was made of data which are over.

    made: the contracts of each folder of which a manifest says them.
    """
    homes = _homes(made, studies)
    home = project / "outputs"
    for study in sorted(home.iterdir()) if home.is_dir() else []:
        for folder in sorted(path for depth in _DEPTHS for path in study.glob(depth)):
            if folder.parent.name.startswith("."):
                continue  # of a run at work, or of a killed one, which the next run or removal clears away
            names = made.get(folder.parent, homes.get(study.name, frozenset()))
            over = [terms[name] for name in sorted(names) if terms[name].stands in (Stands.DUE, Stands.ENDED)]
            files = walked(Claim("", folder, home, "")).files
            if over and files:
                stands = Stands.DUE if any(one.stands is Stands.DUE for one in over) else Stands.ENDED
                told = tuple(one.contract for one in over)
                yield Private(folder, files, told, stands, sure=folder.parent in made)


def _homes(made: Mapping[Path, frozenset[str]], studies: Iterable[Study]) -> dict[str, frozenset[str]]:
    """Return the contracts that a study's folder may hold something of, where no manifest says it."""
    found: dict[str, frozenset[str]] = {}
    for one in studies:
        found[one.study] = found.get(one.study, frozenset()) | frozenset(one.contracts)
    for folder, names in made.items():
        study = folder.parent.name if (folder / "manifest.json").is_file() else folder.parent.parent.name
        found[study] = found.get(study, frozenset()) | names
    return found
