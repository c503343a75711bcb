"""An X-ray generator without a tube."""
