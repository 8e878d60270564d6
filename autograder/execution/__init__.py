"""How a function of a submission is called: the interface, and the way that stays in this process."""
