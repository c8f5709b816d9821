"""The words of letters, the prepared texts and the seals, in the administration."""
