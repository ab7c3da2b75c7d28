"""The ways that bench/methods.py times.

Each takes data, imports what it needs, puts the data into the shape that its library wants, and returns the work: a
function without arguments that returns numbers by name. What is done up to there belongs to the first call in a fresh
process, the work alone to later calls.
"""

from __future__ import annotations

import numpy as np

DRAWS, SOME = 9_999, 99
SEED = 20261125


# ---- curv-eval


def _design(method, **options):
    from curv_eval.study import Design, Span

    against = "not_yet_treated" if method == "imputation" else "never_treated"
    return Design(method=method, window=Span("2020-01", "2024-12"), comparison=against, options=options)


def _panel(data):
    from curv_eval.panel import Panel

    names = np.array([f"area {i}" for i in range(len(data["y"]))])
    return Panel(
        units=names, periods=data["periods"], cohort=data["cohort"], cluster=data["cluster"],
        outcomes={"y": data["y"]}, frequency="year",
    )  # fmt: skip


def ours(method, *, event_times=False, **options):
    """Return the way that fits a method of panels and averages its cells."""

    def way(data):
        from curv_eval.estimate.averages import by, overall
        from curv_eval.methods import fit

        panel, design = _panel(data), _design(method, **options)

        def work():
            found = fit(panel, outcome="y", design=design)
            table = overall(found)
            answer = {"estimate": table["estimate"][0], "std_error": table["std_error"][0]}
            if found.tested:
                answer["p"] = found.tested.p_value
            if method == "poisson_fixed_effects":
                # the table's relative effect is exp(coefficient) - 1
                answer["estimate"] = np.log1p(table["estimate"][2])
                answer["std_error"] = table["std_error"][2] / (1 + table["estimate"][2])
            if event_times:
                path = by(found, "event_time", seed=1).set_index("event_time")
                answer["at_start"], answer["at_start_error"] = path.loc[0.0, ["estimate", "std_error"]]
            return answer

        return work

    return way


# ---- diff-diff


def _long(data, *, never=0):
    """One row per unit and period, as diff-diff, pyfixest and csdid want it."""
    import pandas as pd

    n, t = data["y"].shape
    cohort = np.repeat(data["cohort"], t)
    frame = pd.DataFrame({
        "unit": np.repeat(np.arange(n), t), "time": np.tile(data["periods"], n), "y": data["y"].ravel(),
        "ward": np.repeat(data["cluster"], t), "first": np.where(np.isnan(cohort), never, cohort),
    })  # fmt: skip
    start = np.nanmin(data["cohort"])
    frame["treated"] = (~np.isnan(cohort)).astype(int)
    frame["post"] = (frame["time"] >= start).astype(int)
    frame["d"] = (frame["time"] >= cohort).astype(float)
    return frame


_COLUMNS = {"outcome": "y", "unit": "unit", "time": "time", "first_treat": "first"}


def diff_diff_cs(data, *, draws=0):
    from diff_diff import CallawaySantAnna

    frame = _long(data)
    more = {"aggregate": "event_study"} if draws else {}

    def work():
        found = CallawaySantAnna(n_bootstrap=draws, seed=1).fit(frame, **_COLUMNS, **more)
        if not draws:
            return {"estimate": found.overall_att, "std_error": found.overall_se}
        one = found.event_study_effects[0]
        return {"estimate": found.overall_att, "at_start": one["effect"], "at_start_error": one["se"]}

    return work


def diff_diff_cs_draws(data):
    return diff_diff_cs(data, draws=999)


def csdid(data, *, draws=0):
    from csdid.att_gt import ATTgt

    frame = _long(data)
    given = {"yname": "y", "tname": "time", "idname": "unit", "gname": "first", "control_group": ["nevertreated"]}

    def work():
        found = ATTgt(**given, data=frame, biters=draws or 1, cband=False).fit(est_method="reg", bstrap=bool(draws))
        once = found.aggte(typec="simple", bstrap=False).atte
        answer = {"estimate": float(once["overall_att"]), "std_error": float(np.ravel(once["overall_se"])[0])}
        if draws:
            path = found.aggte(typec="dynamic", bstrap=True, biters=draws, cband=True).atte
            at = list(path["egt"]).index(0)
            answer["at_start"], answer["at_start_error"] = path["att_egt"][at], np.ravel(path["se_egt"])[at]
        return answer

    return work


def csdid_draws(data):
    return csdid(data, draws=999)


