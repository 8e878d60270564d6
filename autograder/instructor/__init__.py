"""Everything that an instructor does with a class, without nbgrader."""
