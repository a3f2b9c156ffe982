"""What checks put beside student code where it runs: small layers and models of ours, counters and recorders."""
