"""Grade a class in several processes.

Here belongs code about which submissions are graded, by which process, and how results of several runs join. How one
submission is graded belongs to `grading`.
"""
