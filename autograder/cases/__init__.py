"""Cases that checks ask: what they are made of, which simpler ones lie near, and what tells those that fail."""
