"""A course, read from its folder and checked: parts, points, dates, data sets, the secret key."""
