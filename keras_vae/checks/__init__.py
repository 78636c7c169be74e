"""The checks of what a user gives, and how it is named in an error."""
