import sys

from bandwidth.cli import main

sys.exit(main())
