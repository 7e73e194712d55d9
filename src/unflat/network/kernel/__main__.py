"""`python -m unflat.network.kernel` compiles the kernel in place, and says why if it cannot."""

import sys

from unflat.network.kernel.compiling import main

sys.exit(main())
