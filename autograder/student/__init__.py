"""Everything that a laptop needs beside the rings below: `check`, `submit`, `reset`, `doctor`."""
