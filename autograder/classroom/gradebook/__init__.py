"""One mark a student: code, report and lateness together, and the files that course platforms read."""
