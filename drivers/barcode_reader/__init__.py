"""A reader of bar codes: boarding passes, digital seals."""
