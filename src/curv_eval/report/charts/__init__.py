"""One published chart per file: `draw` makes the figure and `alt_text` its text alternative, from released values."""
