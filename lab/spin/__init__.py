"""A stand-in for SpinKube's operator and its shim, which no registry serves."""
