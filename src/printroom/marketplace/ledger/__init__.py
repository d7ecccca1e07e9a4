"""The books: accounts, postings and holds. They know nothing of what is sold."""
