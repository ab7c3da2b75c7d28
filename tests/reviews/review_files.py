"""Reviews in temporary projects, with study files as shipped and tables made up in the layout of the real ones."""

import numpy as np
from projects import ROOT, scratch

CBT = (ROOT / "params" / "review-cbt-offending.yaml").read_text("utf-8")
HEADS = "study,pubtype,country,design,program,setting,n.ctrl.rec,n.ctrl.non,n.cbt.rec,n.cbt.non,group"
DESIGNS, SETTINGS, GROUPS = ("rct", "match", "nonequiv"), ("prison", "community"), ("juveniles", "adults")


def rows(count=12, *, odds=0.6, spread=0.2, seed=1, people=80):
    """Rows of a made-up table of studies: a programme multiplies the odds of reoffending by about `odds` in each."""
    draw = np.random.default_rng(seed)
    made = []
    for i in range(count):
        log = np.log(odds) + spread * draw.normal()
        share = 1 / (1 + np.exp(-(np.log(0.4 / 0.6) + np.array([0.0, log]))))
        n = draw.integers(people, 3 * people, 2)
        events = draw.binomial(n, share)
        said = f"Made-up {i + 1} (2001),journal,UK,{DESIGNS[i % 3]},demo,{SETTINGS[i % 2]}"
        made.append(f"{said},{events[0]},{n[0] - events[0]},{events[1]},{n[1] - events[1]},{GROUPS[i % 2]}")
    return made


def project(table, text=CBT, name="review-cbt-offending"):
    """A project with one review, and its table of studies in data/."""
    folder = scratch() / "project"
    (folder / "params").mkdir(parents=True)
    (folder / "params" / f"{name}.yaml").write_text(text, "utf-8")
    write(folder, table)
    return folder


def write(folder, table):
    """Write a table of studies where the review looks for it."""
    at = folder / "data" / "evidence-meta-analysis" / "dat.landenberger2005.csv"
    at.parent.mkdir(parents=True, exist_ok=True)
    at.write_text("\n".join([HEADS, *table]) + "\n", "utf-8")
