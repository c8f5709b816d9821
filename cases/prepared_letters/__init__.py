"""Letters that the town prepared: its lists, whom one is for, what was answered to it."""
