"""Where the helpers of these tests are."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent)]
