"""Who is let in, what it counts against, and the routes about accounts."""
