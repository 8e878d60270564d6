"""Write scores in the forms that other gradebooks import.

Here belongs one module for each form; all of them start from the class in `graded_class`.
"""
