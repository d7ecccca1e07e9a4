"""`/compat/openai/v1`: pictures made and edited by published pipelines, for OpenAI's clients."""
