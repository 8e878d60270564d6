"""The untrusted side: what runs in the process with a student's code.

These files are what a sandbox is made from. They import the standard library, NumPy and PyTorch, nothing else.
"""
