"""The untrusted side. These files are bound into the room and import the standard library and NumPy, nothing else."""
