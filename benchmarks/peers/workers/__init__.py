"""Tasks in, answers out, in the peers' own environment: each module runs one peer by its own documentation."""
