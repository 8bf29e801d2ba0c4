#!/bin/sh
# Starts the Python language host that lies beside this file, in a Python that has the Pulumi SDK:
# the one that the toolchain names, else the active virtualenv, else the project's own.
library=${0%/*}/../lib
for python in \
    "${SHIMYARD_LANGUAGE_HOST_PYTHON:-}" \
    "${VIRTUAL_ENV:+$VIRTUAL_ENV/bin/python}" \
    "$PWD/.venv/bin/python" \
    "$PWD/venv/bin/python"; do
    if [ -n "$python" ] && [ -x "$python" ]; then
        exec "$python" "$library/toolchain/language_host" "$library" "$@"
    fi
done
exec python3 "$library/toolchain/language_host" "$library" "$@"
