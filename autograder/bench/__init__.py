"""The benchmarks behind the figures of the README."""
