"""What is said to happen to people is what happens to them: shares seen, and the effect of being mentored."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_support import EFFECT, PERSON_EFFECT, numbered, within

from curv_eval.made_up.drawing import draw_places, streams_of
from curv_eval.made_up.known import reporting
from curv_eval.made_up.known_people import (
    DAYS,
    chance_of_any,
    days_within,
    expected_in,
    monthly_rates,
    people_truth,
)
from curv_eval.made_up.mentoring import draw_referrals
from curv_eval.made_up.people import draw_young
from curv_eval.made_up.process import HOSPITAL_SHARE, LAST_DAY, draw_incidents
from curv_eval.made_up.victims import SHARP, TOLD, YOUNG, Streams, draw_happened, mentored_of

AGAIN = 24


def draw_what_happens(seed, world, young, started, person_effect):
    rngs = np.random.default_rng(seed).spawn(4)
    incidents = draw_incidents(rngs[0], world, EFFECT)
    return draw_happened(Streams(*rngs[1:]), incidents, young, started=started, person_effect=person_effect)[0]


@pytest.fixture(scope="module")
def people():
    """One country with its people and referrals."""
    stream = streams_of(11)
    world, facts = draw_places(stream, None)
    young = draw_young(stream["people"], facts.young)
    return world, young, draw_referrals(stream["mentoring"], world, young)


@pytest.fixture(scope="module")
def lives(people):
    """What happens to these people, drawn many times."""
    world, young, referrals = people
    started = referrals.started(young.area.size)
    return [draw_what_happens(seed, world, young, started, PERSON_EFFECT) for seed in range(AGAIN)]


class TestReporting:
    def test_each_source_sees_its_share(self, lives):
        said, one = reporting(), lives[0]
        seen = one.incidents
        n = seen.area.size
        assert within(seen.by_police.mean(), said["police"], n)
        assert within(seen.by_hospital.mean(), said["hospital"], n)
        assert within(one.by_ambulance.mean(), said["ambulance"], n)
        assert within(one.by_ambulance[seen.by_hospital].mean(), said["ambulance given hospital"], n / 5)
        assert within(one.admitted.mean(), said["admitted"], n)
        assert within(one.admitted[seen.by_hospital].mean(), said["admitted given hospital"], n / 5)

    def test_police_and_hospital_are_independent_and_the_ambulance_is_not(self, lives):
        said, seen = reporting(), lives[0].incidents
        assert within(seen.by_police[seen.by_hospital].mean(), said["police"], seen.by_hospital.sum())
        assert lives[0].by_ambulance[~seen.by_hospital].mean() < 0.2 * said["ambulance given hospital"]

    def test_only_those_treated_are_admitted_and_knives_more_often(self, lives):
        admitted = np.concatenate([one.admitted for one in lives])
        treated = np.concatenate([one.incidents.by_hospital for one in lives])
        sharp = np.concatenate([one.method == SHARP for one in lives])
        assert not admitted[~treated].any()
        assert admitted[treated & sharp].mean() > 2 * admitted[treated & ~sharp].mean()

    def test_mentors_are_told_by_those_they_mentor(self, people, lives):
        _, young, referrals = people
        started = referrals.started(young.area.size)
        told = sum(one.told.sum() for one in lives)
        could = 0
        for one in lives:
            of_young = one.victim < young.area.size
            mentored = mentored_of(started, one.time[of_young])(one.victim[of_young])
            could += mentored.sum()
            assert not one.told[~of_young].any()
            assert not one.told[of_young][~mentored].any()
        assert within(told / could, TOLD, could)

    def test_the_young_are_victims_in_their_share(self, lives, people):
        of_young = np.concatenate([one.victim < people[1].area.size for one in lives])
        # Those mentored are spared a part, which is small against all.
        assert 0.985 * YOUNG < of_young.mean() < 1.005 * YOUNG


class TestVictims:
    def test_the_young_are_victims_where_they_live(self, people, lives):
        young = people[1]
        for one in lives[:3]:
            of_young = one.victim < young.area.size
            assert (young.area[one.victim[of_young]] == one.incidents.area[of_young]).all()

    def test_every_adult_is_the_victim_of_one_incident(self, people, lives):
        adults = lives[0].victim[lives[0].victim >= people[1].area.size]
        assert np.unique(adults).size == adults.size

    def test_risk_is_in_proportion(self, people, lives):
        world, young, _ = people
        rates = monthly_rates(world, young, np.arange(young.area.size), effect=EFFECT).sum(axis=1)
        count = np.zeros(young.area.size)
        for one in lives:
            np.add.at(count, one.victim[one.victim < count.size], 1)
        for low, high in ((0, 0.5), (0.5, 2), (2, 6), (6, 100)):
            group = (young.risk >= low) & (young.risk < high)
            expected = AGAIN * rates[group].sum()
            assert count[group].sum() == pytest.approx(expected, rel=0.06, abs=5 * expected**0.5)

    def test_times_lie_in_the_month_and_arrivals_after_them(self, lives):
        one = lives[0]
        month = one.time.astype("datetime64[M]")
        assert (month == np.datetime64("2022-01") + one.incidents.month).all()
        assert (one.arrival.astype("datetime64[M]") == month).all()
        wait = (one.arrival - one.time).astype(int)
        assert (wait.min() >= 0, wait.max() <= 180, (wait >= 10).mean() > 0.995) == (True, True, True)

    def test_counts_of_areas_do_not_depend_on_the_effect_on_people(self, people):
        world, young, referrals = people
        started = referrals.started(young.area.size)
        none, large = (draw_what_happens(5, world, young, started, effect) for effect in (0.0, -1.0))
        assert (none.incidents.area == large.incidents.area).all()
        assert (none.incidents.by_hospital == large.incidents.by_hospital).all()
        assert (none.time == large.time).all()
        # Who was spared was replaced by an adult, and nobody else by anybody.
        changed = none.victim != large.victim
        was_young = none.victim < young.area.size
        assert (large.victim[changed] >= young.area.size).all()
        assert mentored_of(started, none.time)(np.where(was_young, none.victim, 0))[changed & was_young].all()


class TestEffectOnPeople:
    def after_start(self, people, lives):
        """Incidents after the start of those who did start, and what was expected of them without mentoring."""
        world, young, referrals = people
        started = referrals.started(young.area.size)
        person = np.flatnonzero(~np.isnat(started))
        rates = monthly_rates(world, young, person, effect=EFFECT)
        first, end = started[person], np.full(person.size, LAST_DAY + 1)
        counted = 0
        for one in lives:
            of_young = one.victim < young.area.size
            counted += mentored_of(started, one.time[of_young])(one.victim[of_young]).sum()
        return counted, len(lives) * (rates * days_within(first, end)).sum()

    def test_the_relative_rate_after_the_start_is_the_chosen_one(self, people, lives):
        counted, expected = self.after_start(people, lives)
        error = np.sqrt(1.1 * counted) / expected
        assert error < 0.02
        assert counted / expected == pytest.approx(1 + PERSON_EFFECT, abs=4 * error)

    @pytest.mark.parametrize("effect", [0.0, -1.0, 0.8])
    def test_any_effect_comes_back(self, people, effect):
        world, young, referrals = people
        started = referrals.started(young.area.size)
        drawn = [draw_what_happens(100 + seed, world, young, started, effect) for seed in range(6)]
        counted, expected = self.after_start(people, drawn)
        assert counted / expected == pytest.approx(1 + effect, abs=5 * np.sqrt(1.1 * max(counted, 1)) / expected)

    def test_before_the_start_nothing_is_different(self, people, lives):
        world, young, referrals = people
        started = referrals.started(young.area.size)
        person = np.flatnonzero(~np.isnat(started))
        rates = monthly_rates(world, young, person, effect=EFFECT)
        first = np.full(person.size, np.datetime64("2022-01-01"))
        expected = AGAIN * (rates * days_within(first, started[person])).sum()
        counted = 0
        for one in lives:
            of_young = one.victim < young.area.size
            counted += (one.time[of_young].astype("datetime64[D]") < started[one.victim[of_young]]).sum()
        assert counted == pytest.approx(expected, abs=5 * np.sqrt(1.1 * expected))

    @pytest.mark.parametrize("months", [6, 12])
    @pytest.mark.parametrize("group", ["accepted", "declined"])
    def test_the_expected_share_attending_is_the_share_that_attends(self, people, lives, months, group):
        world, young, referrals = people
        truth = people_truth(world, young, referrals, effect=EFFECT, person_effect=PERSON_EFFECT)[group]
        shared = referrals.take(referrals.consent)
        person, at = np.unique(shared.person, return_index=True)
        since = np.full(young.area.size, np.datetime64("NaT"), "datetime64[D]")
        since[person] = shared.referred[at]
        accepted = np.isin(person, shared.person[shared.accepted])
        member = person[(accepted == (group == "accepted")) & (since[person] + DAYS[months] <= LAST_DAY + 1)]
        assert member.size == truth[f"followed_{months}_months"]
        hits = 0
        for one in lives:
            treated = one.victim[one.incidents.by_hospital]
            day = one.arrival[one.incidents.by_hospital].astype("datetime64[D]")
            of_young = treated < young.area.size
            treated, day = treated[of_young], day[of_young]
            inside = (day >= since[treated]) & (day < since[treated] + DAYS[months])
            hits += np.isin(member, treated[inside]).sum()
        share = hits / (AGAIN * member.size)
        assert within(share, truth[f"attended_{months}_months"], AGAIN * member.size)

    def test_without_mentoring_the_accepted_would_have_come_more_often(self, truth):
        accepted, declined = truth.people["accepted"], truth.people["declined"]
        for months in (6, 12):
            with_it, without = accepted[f"attended_{months}_months"], accepted[f"attended_{months}_months_without"]
            assert 0.6 < with_it / without < 0.85
            assert declined[f"attended_{months}_months"] == declined[f"attended_{months}_months_without"]

    def test_comparing_accepted_with_declined_is_not_enough(self, people):
        """Need decides who is accepted, so those accepted are at more risk; within a tier the two are alike."""
        _, young, referrals = people
        first = referrals.take(np.unique(referrals.person, return_index=True)[1])
        risk = np.log(young.risk[first.person])
        assert risk[first.accepted].mean() > risk[~first.accepted].mean()
        for tier in range(3):
            here = first.tier == tier
            assert risk[here].mean() == pytest.approx(risk[here & first.accepted].mean(), abs=0.25)

    def test_without_an_effect_the_two_are_the_same(self, people):
        world, young, referrals = people
        truth = people_truth(world, young, referrals, effect=EFFECT, person_effect=0.0)["accepted"]
        for months in (6, 12):
            assert truth[f"attended_{months}_months"] == truth[f"attended_{months}_months_without"]


def days(*texts):
    return np.array(texts, dtype="datetime64[D]")


class TestByHand:
    def test_shares_of_months(self):
        first, end = days("2022-01-16", "2022-02-27"), days("2022-03-01", "2022-03-01")
        found = days_within(first, end)
        assert found[0, :3].tolist() == [16 / 31, 1.0, 0.0]
        assert found[1, :3].tolist() == [0.0, 2 / 28, 0.0]
        assert (days_within(first, days("NaT", "NaT")) == 0).all()

    def test_rates_change_at_the_start(self):
        rates, window = np.full((3, 36), 31.0), (days("2022-01-01").repeat(3), days("2022-02-01").repeat(3))
        start = days("2022-01-11", "NaT", "2021-12-01")
        assert expected_in(rates, window, start, effect=-0.5).sum(axis=1) == pytest.approx([10 + 21 / 2, 31, 31 / 2])

    def test_a_chance_is_one_minus_none(self):
        few = np.zeros((2, 36))
        few[1, :10] = 0.1
        assert chance_of_any(few)[0] == 0
        # By simulation of the two gammas, which is what is averaged over; without them it would be 0.0015 more.
        rng = np.random.default_rng(1)
        size = (200_000, 10)
        spread = rng.gamma(80, 1 / 80, size) * rng.gamma(15, 1 / 15, size)
        assert chance_of_any(few)[1] == pytest.approx((1 - np.exp(-0.1 * spread.sum(axis=1))).mean(), abs=4e-4)

    def test_the_average_of_rates_is_the_share_of_the_young(self, people):
        world, young, _ = people
        from curv_eval.made_up.process import expected_violence

        rates = monthly_rates(world, young, np.arange(young.area.size), effect=EFFECT)
        assert rates.sum() == pytest.approx(YOUNG * expected_violence(world, EFFECT).sum())
        assert HOSPITAL_SHARE * rates.sum() < 0.1 * expected_violence(world, EFFECT).sum()


def test_what_is_drawn_for_a_folder_is_drawn_the_same_again(drawn, table):
    from made_up_support import SEED, draw_again

    again = draw_again(SEED, (EFFECT, PERSON_EFFECT), numbered)
    assert (again.happened.victim == drawn.happened.victim).all()
    assert (again.everyone.surname == drawn.everyone.surname).all()
    assert len(table("ae_attendances")) == drawn.happened.incidents.by_hospital.sum()
