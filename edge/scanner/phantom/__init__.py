"""The daily self-test: a phantom of known parts is scanned, measured, and the results are kept."""
