"""The Teams connector put to the contract suite: its stage, its faults."""
