"""python -m lotwise.onebox is the `lotwise` command."""

from lotwise.onebox.cli import main

if __name__ == "__main__":
    main()
