"""Draws the sample's two figures anew: python tests/publish/sample/draw.py. Every number is made up."""

import csv
import math
from pathlib import Path

import matplotlib
from matplotlib import pyplot

FIGURES = Path(__file__).parent / "release" / "figures"
matplotlib.rcParams |= {"svg.hashsalt": "curv-eval sample", "svg.fonttype": "none", "font.size": 10}
matplotlib.rcParams |= {"axes.spines.top": False, "axes.spines.right": False, "figure.figsize": (7, 3.6)}


def save(name, figure, rows):
    figure.savefig(FIGURES / f"{name}.svg", metadata={"Date": None, "Creator": None})
    figure.savefig(FIGURES / f"{name}.png", dpi=150, metadata={"Software": None})
    with (FIGURES / f"{name}.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def observed_expected():
    months = range(24)
    expected = [160 + 20 * math.sin(month / 2) for month in months]
    observed = [value * (0.88 if month > 12 else 1) + (month * 7 % 5 - 2) for month, value in enumerate(expected)]
    figure, axes = pyplot.subplots(layout="constrained")
    axes.plot(months, observed, color="#12436D", linewidth=2)
    axes.plot(months, expected, color="#F46A25", linewidth=2, linestyle="--")
    axes.text(23.2, observed[-1], "Observed", color="#12436D", va="center")
    axes.text(23.2, expected[-1], "Expected", color="#B34A10", va="center")
    axes.set(ylim=(0, 200), xlabel="Months from July 2022")
    axes.set_title("Incidents a month", loc="left", fontsize=10)
    axes.grid(axis="y", color="#E3E3E3")
    save(
        "observed_expected", figure, [("month", "observed", "expected"), *zip(months, observed, expected, strict=True)]
    )


def event_study():
    months = range(-12, 11)
    change = [-12 + month % 4 if month >= 0 else (month * 5) % 4 - 1.5 for month in months]
    figure, axes = pyplot.subplots(layout="constrained")
    axes.errorbar(months, change, yerr=3, fmt="o", color="#12436D", ecolor="#9DB4C6")
    axes.axhline(0, color="#3D3D3D", linewidth=1)
    axes.set(xlabel="Months from the start")
    axes.set_title("Difference from expected (%)", loc="left", fontsize=10)
    save("event_study", figure, [("month", "change"), *zip(months, change, strict=True)])


if __name__ == "__main__":
    observed_expected()
    event_study()
