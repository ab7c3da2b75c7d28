"""What agreement on each field says about two records being one person: levels, and how often each is met.

A probabilistic model in the sense of Fellegi and Sunter (1969, "A Theory for Record Linkage", JASA 64): for each
field, levels of agreement from the same value to something else; m, how often a level is met among records of the
same person; u, how often among records of different people. The weight of a level is log2(m / u).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log2
from typing import TYPE_CHECKING, Any

from curv_eval.linkage.scheme import Field, Scheme

if TYPE_CHECKING:
    from splink import SettingsCreator
    from splink.internals.comparison_creator import ComparisonCreator
    from splink.internals.comparison_level_creator import ComparisonLevelCreator

# how alike filters are (Dice coefficient); codes are not alike by halves, they are the same or not
DICE = (0.9, 0.8, 0.7, 0.55)
JARO_WINKLER = (0.92, 0.88, 0.7)
_BY_FREQUENCY = ("name", "text", "postcode")


def clear_comparisons(fields: Sequence[Field], *, backend: str) -> list[ComparisonCreator]:
    """Return one comparison per field of clear text, the closest level first."""
    levels = {"name": _name, "text": _name, "date": _date, "postcode": _postcode, "code": lambda *_: []}
    return [_comparison(field, levels[field.kind](field.name, backend)) for field in fields]


def encoded_comparisons(fields: Sequence[Field], *, bits: int) -> list[ComparisonCreator]:
    """Return one comparison per encoded field: the same filter, then filters of `bits` that are less and less alike."""
    return [_comparison(field, [] if field.kind == "code" else _alike(field.name, bits // 64)) for field in fields]


def model_settings(comparisons: list[ComparisonCreator], scheme: Scheme, *, prior: float) -> SettingsCreator:
    """Return what Splink needs to know: records are compared when at least one of their block tokens is the same."""
    from splink import SettingsCreator, block_on

    return SettingsCreator(
        link_type="link_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=[block_on(f"block_{i}") for i, _ in enumerate(scheme.blocks, 1)],
        probability_two_random_records_match=prior,
        retain_matching_columns=False,
    )


def described(trained: dict[str, Any], *, prior: float) -> dict[str, Any]:
    """Return what was learnt, without a value of anybody: per field and level m, u and weight, and the prior."""
    fields = {
        comparison["output_column_name"]: [
            {
                "level": level["label_for_charts"],
                "m": level["m_probability"],
                "u": level["u_probability"],
                "weight": log2(level["m_probability"] / level["u_probability"]),
            }
            for level in comparison["comparison_levels"]
            if not level.get("is_null_level")
        ]
        for comparison in trained["comparisons"]
    }
    return {"prior": prior, "fields": fields}


def _comparison(field: Field, between: list[ComparisonLevelCreator]) -> ComparisonCreator:
    import splink.comparison_level_library as cll
    from splink.comparison_library import CustomComparison

    # a rare name in common says more than a common one
    same = cll.ExactMatchLevel(field.name, term_frequency_adjustments=field.kind in _BY_FREQUENCY)
    levels = [cll.NullLevel(field.name), same.configure(label_for_charts="the same"), *between]
    last = cll.ElseLevel().configure(label_for_charts="different")
    return CustomComparison(comparison_levels=[*levels, last], output_column_name=field.name)


def _name(name: str, backend: str) -> list[ComparisonLevelCreator]:
    import splink.comparison_level_library as cll

    words = ("very much alike", "much alike", "somewhat alike")
    return [
        cll.JaroWinklerLevel(name, least).configure(label_for_charts=label)
        for least, label in zip(JARO_WINKLER, words, strict=True)
    ]


def _date(name: str, backend: str) -> list[ComparisonLevelCreator]:
    def part(side: str, first: int, length: int) -> str:
        return f"substr({name}_{side}, {first}, {length})"

    # dates are of one length, so figures are compared place by place where the engine can
    near = f"{'hamming' if backend == 'duckdb' else 'levenshtein'}({name}_l, {name}_r)"
    same_year = f"{part('l', 1, 4)} = {part('r', 1, 4)}"
    crossed = f"{part('l', 6, 2)} = {part('r', 9, 2)} and {part('l', 9, 2)} = {part('r', 6, 2)}"
    return [
        _one_slip(name, near),
        _custom(f"{same_year} and {crossed}", "day and month swapped"),
        _custom(f"{near} <= 2", "two slips"),
        _custom(same_year, "the same year"),
    ]


def _postcode(name: str, backend: str) -> list[ComparisonLevelCreator]:
    def without(side: str, last: int) -> str:
        return f"substr({name}_{side}, 1, length({name}_{side}) - {last})"

    return [
        _custom(f"{without('l', 2)} = {without('r', 2)}", "the same sector"),
        _one_slip(name, f"levenshtein({name}_l, {name}_r)"),
        _custom(f"{without('l', 3)} = {without('r', 3)}", "the same district"),
    ]


def _one_slip(name: str, near: str) -> ComparisonLevelCreator:
    """One letter wrong, missing or too many, or two neighbours changed round.

    The distance that knows of neighbours is slow, so it is asked only where `near` says that it can be 1.
    """
    return _custom(
        f"CASE WHEN {near} <= 2 THEN damerau_levenshtein({name}_l, {name}_r) <= 1 ELSE false END", "one slip"
    )


def _alike(name: str, words: int) -> list[ComparisonLevelCreator]:
    shared = " + ".join(f"CAST(bit_count(w{i}_{name}_l & w{i}_{name}_r) AS INTEGER)" for i in range(1, words + 1))
    return [
        _custom(f"2.0 * ({shared}) >= {least} * (n_{name}_l + n_{name}_r)", f"alike by {least:.0%} or more")
        for least in DICE
    ]


def _custom(condition: str, label: str) -> ComparisonLevelCreator:
    import splink.comparison_level_library as cll

    return cll.CustomLevel(condition, label_for_charts=label)
