"""Scores in the forms that other gradebooks import: one module each, all of one reading of the results."""
