"""What checks put beside student code or ask of it where it runs: small layers and models of ours, counters, recorders."""
