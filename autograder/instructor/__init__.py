"""What an instructor does with a class: collect, grade, report, export. nbgrader is not needed, and not imported.

Here belongs code that is about a class of students: its folders, its roster, its results. Code about one submission
belongs to `grading`, and code that needs nbgrader to `nbgrader_bridge`.
"""
