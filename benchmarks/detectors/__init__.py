"""Failures injected at growing strength into a small simulated shop; how often the diagnoses find them."""
