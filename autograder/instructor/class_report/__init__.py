"""The report on a class: what is known of it, its numbers, and both without its names. `report/` renders it."""
