"""Read a notebook and the course that it belongs to: hostile bytes in, plain source out."""
