"""A study through its notebooks into a new folder of outputs."""
