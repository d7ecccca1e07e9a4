"""`python -m printroom` is the command `printroom`."""

from printroom.cli.main import main

main()