def differences(data, *, draws=0):
    from differences import ATTgt

    frame = _long(data, never=np.nan).rename(columns={"first": "cohort"})
    frame = frame.set_index(["unit", "time"])[["y", "cohort"]]
    rest = {"boot_iterations": draws, "random_state": 1} if draws else {}

    def work():
        model = ATTgt(frame, cohort_column="cohort")
        model.fit("y", progress_bar=False)
        table = model.aggregate("simple")
        answer = {"estimate": float(table.iloc[0, 0]), "std_error": float(table.iloc[0, 1])}
        if draws:
            path = model.aggregate("event", **rest)
            answer["at_start"], answer["at_start_error"] = (float(v) for v in path.loc[0].iloc[:2])
        return answer

    return work


def differences_draws(data):
    return differences(data, draws=999)


def diff_diff_twfe(data):
    from diff_diff import TwoWayFixedEffects

    frame = _long(data)

    def work():
        found = TwoWayFixedEffects(cluster="unit").fit(
            frame, outcome="y", treatment="treated", post="post", unit="unit"
        )
        return {"estimate": found.att, "std_error": found.se}

    return work


def diff_diff_twfe_event_study(data):
    from diff_diff import TwoWayFixedEffects

    frame, start = _long(data), int(np.nanmin(data["cohort"]))
    more = {"event_study": True, "time": "time", "reference_period": start - 1}
    more["post_periods"] = [int(t) for t in data["periods"] if t >= start]

    def work():
        found = TwoWayFixedEffects(cluster="unit").fit(frame, outcome="y", treatment="treated", unit="unit", **more)
        table = found.to_dataframe()
        return {"estimate": table.loc[table["event_time"] >= start, "att"].mean()}  # its event times are periods

    return work


def diff_diff_imputation(data):
    from diff_diff import ImputationDiD

    frame = _long(data)

    def work():
        found = ImputationDiD().fit(frame, **_COLUMNS)
        return {"estimate": found.overall_att}

    return work


def diff_diff_sun_abraham(data):
    from diff_diff import SunAbraham

    frame = _long(data)

    def work():
        found = SunAbraham().fit(frame, **_COLUMNS)
        return {"estimate": found.overall_att}

    return work


def diff_diff_sdid(data):
    from diff_diff import SyntheticDiD

    frame = _long(data)
    after = sorted(frame.loc[frame["post"] == 1, "time"].unique())
    named = {"outcome": "y", "treatment": "treated", "unit": "unit", "time": "time", "post_periods": after}

    def work():
        found = SyntheticDiD(variance_method="placebo", n_bootstrap=200, seed=1).fit(frame, **named)
        return {"estimate": found.att}

    return work


def diff_diff_sc(data, **more):
    from diff_diff import SyntheticControl

    frame = _long(data)
    after = sorted(frame.loc[frame["post"] == 1, "time"].unique())
    named = {"outcome": "y", "treatment": "d", "unit": "unit", "time": "time", "post_periods": after}

    def work():
        found = SyntheticControl(seed=1, **more).fit(frame, **named)
        found.in_space_placebo()
        return {"estimate": found.att}

    return work


def diff_diff_sc_even(data):
    """Every period before counts the same: the problem that curv-eval solves."""
    before = int((data["periods"] < np.nanmin(data["cohort"])).sum())
    return diff_diff_sc(data, v_method="custom", custom_v=np.ones(before), standardize="none")


# ---- pyfixest


def pyfixest_poisson(data):
    import pyfixest

    frame = _long(data)

    def work():
        found = pyfixest.fepois("y ~ d | unit + time", frame, vcov={"CRV1": "unit"})
        return {"estimate": found.coef()["d"], "std_error": found.se()["d"]}

    return work


def pyfixest_twfe(data):
    import pyfixest

    frame = _long(data)

    def work():
        found = pyfixest.feols("y ~ d | unit + time", frame, vcov={"CRV1": "unit"})
        return {"estimate": found.coef()["d"], "std_error": found.se()["d"]}

    return work


def pyfixest_event_study(data):
    import pyfixest

    frame, start = _long(data), int(np.nanmin(data["cohort"]))
    formula = f"y ~ i(time, treated, ref={start - 1}) | unit + time"

    def work():
        coefficients = pyfixest.feols(formula, frame, vcov={"CRV1": "unit"}).coef()
        return {"estimate": coefficients.to_numpy()[-int((data["periods"] >= start).sum()) :].mean()}

    return work


# ---- plain loops, as one writes them without a library for the purpose


def _centred(x):
    return x - x.mean(axis=1, keepdims=True) - x.mean(axis=0, keepdims=True) + x.mean()


def _other_wards(data, draws):
    """The columns d of `draws` other assignments of as many wards, drawn by a seed."""
    wards, treated = np.unique(data["cluster"]), np.unique(data["cluster"][~np.isnan(data["cohort"])])
    draw, after = np.random.default_rng(SEED), data["periods"] >= np.nanmin(data["cohort"])
    for _ in range(draws):
        chosen = draw.choice(wards, len(treated), replace=False)
        yield (np.isin(data["cluster"], chosen)[:, None] & after).astype(float)


