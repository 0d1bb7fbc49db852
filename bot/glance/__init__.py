"""A look at where everything stands that loads next to nothing: standard library, one file, plain SQL."""
