#!/bin/sh
# Copy the database and the files of a running site into a new folder, as of the moment of its beginning or later.
#
#   VAR_DIR=/var/lib/chatchat deploy/backup.sh FOLDER
#
#   VAR_DIR        the server's: pictures and files, and in the embedded stack the database
#   ATTACHMENTS    the folder that ATTACHMENTS_URL names, if it does
#   DATABASE_CNF   of MySQL and MariaDB: an options file with [client] host, user, password …
#   DATABASE_NAME  … and the database's name (chatchat)
#   DUMP           another command that writes the database as SQL, in the place of these two
#   DATABASE_FILE  of SQLite, if it is not $VAR_DIR/chatchat.sqlite3
#   PYTHON         for SQLite (.venv/bin/python)
#
# First the files, then the database, then the files that have come meanwhile: whatever a row of the database
# names is a file that was there before the row. Nothing is taken away in between, so a file is missing only if it
# came and was recalled again while this ran. The site goes on; nothing is locked.
set -eu
umask 077
here=$(dirname "$0")
folder=${1:?usage: VAR_DIR=... backup.sh FOLDER}
: "${VAR_DIR:?is not set}"
[ ! -e "$folder" ] || { echo "$folder is there already" >&2; exit 1; }
mkdir -p "$folder/files"

# A file that went while it was being copied (24) was recalled, or was not whole yet.
copy() {
    rsync --archive --exclude='*.part' "$1" "$2" || [ $? -eq 24 ]
}

copy_files() {
    for part in media attachments secret_key oauth_provider_key.pem; do
        if [ -e "$VAR_DIR/$part" ]; then
            copy "$VAR_DIR/$part" "$folder/files/"
        fi
    done
    if [ -n "${ATTACHMENTS:-}" ]; then
        mkdir -p "$folder/files/attachments"
        copy "$ATTACHMENTS/" "$folder/files/attachments/"
    fi
}

dump() {
    if [ -n "${DUMP:-}" ]; then
        sh -c "$DUMP"
    else
        program=$(command -v mariadb-dump || command -v mysqldump)
        "$program" --defaults-extra-file="$DATABASE_CNF" --single-transaction --quick --hex-blob \
            --no-tablespaces --default-character-set=utf8mb4 "${DATABASE_NAME:-chatchat}"
    fi
}

copy_files
if [ -n "${DUMP:-}${DATABASE_CNF:-}" ]; then
    dump >"$folder/database.sql"
    tail -n 5 "$folder/database.sql" | grep -q 'Dump completed' || { echo "the dump is not whole" >&2; exit 1; }
    gzip "$folder/database.sql"
else
    "${PYTHON:-$here/../.venv/bin/python}" -c '
import sqlite3, sys
sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, timeout=60).execute("VACUUM INTO ?", sys.argv[2:])
' "${DATABASE_FILE:-$VAR_DIR/chatchat.sqlite3}" "$folder/chatchat.sqlite3"
fi
copy_files
echo "$folder: $(du -sh "$folder" | cut -f 1)"
