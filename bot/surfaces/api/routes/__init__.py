"""The API's resources, one module each: they ask a view or an act and spell the answer."""
