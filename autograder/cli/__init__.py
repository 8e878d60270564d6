"""The command line: the commands that students, instructors and authors type."""
