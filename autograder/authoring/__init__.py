"""What instructors run on a course: skeletons, mistakes, mutants, the audit, and what is handed out."""
