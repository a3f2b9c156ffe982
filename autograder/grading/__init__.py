"""One submission: from its zip through the checks to marks and pages."""
