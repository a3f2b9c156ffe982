"""What an author of checks imports: `check`, `layer`, `expect_*`, oracles, and the student as checks see them."""
