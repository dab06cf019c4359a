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

manage() {
    .venv/bin/python manage.py "$@" || {
        echo "manage.py $1 failed: see above" >&2
        exit 1
    }
}

echo "[3/4] database, static files, demo data"
manage migrate --noinput --verbosity 0
var=${VAR_DIR:-var}
if [ ! -e "$var/static/.collected" ] ||
    [ -n "$(find static requirements/embedded.txt -newer "$var/static/.collected" | head -n 1)" ]; then
    manage collectstatic --noinput --clear --verbosity 0
    touch "$var/static/.collected"
fi
[ "${DEMO:-1}" = 0 ] || manage demo

echo "[4/4] serving (Ctrl-C ends it)"
exec .venv/bin/python -m chatchat.server
