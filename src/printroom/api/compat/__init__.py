"""The dialects of other services, so that their clients work against this server unchanged."""
