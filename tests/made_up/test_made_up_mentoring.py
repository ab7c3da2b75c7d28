"""Who is referred, who is accepted and how long they stay: chosen by need, decided by tier."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_support import numbered, within

from curv_eval.made_up.codes import END_REASON, PROVIDERS, RISK_TIER
from curv_eval.made_up.mentoring import (
    ACCEPTED_IF_ELIGIBLE,
    AT_HOME_IN_COHORT,
    CONSENTING,
    ELIGIBLE,
    HEADER,
    MISSING,
    REFERRALS,
    REFERRED_AGAIN,
    draw_referrals,
    draw_sessions,
    referral_rows,
)
from curv_eval.made_up.people import draw_young
from curv_eval.made_up.process import LAST_DAY, MONTHS, NEVER, make_world
from curv_eval.made_up.registers import number

COUNTRIES = 12


@pytest.fixture(scope="module")
def many():
    """World, young people and referrals of a dozen seeds."""
    found = []
    for seed in range(COUNTRIES):
        rngs = np.random.default_rng(seed).spawn(3)
        world = make_world(rngs[0])
        young = draw_young(rngs[1], np.full(len(world.studied), 250))
        found.append((world, young, draw_referrals(rngs[2], world, young)))
    return found


def first_referrals(referrals):
    return referrals.take(np.unique(referrals.person, return_index=True)[1])


def together(many, name):
    return np.concatenate([getattr(first_referrals(referrals), name) for _, _, referrals in many])


class TestWho:
    def test_as_many_people_as_asked_for(self, many):
        for _, _, referrals in many:
            assert np.unique(referrals.person).size == REFERRALS

    def test_those_at_risk_are_chosen(self, many):
        for _, young, referrals in many:
            assert young.risk[referrals.person].mean() > 3 * young.risk.mean()
            assert (young.risk[referrals.person] < young.risk.mean()).any()

    def test_most_live_where_mentoring_runs(self, many):
        for world, young, referrals in many:
            first = first_referrals(referrals)
            near = world.start[young.area[first.person]] < NEVER
            assert near.mean() == pytest.approx(AT_HOME_IN_COHORT, abs=0.01)

    def test_nobody_is_referred_before_mentoring_begins_where_they_live(self, many):
        begins = np.array(MONTHS, dtype="datetime64[M]")
        for world, young, referrals in many:
            start = world.start[young.area[referrals.person]]
            near = start < NEVER
            assert (referrals.referred[near] >= begins[start[near]].astype("datetime64[D]")).all()
            assert referrals.referred.max() <= LAST_DAY

    def test_more_come_at_the_launch(self, many):
        world, young, referrals = many[0]
        early = world.start[young.area[referrals.person]] == MONTHS.index("2023-07")
        days = (referrals.referred[early] - np.datetime64("2023-07-01")).astype(int)
        # Half of the way in time is seven tenths of the way in referrals.
        assert within((days < 275).mean(), 0.5**0.5, early.sum(), errors=5)


class TestDecisions:
    def test_tiers_have_their_shares_and_go_with_risk(self, many):
        tier = together(many, "tier")
        shares = np.bincount(tier) / tier.size
        assert shares == pytest.approx(list(RISK_TIER.values()), abs=0.02)
        risk = np.concatenate([young.risk[first_referrals(r).person] for _, young, r in many])
        means = [np.log(risk[tier == t]).mean() for t in range(3)]
        assert means == sorted(means)
        assert means[2] - means[0] > 1

    def test_acceptance_depends_on_the_tier(self, many):
        tier, eligible, accepted = (together(many, name) for name in ("tier", "eligible", "accepted"))
        for t in range(3):
            here = tier == t
            assert within(eligible[here].mean(), ELIGIBLE[t], here.sum())
            assert within(accepted[here & eligible].mean(), ACCEPTED_IF_ELIGIBLE[t], (here & eligible).sum())
        assert not accepted[~eligible].any()

    def test_within_a_tier_it_depends_on_nothing_else(self, many):
        tier, accepted = together(many, "tier"), together(many, "accepted")
        risk = np.log(np.concatenate([young.risk[first_referrals(r).person] for _, young, r in many]))
        for t in range(3):
            here = tier == t
            gap = risk[here & accepted].mean() - risk[here & ~accepted].mean()
            error = risk[here].std() * (1 / (here & accepted).sum() + 1 / (here & ~accepted).sum()) ** 0.5
            assert abs(gap) < 4 * error

    def test_consent_has_its_share_and_depends_on_nothing(self, many):
        consent, accepted = together(many, "consent"), together(many, "accepted")
        assert within(consent.mean(), CONSENTING, consent.size)
        assert within(consent[accepted].mean(), CONSENTING, accepted.sum())


class TestSecondReferrals:
    def second(self, referrals):
        times = np.bincount(referrals.person)
        twice = np.flatnonzero(times > 1)
        assert times.max() == 2
        return [np.flatnonzero(referrals.person == person) for person in twice]

    def test_a_few_are_referred_again_and_declined(self, many):
        pairs = [(referrals, *pair) for _, _, referrals in many for pair in self.second(referrals)]
        # Those whose second referral would come after the last day have none.
        assert 0.6 * REFERRED_AGAIN < len(pairs) / (COUNTRIES * REFERRALS) < 1.2 * REFERRED_AGAIN
        for referrals, one, two in pairs:
            gap = (referrals.referred[two] - referrals.referred[one]).astype(int)
            assert 20 <= gap <= 90
            assert not referrals.accepted[two]
            assert not referrals.eligible[two]
            assert np.isnat(referrals.start[two])
            assert referrals.consent[one] == referrals.consent[two]

    def test_by_another_provider_under_another_number(self, many):
        _, _, referrals = many[0]
        register = number(np.random.default_rng(1), "vcse", referrals.person, pseudonym=numbered)
        for one, two in self.second(referrals):
            assert referrals.provider[one] != referrals.provider[two]
            assert register.raw[one] != register.raw[two]
            assert register.person[one] == register.person[two]

    def test_the_start_of_a_person_is_that_of_the_accepted_referral(self, many):
        for _, young, referrals in many[:3]:
            started, ended = referrals.started(young.area.size), referrals.ended(young.area.size)
            begun = ~np.isnat(referrals.start)
            assert (started[referrals.person[begun]] == referrals.start[begun]).all()
            assert np.isnat(started[np.setdiff1d(np.arange(young.area.size), referrals.person[begun])]).all()
            over = ~np.isnat(ended)
            assert (started[over] < ended[over]).all()


class TestStays:
    def test_reasons_have_their_shares_but_short_stays_end_sooner(self, many):
        reason = together(many, "reason")
        ended = reason != ""
        assert set(reason[ended]) == set(END_REASON)
        completed = (reason[ended] == "completed").mean()
        # Those who complete stay longest, so that more of them are still there at the end.
        assert 0.3 < completed < END_REASON["completed"]

    def test_a_stay_begins_within_four_weeks_and_lasts_whole_weeks(self, many):
        start, end, referred = (together(many, name) for name in ("start", "end", "referred"))
        begun, over = ~np.isnat(start), ~np.isnat(end)
        wait = (start[begun] - referred[begun]).astype(int)
        assert (wait.min(), wait.max()) == (3, 28)
        days = (end[over] - start[over]).astype(int)
        assert (days % 7 == 0).all()
        assert (days.min(), days.max() <= 280) == (14, True)

    def test_nothing_is_dated_after_the_last_day(self, many):
        for name in ("start", "end"):
            day = together(many, name)
            assert day[~np.isnat(day)].max() <= LAST_DAY

    def test_some_are_accepted_and_have_not_begun(self, many):
        accepted, start = together(many, "accepted"), together(many, "start")
        assert 0 < (accepted & np.isnat(start)).mean() < 0.06

    def test_sessions_lie_in_the_stay(self, many):
        _, _, referrals = many[0]
        ids = [f"{i:05d}" for i in range(referrals.person.size)]
        for session in draw_sessions(np.random.default_rng(2), referrals, ids):
            i = int(session.person_id)
            held = np.datetime64(session.session_date)
            assert referrals.start[i] <= held
            assert np.isnat(referrals.end[i]) or held <= referrals.end[i]


class TestRows:
    @pytest.fixture
    def rows(self, many):
        found = []
        for seed, (world, young, referrals) in enumerate(many):
            ids = [f"{seed}/{i}" for i in range(referrals.person.size)]
            rng = np.random.default_rng(seed)
            found += [
                (young, referrals, rows) for rows in [referral_rows(rng, world, young, referrals=referrals, ids=ids)]
            ]
        return found

    def test_values_are_missing_in_their_shares(self, rows):
        held = [dict(zip(HEADER, row, strict=True)) for _, _, part in rows for row in part]
        n = len(held)
        for name, blank in (("sex", "not stated"), ("ethnicity_18_1", ""), ("lsoa_home", "")):
            assert within(sum(row[name] == blank for row in held) / n, MISSING[name], n)

    def test_ages_are_those_on_the_day_of_referral(self, rows):
        young, referrals, part = rows[0]
        for i, row in enumerate(part[:200]):
            held = dict(zip(HEADER, row, strict=True))
            birth, day = str(young.birth[referrals.person[i]]), held["referral_date"]
            assert held["age_at_referral"] == int(day[:4]) - int(birth[:4]) - (day[5:] < birth[5:])

    def test_providers_have_their_shares(self, rows):
        provider = [row[HEADER.index("provider_id")] for _, _, part in rows for row in part]
        assert within(
            provider.count("made-up-provider-1") / len(provider), PROVIDERS["made-up-provider-1"], len(provider)
        )
