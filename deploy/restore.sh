#!/bin/sh
# Put what deploy/backup.sh has copied where a new site will find it: an empty database, an empty VAR_DIR.
#
#   VAR_DIR=/var/lib/chatchat deploy/restore.sh FOLDER
#
# The variables are those of backup.sh, but that LOAD stands for DUMP: a command that reads SQL. No server runs
# meanwhile; afterwards come `manage.py migrate`, if the version is a newer one, and the servers. SECRET_KEY has to be
# the one from before, or everybody signs in again.
set -eu
umask 077
folder=${1:?usage: VAR_DIR=... restore.sh FOLDER}
: "${VAR_DIR:?is not set}"

fail() {
    echo "$*" >&2
    exit 1
}

load() {
    if [ -n "${LOAD:-}" ]; then
        sh -c "$LOAD"
    else
        program=$(command -v mariadb || command -v mysql)
        "$program" --defaults-extra-file="$DATABASE_CNF" --default-character-set=utf8mb4 "${DATABASE_NAME:-chatchat}"
    fi
}

for part in media attachments; do
    [ ! -e "$VAR_DIR/$part" ] || fail "$VAR_DIR/$part is there already: restore into an empty place"
done
mkdir -p "$VAR_DIR"
rsync --archive "$folder/files/" "$VAR_DIR/"
if [ -n "${ATTACHMENTS:-}" ]; then
    mkdir -p "$ATTACHMENTS"
    rsync --archive "$VAR_DIR/attachments/" "$ATTACHMENTS/"
    rm -r "$VAR_DIR/attachments"
fi
if [ -e "$folder/database.sql.gz" ]; then
    [ -z "$(echo 'SHOW TABLES' | load)" ] || fail "the database is not empty"
    gunzip --test "$folder/database.sql.gz"
    gunzip --stdout "$folder/database.sql.gz" | load
else
    file=${DATABASE_FILE:-$VAR_DIR/chatchat.sqlite3}
    [ ! -e "$file" ] || fail "$file is there already"
    cp "$folder/chatchat.sqlite3" "$file"
fi
echo "$folder is in its place"
