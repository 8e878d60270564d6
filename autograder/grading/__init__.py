"""Grade one notebook. Start reading in `pipeline`."""
