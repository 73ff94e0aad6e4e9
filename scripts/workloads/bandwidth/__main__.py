import os
import sys

if not __package__:  # started by its folder's name
    sys.path[0] = os.path.dirname(sys.path[0])

from bandwidth.cli import main

sys.exit(main())
