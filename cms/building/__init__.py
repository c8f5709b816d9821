"""The form builder in the content administration."""
