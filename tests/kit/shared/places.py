"""Where the tests find the course that they stand in."""

from pathlib import Path

ROOT = Path(__file__).parents[3]
