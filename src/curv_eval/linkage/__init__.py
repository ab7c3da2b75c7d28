"""Putting records and places together."""
