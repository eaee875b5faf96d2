import sys

from tools.regression.regression import main

sys.exit(main())
