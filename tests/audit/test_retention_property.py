"""Whatever studies name and contracts say: what goes is what the days alone say, and nothing else."""

import random
from datetime import date

import pytest
from copies import contract, file, study, tree
from projects import scratch

from curv_eval.audit import What, lines, verify_log
from curv_eval.retention import Asked, listing, remove

TODAY = date(2026, 6, 30)
NAMES = ("vcse_referrals", "vcse_sessions", "ae_assaults", "ae_attendances", "people_links")
DAYS = ("2026-01-31", "2026-06-29", "2026-06-30", "2026-07-01", "2027-01-31")
PLACES = ("shared.csv", "one.csv", "folder", "folder/deep.csv", "folder/more/x.csv", "away/y.csv")


def drawn(seed):
    """Return a project with drawn contracts, whose data are at drawn places, and who claims which file."""
    draw, project = random.Random(seed), scratch()
    days = {}
    for name in NAMES:
        expires = draw.choice(DAYS)
        days[name] = (expires, draw.choice([day for day in DAYS if day >= expires]))
        contract(project, name, *days[name])
    for place in PLACES:
        if place != "folder":
            file(project / "data" / place, place)
    file(project / "data" / "nobodys.csv")
    file(project / "params" / "notes.txt")
    places = {name: draw.choice(PLACES) for name in NAMES}
    study(project, **places)
    files = [path for path in (project / "data").rglob("*") if path.is_file()]
    owners = {
        path: [n for n, place in places.items() if path.is_relative_to(project / "data" / place)] for path in files
    }
    return project, days, owners


def goes(days, claims, *, ended):
    """Whether every contract of a file lets it go: worked out from the days alone."""
    last = [expires if ended else delete_by for expires, delete_by in (days[name] for name in claims)]
    return bool(claims) and all(day < TODAY.isoformat() for day in last)


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_exactly_what_every_contract_lets_go_goes(seed, ended):
    project, days, owners = drawn(seed)
    before = tree(project)
    found = listing(Asked(project, project / "data", TODAY))
    assert tree(project) == before
    remove(found, ended=ended)
    gone = {project / name for name in before - tree(project)}
    assert gone == {path for path, claims in owners.items() if goes(days, claims, ended=ended)}
    assert tree(project) <= before
    told = [name for line in lines(project / "outputs") if line.what is What.EXPIRED for name in line.detail]
    assert {name.removeprefix("data: ") for name in told if name.startswith("data: ")} == {
        path.relative_to(project / "data").as_posix() for path in gone
    }
    assert verify_log(project / "outputs").faults == ()


@pytest.mark.parametrize("seed", range(6))
def test_what_stays_says_which_contract_keeps_it(seed):
    project, days, owners = drawn(seed)
    for one in listing(Asked(project, project / "data", TODAY)).held:
        assert not set(one.files) & set(one.kept)
        for path, by in one.kept.items():
            assert one.term.contract in owners[path]
            keeps = by.split(", ")
            assert set(keeps) <= set(owners[path]) - {one.term.contract}
            # each of them lets it stay longer than this one does
            assert all(days[name][1] >= TODAY.isoformat() for name in keeps)


def test_a_second_removal_finds_nothing_left():
    project, *_ = drawn(1)
    remove(listing(Asked(project, project / "data", TODAY)), ended=True)
    recorded = len(lines(project / "outputs")) if (project / "outputs").is_dir() else 0
    again = listing(Asked(project, project / "data", TODAY))
    assert again.due(ended=True) == []
    assert remove(again, ended=True) == []
    assert recorded == (len(lines(project / "outputs")) if (project / "outputs").is_dir() else 0)
