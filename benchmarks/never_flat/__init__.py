"""Whether the package's defaults go flat anywhere: hundreds of random problems, each rebuilt from its number alone."""
