"""From released tables to the tables, figures and words of a bundle; accepts only Released."""
