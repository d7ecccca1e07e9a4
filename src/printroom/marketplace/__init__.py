"""The market: what is offered, who bought it, and the books in which each credit is kept."""