def loop_lstsq(data):
    def work():
        y = _centred(data["y"]).ravel()
        d = (data["cohort"][:, None] <= data["periods"]).astype(float)
        own = np.linalg.lstsq(_centred(d).reshape(-1, 1), y, rcond=None)[0][0]
        drawn = [np.linalg.lstsq(_centred(one).reshape(-1, 1), y, rcond=None)[0][0] for one in _other_wards(data, SOME)]
        p = (1 + (np.abs(drawn) >= abs(own)).sum()) / (1 + SOME)
        return {"estimate": own, "p": p}

    return work


def loop_pyfixest(data):
    import pyfixest

    frame = _long(data)

    def one(d):
        return pyfixest.feols("y ~ d | unit + time", frame.assign(d=d), vcov="iid").coef()["d"]

    def work():
        own = one(frame["d"])
        drawn = [one(d.ravel()) for d in _other_wards(data, SOME)]
        return {"estimate": own, "p": (1 + (np.abs(drawn) >= abs(own)).sum()) / (1 + SOME)}

    return work


def loop_slsqp(data):
    """Simplex least squares by scipy's SLSQP, for California and for each donor; unscaled it stops far too soon."""
    from scipy.optimize import minimize

    before = data["periods"] < np.nanmin(data["cohort"])
    treated = int(np.flatnonzero(~np.isnan(data["cohort"]))[0])
    y, sum_to_one = data["y"] / 100, {"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like}

    def gap(i, donors):
        rows = y[donors]
        found = minimize(
            lambda w: ((y[i, before] - w @ rows[:, before]) ** 2).sum(), np.full(len(donors), 1 / len(donors)),
            jac=lambda w: -2 * rows[:, before] @ (y[i, before] - w @ rows[:, before]),
            method="SLSQP", bounds=[(0, 1)] * len(donors), constraints=sum_to_one,
            options={"maxiter": 1000, "ftol": 1e-12},
        )  # fmt: skip
        return 100 * (y[i] - found.x @ rows)[~before].mean()

    def work():
        donors = np.delete(np.arange(len(y)), treated)
        own = gap(treated, donors)
        for i in donors:
            gap(i, donors[donors != i])
        return {"estimate": own}

    return work


# ---- wild cluster bootstrap


def wildboottest(data):
    import pandas as pd
    import statsmodels.api as sm
    from wildboottest.wildboottest import wildboottest as boot

    frame = _long(data)
    # unit effects lie within wards, so that taking them off first leaves the same test; the package wants dummies
    demeaned = {name: frame[name] - frame.groupby("unit")[name].transform("mean") for name in ("y", "d")}
    months = pd.get_dummies(frame["time"], prefix="m", drop_first=True, dtype=float)
    x = pd.concat([demeaned["d"].rename("d"), months - months.mean()], axis=1)
    ward = frame["ward"]

    def work():
        model = sm.OLS(demeaned["y"], x)
        found = boot(model, param="d", B=DRAWS, cluster=ward, seed=12, show=False, parallel=False)
        p = float(found.loc["d", "p-value"]) if "d" in found.index else float(found["p-value"].iloc[0])
        return {"estimate": model.fit().params["d"], "p": p}

    return work


# ---- multiple systems


def our_systems(data):
    from curv_eval.stats.captures import tabulate
    from curv_eval.stats.multiple_systems import averaged, every_model, fit_models, weights

    def work():
        captures = tabulate(data["histories"])
        fits = fit_models(captures, every_model(4, 2))
        total, error = averaged(fits.total, fits.std_error, weights(fits.criterion("bic", captures.seen)))
        return {"estimate": total, "std_error": error}

    return work


def our_hidden(data):
    from curv_eval.hidden import multiple_systems

    def work():
        found = multiple_systems(data["histories"], lists=("a", "b", "c", "d"))
        return {"estimate": found.total, "std_error": found.std_error}

    return work


def loop_glm(data):
    """statsmodels' GLM for each of the 64 models with pairwise terms, averaged by BIC."""
    from itertools import combinations, product

    import statsmodels.api as sm

    every = np.array(list(product((1, 0), repeat=4)))[:-1]
    pairs = list(combinations(range(4), 2))

    def work():
        rows = data["histories"]
        counts = np.array([(rows == one).all(axis=1).sum() for one in every])
        found = []
        for used in (c for k in range(7) for c in combinations(pairs, k)):
            x = np.column_stack([np.ones(15), every, *(every[:, i] * every[:, j] for i, j in used)])
            fit = sm.GLM(counts, x, family=sm.families.Poisson()).fit(tol=1e-10)
            unseen = np.exp(fit.params[0])
            error = np.sqrt(unseen + unseen**2 * fit.cov_params()[0, 0])
            found.append((len(rows) + unseen, error, np.log(len(rows)) * x.shape[1] - 2 * fit.llf))
        total, error, bic = np.array(found).T
        weight = np.exp(-(bic - bic.min()) / 2)
        weight /= weight.sum()
        mean = weight @ total
        return {"estimate": mean, "std_error": np.sqrt(weight @ (error**2 + (total - mean) ** 2))}

    return work


# ---- power

POWER_DRAWS = 1_000


def our_power(data):
    from types import SimpleNamespace

    from curv_eval.power import placebo_power

    design = _design("callaway_santanna", small_sample="cr2")
    study = SimpleNamespace(seed=1, design=design, primary=SimpleNamespace(name="y"))
    panel, draws = _panel(data), data.get("draws", POWER_DRAWS)

    def work():
        found = placebo_power(panel, study, draws=draws)
        return {"first": found.draws["estimate"][:10].mean(), "smallest": found.smallest}

    return work


def _placebo_frames(data, draws):
    """The same placebos as curv-eval's: starts given to wards that were never treated."""
    never, y = np.isnan(data["cohort"]), data["y"]
    past = {"y": y[never], "cluster": data["cluster"][never], "periods": data["periods"]}
    wards = np.unique(past["cluster"])
    starts = np.sort([np.nanmin(data["cohort"][data["cluster"] == w]) for w in np.unique(data["cluster"][~never])])
    draw = np.random.default_rng([1, 1])
    for _ in range(draws):
        chosen = dict(zip(draw.choice(wards, size=len(starts), replace=False), starts, strict=True))
        yield past | {"cohort": np.array([chosen.get(w, np.nan) for w in past["cluster"]])}


def _fall(one, effect):
    """The average effect per treated area and month as a share of what was expected."""
    seen = one["y"][one["cohort"][:, None] <= one["periods"]].mean()
    return seen / (seen - effect) - 1


def _smallest(falls):
    from scipy.special import ndtri

    return -np.expm1(-(ndtri(0.975) + ndtri(0.8)) * np.log1p(falls).std(ddof=1))


def loop_diff_diff(data):
    from diff_diff import CallawaySantAnna

    def work():
        falls = []
        for one in _placebo_frames(data, SOME):
            found = CallawaySantAnna(cluster="ward").fit(_long(one), **_COLUMNS)
            falls.append(_fall(one, found.overall_att))
        return {"first": np.mean(falls[:10]), "smallest": _smallest(falls)}

    return work


# ---- people


def _people(data, **more):
    from curv_eval.people import People

    names = np.array([f"p{i}" for i in range(len(data["y"]))])
    held = {f"x{j}": x for j, x in enumerate(data["x"].T)} if "x" in data else {}
    return People(persons=names, treated=data["treated"], outcomes={"y": data["y"]}, covariates=held, **more)


def our_balancing(data):
    from curv_eval.estimate.averages import overall
    from curv_eval.methods import fit

    people, design = _people(data), _design("entropy_balancing")

    def work():
        table = overall(fit(people, outcome="y", design=design))
        return {"estimate": table["estimate"][0], "std_error": table["std_error"][0]}

    return work


def bfgs(data):
    """The six lines that papers print: the dual, minimised by scipy's BFGS."""
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    def work():
        x, t, y = data["x"], data["treated"], data["y"]
        gaps = x[~t] - x[t].mean(axis=0)
        found = minimize(lambda b: logsumexp(gaps @ b), np.zeros(x.shape[1]), method="BFGS", options={"gtol": 1e-8})
        weight = np.exp(gaps @ found.x - logsumexp(gaps @ found.x))
        return {"estimate": y[t].mean() - weight @ y[~t]}

    return work


def our_threshold(data):
    from curv_eval.stats.discontinuity import sharp

    def work():
        found = sharp(data["running"], data["y"])
        return {"estimate": found.value, "std_error": found.std_error}

    return work


def diff_diff_threshold(data):
    import pandas as pd
    from diff_diff import RegressionDiscontinuity

    frame = pd.DataFrame({"y": data["y"], "running": data["running"]})

    def work():
        found = RegressionDiscontinuity().fit(frame, outcome="y", running="running")
        return {"estimate": found.att, "std_error": found.se}

    return work


def our_cox(data):
    from curv_eval.stats.cox import cox

    def work():
        found = cox(data["time"], data["event"], np.column_stack([data["treated"], data["x"]]).astype(float))
        return {"estimate": found.coefficients[0], "std_error": found.errors[0]}

    return work


def phreg(data):
    from statsmodels.duration.hazard_regression import PHReg

    def work():
        x = np.column_stack([data["treated"], data["x"]]).astype(float)
        found = PHReg(data["time"], x, status=data["event"], ties="efron").fit(disp=False)
        return {"estimate": found.params[0], "std_error": found.bse[0]}

    return work
