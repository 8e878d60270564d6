"""Grade a class in several processes."""
