"""The same work found by several databases: pairs with their reason, and groups of which one reference stays."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from curv_eval.errors import StudyError
from curv_eval.evidence.screening.nouns import Reference
from curv_eval.evidence.screening.titles import Known, alike, known, misspelt

SAME_DOI, LIKE_ENOUGH_TO_LOOK = 0.5, 0.85
# what is often followed by an article of the same title: another publication, not a second record of the same
_BEFORE_PRINT = {"thesis", "preprint"}
_RARE, _MOST_PAIRS, _WORDS, _LETTERS = 5, 5_000_000, 3, 15


@dataclass(frozen=True)
class Pair:
    """Two references that are, or may be, the same work. certain: they were united; else a person has to look."""

    left: str
    right: str
    reason: str
    similarity: float
    certain: bool


@dataclass(frozen=True, repr=False)
class Duplicates:
    """What was found to be the same: pairs, groups of ids (the one that stays first), and the ids that go.

    to_look_at: pairs that are alike and were not united.
    """

    pairs: tuple[Pair, ...]
    groups: tuple[tuple[str, ...], ...]
    to_look_at: tuple[Pair, ...]

    def __repr__(self) -> str:
        return f"<Duplicates: {len(self.removed):,} removed, {len(self.to_look_at):,} pairs to look at>"

    @property
    def removed(self) -> tuple[str, ...]:
        """The ids of the references that go: all of each group but its first."""
        return tuple(name for group in self.groups for name in group[1:])


def find_duplicates(references: Sequence[Reference]) -> Duplicates:
    """Return the references that are the same work.

    Certain: the same DOI, unless the titles differ (similarity below 0.5); or, where not both have a DOI, the same
    title but for slips of the pen (`misspelt`) or a subtitle left out, with the same first author or first page and
    neither of them different, and years within 1 of each other. A title of fewer than 3 words, or one without author
    and page to compare, must be equal and of the same year. Never certain: another number in the title (part I, part
    II), one of them a notice (erratum, reply, protocol), two DOIs, a thesis or preprint beside an article. Of a group
    the fullest reference stays. The order of the references does not matter. Raises StudyError where
    an id stands twice, or more than 5 million pairs would have to be compared.
    """
    twice = [f"{name}: {n} references" for name, n in Counter(one.id for one in references).items() if n > 1]
    if twice:
        raise StudyError("references need ids of their own", twice, "read each database's export under its own name")
    held = [known(one, at) for at, one in enumerate(references)]
    names = [one.id for one in references]
    pairs = [found for left, right in sorted(_together(held)) if (found := _judged(held[left], held[right], names))]
    united, open_pairs, groups = _united(pairs, {one.id: one for one in references})
    return Duplicates(tuple(united), tuple(groups), tuple(sorted(open_pairs, key=lambda one: (one.left, one.right))))


def unique(references: Sequence[Reference], found: Duplicates) -> tuple[Reference, ...]:
    """Return the references that stay, in their order."""
    gone = set(found.removed)
    return tuple(one for one in references if one.id not in gone)


def _together(held: Sequence[Known]) -> set[tuple[int, int]]:
    """Return the pairs that are compared: with the same DOI, the same title, or two rare words of it in common."""
    common = Counter(word for one in held for word in set(one.title.split()))
    blocks: dict[object, list[int]] = defaultdict(list)
    for one in held:
        for key in _keys(one, common):
            blocks[key].append(one.at)
    pairs: set[tuple[int, int]] = set()
    for members in blocks.values():
        if len(members) ** 2 // 2 + len(pairs) > _MOST_PAIRS:
            what = f"more than {_MOST_PAIRS:,} pairs of references are alike"
            raise StudyError(what, [f"{len(members):,} references share their words"], "take exact copies out first")
        pairs.update(combinations(members, 2))
    return pairs


def _keys(one: Known, common: Counter) -> set[object]:
    keys: set[object] = {("title", one.title), ("head", one.head)} | ({("doi", one.doi)} if one.doi else set())
    for text in (one.title, one.head):
        # a word that stands in no other title brings nobody together
        words = sorted({word for word in text.split() if common[word] > 1}, key=lambda word: (common[word], word))
        keys |= {("words", pair) for pair in combinations(sorted(words[:_RARE]), 2)}
    return keys


def _judged(left: Known, right: Known, names: Sequence[str]) -> Pair | None:
    first, second = sorted((left, right), key=lambda one: names[one.at])
    if left.doi and left.doi == right.doi:
        return _same_doi(first, second, names)
    numbered = left.numbers != right.numbers and not _shortened(left, right)
    return None if numbered or left.notices != right.notices else _by_title(first, second, names)


def _same_doi(left: Known, right: Known, names: Sequence[str]) -> Pair:
    score = alike(left.title, right.title, least=0.0)
    shortened = _shortened(left, right)
    certain = ((score >= SAME_DOI and left.numbers == right.numbers) or shortened) and left.notices == right.notices
    reason = "same DOI" if certain else "same DOI, but titles that differ"
    return Pair(names[left.at], names[right.at], reason, score, certain)


def _shortened(left: Known, right: Known) -> bool:
    """Whether one title is the other without its subtitle."""
    short, long = sorted((left, right), key=lambda one: len(one.title))
    enough = len(short.title.split()) >= _WORDS and len(short.title) >= _LETTERS
    return enough and short.title != long.title and short.title == long.head


def _by_title(left: Known, right: Known, names: Sequence[str]) -> Pair | None:
    if _apart(left, right):
        return None
    shortened = _shortened(left, right)
    score = alike(left.title, right.title, least=0.0 if shortened else LIKE_ENOUGH_TO_LOOK)
    if not shortened and score < LIKE_ENOUGH_TO_LOOK:
        return None
    slips = score > 0 and misspelt(left.title, right.title)
    same = [what for what, a, b in _compared(left, right) if a and a == b]
    against = list(_against(left, right))
    certain = (slips or shortened) and not against and _enough(left, right, exact=score == 1, same=same)
    said = (
        "same title"
        if score == 1
        else "title misspelt"
        if slips
        else "subtitle left out"
        if shortened
        else "titles alike"
    )
    reason = ", ".join([said, *(f"same {what}" for what in same), *against])
    return Pair(names[left.at], names[right.at], reason, score, certain)


def _against(left: Known, right: Known) -> Iterator[str]:
    """Yield what a person has to look at before two references of one title are united."""
    if left.doi and right.doi:
        yield "two DOIs"
    if left.parts != right.parts:
        yield "part of a series in one title only"
    if left.type != right.type and {left.type, right.type} & _BEFORE_PRINT:
        yield f"{left.type} and {right.type}"


def _compared(left: Known, right: Known) -> Iterator[tuple[str, object, object]]:
    yield "first author", left.author, right.author
    yield "year", left.year, right.year
    yield "first page", left.page, right.page


def _apart(left: Known, right: Known) -> bool:
    """Whether something else than the title says that these are two works."""
    years = left.year is not None and right.year is not None and abs(left.year - right.year) > 1
    authors = bool(left.author and right.author) and alike(left.author, right.author, least=0.75) < 0.75
    pages = bool(left.page and right.page) and left.page != right.page
    return years or authors or pages


def _enough(left: Known, right: Known, *, exact: bool, same: list[str]) -> bool:
    """Whether what agrees beside the title is enough."""
    if min(len(left.title.split()), len(right.title.split())) < _WORDS:
        return exact and len(same) >= 2
    if "first author" in same or "first page" in same:
        return exact or (left.year is not None and right.year is not None)
    return exact and "year" in same


def _united(pairs: Sequence[Pair], held: dict[str, Reference]) -> tuple[list[Pair], list[Pair], list[tuple[str, ...]]]:
    """Unite certain pairs, the surest first, unless that would put two DOIs into one group."""
    group = {name: frozenset((name,)) for name in held}
    united, left_open = [], [pair for pair in pairs if not pair.certain]
    surest = sorted(
        (pair for pair in pairs if pair.certain),
        key=lambda one: (not one.reason.startswith("same DOI"), -one.similarity, one.left, one.right),
    )
    for pair in surest:
        both = group[pair.left] | group[pair.right]
        if len({held[name].doi for name in both} - {""}) > 1:
            left_open.append(replace(pair, reason=f"{pair.reason}; would unite two DOIs", certain=False))
            continue
        united.append(pair)
        group.update(dict.fromkeys(both, both))
    several = sorted({both for both in group.values() if len(both) > 1}, key=min)
    return united, left_open, [tuple(sorted(both, key=lambda name: _fullest(held[name]))) for both in several]


def _fullest(one: Reference) -> tuple:
    given = (one.doi, one.abstract, one.authors, one.year, one.journal, one.pages)
    return (-sum(map(bool, given)), -len(one.abstract), one.id)
