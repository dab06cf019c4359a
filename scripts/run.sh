#!/bin/sh
# Set everything up and serve; the environment chooses the stack (README.md has the table).
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8 PYTHONUTF8=1
export DEV_MAIL="${DEV_MAIL:-1}" # mail is read in the browser until somebody says otherwise

case ${DATABASE_URL:-} in
mysql* | mariadb*) scripts/setup.sh production ;;
*) scripts/setup.sh embedded ;;
esac

echo "[3/4] database, static files, demo data"
.venv/bin/python scripts/prepare.py

echo "[4/4] starting the server"
exec .venv/bin/python -m chatchat.server
