"""What an author of checks imports: `check`, `expect_*`, diagnosis, and the student as checks see them."""
