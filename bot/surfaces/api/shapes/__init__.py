"""What the API's answers and requests look like, as pydantic models with examples."""
