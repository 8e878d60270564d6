"""Everything that only a student's computer needs: `check`, `submit`, `reset`, `progress` and `doctor`."""
