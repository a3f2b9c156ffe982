"""From a zip that nobody trusts to a student's files in a folder."""
