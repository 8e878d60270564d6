"""The untrusted side. A room sees these files, and they import the standard library, NumPy and PyTorch, nothing else.

A room is the process in which the functions of one submission run.
"""
