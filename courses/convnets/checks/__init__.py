"""What is graded: one module a topic, one short function a check."""
