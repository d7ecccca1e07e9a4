"""Whether a stranger's model may run here, and be listed: stages, findings, a signed report."""
