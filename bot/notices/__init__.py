"""What to say, to whom, once; pure values that surfaces and connectors carry."""
