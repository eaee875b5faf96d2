import sys

from helpers.commands.main import main

sys.exit(main())
