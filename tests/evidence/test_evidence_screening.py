"""Two people decide on each reference: what keeps the rules, what breaks them, and what is still open."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curv_eval.errors import StudyError
from curv_eval.evidence.screening import Screening, agreement, agreement_table, read_decisions, screen, settled
from curv_eval.evidence.screening.decisions import AGREED, COLUMNS, NOT_RETRIEVED

REASONS = ("wrong_design", "wrong_people", "no_outcome")
T, F = "title_abstract", "full_text"


def table(*rows):
    return pd.DataFrame([(*row, "")[:5] if len(row) == 4 else row for row in rows], columns=list(COLUMNS))


def both(name, stage, first, second=None, reasons=("", "")):
    second = first if second is None else second
    return [(name, stage, "Ann", first, reasons[0]), (name, stage, "Ben", second, reasons[1])]


def run(*rows, ids=None):
    held = table(*rows)
    return screen(held, dict.fromkeys(held["reference"]) if ids is None else ids, reasons=REASONS)


def faults(*rows, ids=None):
    with pytest.raises(StudyError) as refusal:
        run(*rows, ids=ids)
    return list(refusal.value.breaches)


WHOLE = (
    *both("r1", T, "include"),
    *both("r2", T, "exclude"),
    *both("r3", T, "include", "exclude"),
    ("r3", T, AGREED, "include", ""),
    *both("r4", T, "unsure"),
    ("r4", T, AGREED, "exclude", ""),
    *both("r5", T, "include"),
    *both("r1", F, "include"),
    *both("r3", F, "exclude", reasons=("wrong_design", "no_outcome")),
    ("r3", F, AGREED, "exclude", "wrong_design"),
    *both("r5", F, "exclude", reasons=(NOT_RETRIEVED, NOT_RETRIEVED)),
)


def test_a_whole_table_gives_who_is_in_and_who_is_out():
    found = settled(run(*WHOLE))
    assert found.included(T) == ("r1", "r3", "r5")
    assert found.included(F) == ("r1",)
    assert found.excluded(T) == {"": 2}
    assert found.excluded(F) == {"wrong_design": 1, NOT_RETRIEVED: 1}
    assert found.conflicts == ()
    assert repr(found) == "<Screening: 5 references, 0 conflicts open>"


def test_the_order_of_rows_does_not_matter():
    held = run(*WHOLE)
    turned = screen(table(*WHOLE[::-1]), ["r1", "r2", "r3", "r4", "r5"], reasons=REASONS)
    assert turned.final == held.final
    assert turned.included(T) == held.included(T)


@pytest.mark.parametrize(
    ("first", "second", "is_open"),
    [
        ("include", "include", False),
        ("exclude", "exclude", False),
        ("include", "exclude", True),
        ("exclude", "include", True),
        ("include", "unsure", True),
        ("unsure", "exclude", True),
        ("unsure", "unsure", True),
    ],
)
def test_what_is_a_conflict(first, second, is_open):
    found = run(*both("r1", T, first, second))
    assert bool(found.conflicts) is is_open
    assert ("r1" in found.final[T]) is not is_open


def test_a_conflict_says_who_said_what():
    (held,) = run(*both("r1", T, "include", "unsure")).conflicts
    assert str(held) == "r1, title_abstract: Ann: include, Ben: unsure"


def test_different_reasons_at_the_full_text_are_a_conflict():
    rows = (*both("r1", T, "include"), *both("r1", F, "exclude", reasons=("wrong_design", "no_outcome")))
    (held,) = run(*rows).conflicts
    assert held.reasons == ("no_outcome", "wrong_design")
    assert str(held).endswith("(no_outcome or wrong_design)")


def test_different_reasons_at_the_title_are_none():
    found = run(*both("r1", T, "exclude", reasons=("wrong_design", "")))
    assert found.conflicts == ()
    assert found.excluded(T) == {"wrong_design": 1}


def test_screening_that_is_not_finished_is_refused_with_all_that_is_left():
    rows = (*both("r1", T, "include", "exclude"), *both("r2", T, "include"), *both("r3", T, "include"))
    rows += tuple(both("r3", F, "include", "unsure"))
    with pytest.raises(StudyError) as refusal:
        settled(run(*rows))
    assert refusal.value.breaches == (
        "r1, title_abstract: Ann: include, Ben: exclude",
        "r3, full_text: Ann: include, Ben: unsure",
        "r2: no decision at the full text",
    )
    assert "`agreed`" in refusal.value.do


# refusals


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (("r9", T, "Ann", "include", ""), "the reference 'r9' is not among those to screen"),
        (("r1", T, "", "include", ""), "no screener"),
        (("r1", "title", "Ann", "include", ""), "stage: got 'title', expected one of title_abstract, full_text"),
        (("r1", T, "Ann", "includ", ""), "expected one of include, unsure, exclude; did you mean include?"),
        (("r1", T, "Ann", "Include", ""), "decision: got 'Include'"),
        (("r1", T, "Ann", "exclude", "wrong_desing"), "is not one of the protocol's; did you mean wrong_design?"),
        (("r1", T, "Ann", "include", "wrong_design"), "a reason belongs to an exclusion, not to 'include'"),
        (("r1", F, "Ann", "exclude", ""), "an exclusion at the full text needs a reason"),
        (("r1", T, "Ann", "exclude", NOT_RETRIEVED), "not_retrieved belongs to the full text"),
        (("r1", T, AGREED, "unsure", ""), "the screener `agreed` decides: include or exclude"),
    ],
)
def test_each_fault_of_a_row_is_named_with_the_row(row, fault):
    rows = (*both("r1", T, "include"), row)
    found = [text for text in faults(*rows, ids=["r1"]) if fault in text]
    assert len(found) == 1
    assert found[0].startswith("row 3: ")


def test_one_screener_only_is_refused():
    assert faults(("r1", T, "Ann", "include", "")) == ["r1, title_abstract: 1 screened it (Ann), expected two people"]


def test_three_screeners_are_refused():
    rows = (*both("r1", T, "include"), ("r1", T, "Cat", "include", ""))
    assert faults(*rows) == ["r1, title_abstract: 3 screened it (Ann, Ben, Cat), expected two people"]


def test_an_agreement_alone_is_refused():
    rows = (("r1", T, AGREED, "include", ""),)
    assert faults(*rows) == ["r1, title_abstract: 0 screened it (nobody), expected two people"]


def test_one_person_under_two_spellings_is_one_person():
    rows = (("r1", T, "Ann", "include", ""), ("r1", T, "ann ", "include", ""))
    assert any("ann decided on r1 in row 1 already" in text for text in faults(*rows))


def test_an_agreement_on_what_nobody_disputed_is_refused():
    rows = (*both("r1", T, "include"), ("r1", T, AGREED, "exclude", ""))
    assert faults(*rows) == ["r1, title_abstract: a row `agreed`, and the two did not differ"]


def test_a_reference_that_nobody_screened_is_refused():
    assert faults(*both("r1", T, "include"), ids=["r1", "r2"]) == ["r2: nobody screened its title"]


@pytest.mark.parametrize(
    ("title", "said"), [(both("r1", T, "exclude"), "exclude"), (both("r1", T, "include", "exclude"), "undecided")]
)
def test_a_full_text_without_an_included_title_is_refused(title, said):
    assert faults(*title, *both("r1", F, "include")) == [
        f"r1: a decision at the full text, but its title was not included ({said})"
    ]


def test_every_fault_is_told_at_once():
    rows = (
        ("r1", T, "Ann", "include", ""),
        *both("r2", T, "exclude"),
        *both("r2", F, "include"),
        ("r3", T, "Ann", "perhaps", ""),
        ("r3", T, "Ann", "include", "odd"),
    )
    found = faults(*rows, ids=["r1", "r2", "r3", "r4"])
    assert len(found) >= 7
    for piece in ("r4: nobody", "r1, title_abstract: 1 screened", "'perhaps'", "'odd'", "already", "r2: a decision"):
        assert any(piece in text for text in found), piece


def test_missing_columns_are_refused():
    with pytest.raises(StudyError) as refusal:
        screen(pd.DataFrame({"reference": ["r1"], "who": ["Ann"]}), ["r1"], reasons=REASONS)
    assert refusal.value.breaches == ("missing: stage, screener, decision, reason; got: reference, who",)


def test_empty_cells_of_a_spreadsheet_are_blanks():
    held = table(*both("r1", T, "include"))
    held["reason"] = pd.Series([None, float("nan")], dtype=object)
    assert screen(held, ["r1"], reasons=REASONS).included(T) == ("r1",)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_table_is_read_from_a_file_as_text(tmp_path, end, mark):
    held = table(*WHOLE)
    path = tmp_path / "screening.csv"
    path.write_bytes((mark + held.to_csv(index=False, lineterminator=end)).encode())
    found = read_decisions(path)
    assert found.to_numpy().tolist() == held.to_numpy().tolist()
    assert list(found.columns) == list(held.columns)
    assert screen(found, ["r1", "r2", "r3", "r4", "r5"], reasons=REASONS).final == run(*WHOLE).final


def test_cells_that_look_like_something_else_stay_text(tmp_path):
    path = tmp_path / "screening.csv"
    path.write_text("reference,stage,screener,decision,reason\n007,title_abstract,NA,=include,null\n", "utf-8")
    assert list(read_decisions(path).iloc[0]) == ["007", "title_abstract", "NA", "=include", "null"]


@pytest.mark.parametrize("text", ["", "a,b\n1,2,3,4\n5,6\n", "reference,stage\nr1,x\nr2,x,y\n", 'a,b\n"open,1\n'])
def test_a_file_that_is_no_table_is_refused(tmp_path, text):
    path = tmp_path / "screening.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(StudyError, match="no table of decisions"):
        read_decisions(path)


def test_rows_that_are_not_as_wide_as_the_head_are_all_named(tmp_path):
    path = tmp_path / "screening.csv"
    path.write_text("reference;stage\nr1;x\nr2;x;y\n\nr3\n", "utf-8")
    with pytest.raises(StudyError) as refusal:
        read_decisions(path)
    assert refusal.value.breaches == ("line 3: got 3 cells, expected 2", "line 5: got 1 cells, expected 2")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(StudyError, match="readable file"):
        read_decisions(tmp_path / "none.csv")


def test_names_that_steer_a_terminal_are_made_visible():
    with pytest.raises(StudyError) as refusal:
        run(("r1", T, "Ann\x1b[2J", "include", ""))
    assert "\x1b" not in str(refusal.value)


SAID = st.sampled_from(["include", "exclude", "unsure"])


@given(st.lists(st.tuples(SAID, SAID), min_size=1, max_size=30))
def test_every_reference_is_in_out_or_open(decisions):
    rows = [row for n, pair in enumerate(decisions) for row in both(f"r{n}", T, *pair)]
    found = run(*rows)
    ins, outs = len(found.included(T)), sum(found.excluded(T).values())
    assert ins + outs + len(found.conflicts) == len(decisions)
    assert ins == decisions.count(("include", "include"))
    assert outs == decisions.count(("exclude", "exclude"))


# agreement


def many(n_both, n_first, n_second, n_neither):
    said = [("include", "include")] * n_both + [("include", "exclude")] * n_first
    said += [("exclude", "include")] * n_second + [("exclude", "exclude")] * n_neither
    return run(*[row for n, pair in enumerate(said) for row in both(f"r{n}", T, *pair)])


def test_agreement_by_hand():
    (found,) = agreement(many(20, 5, 10, 15))
    assert found.screeners == ("Ann", "Ben")
    assert found.kappa.n == 50
    assert found.kappa.raw == pytest.approx(0.7)
    assert found.kappa.kappa == pytest.approx(0.4)
    assert found.kappa.pabak == pytest.approx(0.4)
    assert "Ann and Ben said the same on 70% of 50 references" in found.text
    assert "kappa of 0.40" in found.text


def test_agreement_is_before_they_talked():
    rows = (*both("r1", T, "include", "exclude"), ("r1", T, AGREED, "include", ""), *both("r2", T, "exclude"))
    (found,) = agreement(run(*rows))
    assert found.kappa.raw == 0.5


def test_each_pair_and_stage_has_its_own():
    rows = [*both("r1", T, "include"), ("r2", T, "Ann", "exclude", ""), ("r2", T, "Cat", "exclude", "")]
    rows += [*both("r1", F, "include")]
    found = agreement(run(*rows))
    assert [(one.stage, one.screeners) for one in found] == [
        (T, ("Ann", "Ben")),
        (T, ("Ann", "Cat")),
        (F, ("Ann", "Ben")),
    ]
    held = agreement_table(found)
    assert list(held["screeners"]) == ["Ann and Ben", "Ann and Cat", "Ann and Ben"]
    assert {"estimate", "std_error", "conf_low", "conf_high", "pabak", "raw_agreement"} <= set(held.columns)


def test_where_all_are_alike_kappa_is_not_worked_out_and_said_so():
    (found,) = agreement(many(5, 0, 0, 0))
    assert found.kappa.kappa != found.kappa.kappa
    assert found.kappa.raw == found.kappa.pabak == 1.0
    assert "cannot be worked out" in found.text


def test_unsure_stands_half_way_in_the_weighted_kappa():
    rows = [row for n in range(10) for row in both(f"r{n}", T, "include" if n < 5 else "exclude")]
    rows += both("u", T, "include", "unsure")
    (near,) = agreement(run(*rows))
    rows[-1] = ("u", T, "Ben", "exclude", "")
    (far,) = agreement(run(*rows))
    assert near.weighted.kappa > far.weighted.kappa
    assert far.weighted.kappa == pytest.approx(far.kappa.kappa)


def test_reports_nobody_could_get_are_no_agreement():
    found = [one for one in agreement(run(*WHOLE)) if one.stage == F]
    assert found[0].kappa.n == 2


def test_words_of_agreement_are_plain():
    (found,) = agreement(many(20, 5, 10, 15))
    assert "significan" not in found.text
    assert isinstance(many(1, 0, 0, 1), Screening)
