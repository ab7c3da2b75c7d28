"""Arrays in, arrays out: no pandas, no files."""
