"""`python -m unflat` is the command `unflat`."""

from unflat.cli import main

if __name__ == "__main__":
    main()
