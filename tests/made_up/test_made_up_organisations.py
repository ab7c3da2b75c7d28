"""Answers of organisations and trainees, and the theory of change, are complete and of the kind their owners hold."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_support import within

from curv_eval.contract import contract_names
from curv_eval.made_up.organisations import (
    ANSWERS,
    BARRIERS,
    BOROUGHS,
    INCOME_MISSING,
    INCOMES,
    ITEM_MISSING,
    ROLE_MISSING,
    ROLES,
    THEORY,
    TRAINEES,
    WANTED,
    survey,
    training,
)

ITEMS = [f"{kind}_{i}" for kind in ("confidence", "skills") for i in (1, 2, 3)]


class TestSurvey:
    def test_organisations_answer_once_and_from_the_four_boroughs(self, table):
        rows = table("vcse_survey")
        assert rows.org_id.is_unique
        assert set(rows.borough) == set(BOROUGHS)
        assert set(rows.org_income_band) <= {*INCOMES, ""}
        assert set(rows.respondent_role) <= {*ROLES, ""}

    def test_shares(self):
        rows = [row for seed in range(20) for row in survey(np.random.default_rng(seed))]
        n = len(rows)
        assert within(sum(row[1] == "" for row in rows) / n, INCOME_MISSING, n)
        assert within(sum(row[-1] == "" for row in rows) / n, ROLE_MISSING, n)
        assert within(sum(row[2] == "Hartlepool" for row in rows) / n, BOROUGHS["Hartlepool"], n)

    def test_words_are_from_closed_lists(self, table):
        rows = table("vcse_survey")
        for column, words in (("further_data_wanted", WANTED), ("barriers", BARRIERS)):
            said = [one for text in rows[column] for one in text.split("; ")]
            assert set(said) == set(words)
            assert rows[column].str.count(";").max() == 1
            assert not any(text.split("; ")[0] == text.split("; ")[-1] for text in rows[column] if ";" in text)


class TestTraining:
    @pytest.fixture
    def many(self):
        import pandas as pd

        from curv_eval.made_up.organisations import TRAINING_HEADER

        rows = training(np.random.default_rng(1), [f"{i:032x}" for i in range(4000)])
        return pd.DataFrame(rows, columns=list(TRAINING_HEADER))

    def test_everybody_answers_before_and_fewer_after(self, many):
        counts = many.timepoint.value_counts()
        assert counts["pre"] == 4000
        for timepoint in ("post", "follow_up"):
            assert within(counts[timepoint] / 4000, ANSWERS[timepoint], 4000)

    def test_answers_rise_and_fall_back_a_little(self, many):
        means = many[ITEMS].replace("", None).astype(float).groupby(many.timepoint).mean().mean(axis=1)
        # The end of the scale cuts a little off.
        assert means["post"] - means["pre"] == pytest.approx(1.6, abs=0.1)
        assert means["follow_up"] - means["pre"] == pytest.approx(1.1, abs=0.1)

    def test_items_are_missing_in_their_share(self, many):
        assert within((many[ITEMS] == "").to_numpy().mean(), ITEM_MISSING, many[ITEMS].size)

    def test_onward_sessions_are_asked_at_follow_up(self, many):
        later = many.timepoint == "follow_up"
        assert (many.onward_sessions_delivered[~later] == "").all()
        sessions, people = (many[name][later].astype(int) for name in ("onward_sessions_delivered", "onward_attendees"))
        assert ((sessions == 0) == (people == 0)).all()
        assert (people <= 18 * sessions).all()

    def test_trainees_come_from_organisations_of_the_survey(self, table):
        rows = table("training_pre_post")
        assert rows.trainee_id.nunique() == TRAINEES
        assert set(rows.org_id) <= set(table("vcse_survey").org_id)
        assert (rows.groupby("trainee_id").org_id.nunique() == 1).all()


class TestTheory:
    def test_it_goes_from_inputs_to_impact(self):
        order = ["input", "activity", "output", "outcome", "impact"]
        levels = [order.index(row[1]) for row in THEORY]
        assert levels == sorted(levels)
        assert set(levels) == set(range(5))

    def test_indicators_come_from_data_that_are_there(self):
        sources = {row[7] for row in THEORY} - {"delivery plan"}
        assert sources <= set(contract_names())

    def test_only_the_impact_is_long_term(self):
        assert {(row[1] == "impact", row[6]) for row in THEORY} == {(True, "long"), (False, "short")}
