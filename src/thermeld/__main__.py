"""`python -m thermeld` is the command line."""

from thermeld.cli import main

main()
