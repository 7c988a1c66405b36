"""The feedback package's tests share their small worlds."""
