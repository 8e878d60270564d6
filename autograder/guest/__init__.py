"""The untrusted side: what runs in the process with a student's code.

These files are visible in a sandbox, and import the standard library, NumPy and PyTorch, nothing else.
"""
