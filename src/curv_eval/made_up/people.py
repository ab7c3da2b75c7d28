"""The made-up people: the young who live in the studied areas, and the adults to whom something happens there.

A young person's risk is a gamma frailty, more for young men and for those in their late teens and twenties. Siblings
share a surname and a postcode. Ethnicity has nothing to do with risk or with names.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from curv_eval.made_up.codes import ETHNICITY
from curv_eval.made_up.names import BOYS, GIRLS, SURNAMES

# 10 to 24 years old on every day on which a referral can be made
BORN = np.datetime64("2000-01-01"), np.datetime64("2013-07-01")
RISK_SHAPE, SIBLING, DOUBLE_BARRELLED, AT_HOME = 0.5, 0.3, 0.05, 0.7
SEXES = ("male", "female", "other")
MALE, OTHER = 0.505, 0.006
# Relative risk by sex, and by age in mid-2023 for those under 14, under 18 and older.
RISK_OF_SEX, RISK_OF_AGE = np.array([1.4, 0.6, 1.0]), np.array([0.5, 1.1, 1.2])
POSTCODES = 25
_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"


@dataclass(frozen=True)
class People:
    """One entry per person. area: of the home, index into the world's areas. postcode: number of the home's postcode.

    sex: index into SEXES. risk: relative frailty, mean 1 among the young and 0 for adults.
    """

    area: np.ndarray
    birth: np.ndarray
    sex: np.ndarray
    ethnicity: np.ndarray
    given: np.ndarray
    surname: np.ndarray
    postcode: np.ndarray
    risk: np.ndarray

    def join(self, others: People) -> People:
        """Return these people and then the others."""
        pairs = ((getattr(self, field.name), getattr(others, field.name)) for field in fields(self))
        return People(*(np.concatenate(pair) for pair in pairs))


def draw_young(rng: np.random.Generator, young: np.ndarray) -> People:
    """Draw the young residents, area by area; young: how many live in each studied area."""
    area = np.repeat(np.arange(young.size), young)
    birth = BORN[0] + rng.integers(0, (BORN[1] - BORN[0]).astype(int), area.size)
    people = _draw(rng, area, birth)
    age = (np.datetime64("2023-07-01") - birth).astype(int) / 365.25
    risk = rng.gamma(RISK_SHAPE, 1 / RISK_SHAPE, area.size) * RISK_OF_SEX[people.sex]
    risk *= RISK_OF_AGE[np.digitize(age, [14, 18])]
    family = _families(rng, area)
    surname, postcode = people.surname[family], people.postcode[family]
    return People(area, birth, people.sex, people.ethnicity, people.given, surname, postcode, risk / risk.mean())


def draw_adults(rng: np.random.Generator, area: np.ndarray, n_areas: int) -> People:
    """Draw one adult per entry of `area`, where something happens to them; most live there, the others anywhere."""
    home = np.where(rng.random(area.size) < AT_HOME, area, rng.integers(0, n_areas, area.size))
    years = 25 + 50 * rng.beta(1.2, 2.6, area.size)
    return _draw(rng, home, np.datetime64("2022-01-01") - (years * 365.25).astype(int))


def _draw(rng: np.random.Generator, area: np.ndarray, birth: np.ndarray) -> People:
    n, luck = area.size, rng.random((2, area.size))
    sex = np.select([luck[0] < MALE, luck[0] < 1 - OTHER], [0, 1], 2)
    boy = np.where(sex == 2, luck[1] < 0.5, sex == 0)
    given = np.where(boy, _zipf(rng, BOYS, n), _zipf(rng, GIRLS, n))
    shares = np.array(list(ETHNICITY.values()))
    ethnicity = np.array(list(ETHNICITY))[rng.choice(shares.size, n, p=shares / shares.sum())]
    postcode = area * POSTCODES + rng.integers(0, POSTCODES, n)
    return People(area, birth, sex, ethnicity, given, _surnames(rng, n), postcode, np.zeros(n))


def _zipf(rng: np.random.Generator, words: tuple[str, ...], n: int) -> np.ndarray:
    """Draw words, the first most often: the tenth about a third as often as the first."""
    weight = 1 / (np.arange(len(words)) + 5)
    return np.array(words)[rng.choice(len(words), n, p=weight / weight.sum())]


def _surnames(rng: np.random.Generator, n: int) -> np.ndarray:
    first, second = _zipf(rng, SURNAMES, n), _zipf(rng, SURNAMES, n)
    double = np.char.add(np.char.add(first, "-"), second)
    return np.where((rng.random(n) < DOUBLE_BARRELLED) & (first != second), double, first)


def _families(rng: np.random.Generator, area: np.ndarray) -> np.ndarray:
    """Return for each person the first of their family: the person themselves, or one just before in the same area."""
    sibling = rng.random(area.size) < SIBLING
    sibling[1:] &= area[1:] == area[:-1]
    sibling[:1] = False
    return np.maximum.accumulate(np.where(sibling, 0, np.arange(area.size)))


def postcode_text(number: int) -> str:
    """Return a postcode that looks right and cannot be real: Royal Mail has no area ZY.

    ZZ would be the wrong choice: its second letter is never used, and ZZ99 means "no fixed abode" in the NHS.
    """
    unit, sector = number % 400, number // 400
    return f"ZY{sector // 10 + 1} {sector % 10}{_LETTERS[unit // 20]}{_LETTERS[unit % 20]}"
