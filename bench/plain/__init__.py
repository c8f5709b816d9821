"""The other side of the group `forms`: one step of the big form as plain Django writes it."""
