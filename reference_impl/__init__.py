"""The course's correct answers, one module per assignment, mostly plain NumPy. The hidden suites compare with them."""
