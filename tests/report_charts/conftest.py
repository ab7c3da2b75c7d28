import importlib

import pytest
from chart_samples import CHARTS, SAMPLES


@pytest.fixture(params=CHARTS)
def chart(request):
    """Every chart module in the folder, found there and not listed."""
    return importlib.import_module(f"curv_eval.report.charts.{request.param}")


@pytest.fixture
def sample(chart):
    name = chart.__name__.rpartition(".")[2]
    assert name in SAMPLES, f"add a sample table for the chart {name} to chart_samples.py"
    return SAMPLES[name]()


@pytest.fixture
def texts():
    """The visible texts of a figure, joined."""
    from matplotlib.text import Text

    return lambda figure: "\n".join(t.get_text() for t in figure.findobj(Text) if t.get_visible() and t.get_text())
