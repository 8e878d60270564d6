"""How a function of a submission is called: the interface, and the executor that stays in this process."""
