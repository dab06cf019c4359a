#!/bin/sh
# Make the files in secrets/ that docker-compose.yml gives to the containers. What is there stays as it is.
#
#   deploy/secrets.sh [FOLDER]
#
# The folder is for its owner alone; the files in it are readable, for inside a container they are read by
# another user. Keep a copy somewhere safe: without secret_key everybody has to sign in again, without
# database_password the database cannot be opened.
set -eu
umask 077
folder=${1:-$(dirname "$0")/../secrets}
mkdir -p "$folder"
chmod 0700 "$folder"

# Put standard input into the file $1, unless there is one.
keep() {
    if [ -e "$folder/$1" ]; then
        return
    fi
    cat >"$folder/$1.new"
    chmod 0444 "$folder/$1.new"
    mv "$folder/$1.new" "$folder/$1"
    echo "made $folder/$1"
}

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

random | keep secret_key # signs tokens and sessions
random | keep database_password
random | keep database_root_password # for backups
random | keep grafana_password       # of Grafana's person "admin"
# How mail is sent. Until a real server is named here, Mailpit keeps it: smtp://user:password@host:port
printf 'smtp://mailpit:1025' | keep email_url
# Of the bucket that ATTACHMENTS_URL names; empty: none
printf '' | keep aws_access_key_id
printf '' | keep aws_secret_access_key
# Signs the ID tokens of the simulated third party; the same for all server processes
if [ ! -e "$folder/oauth_provider_key" ]; then
    key=$(openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048)
    printf '%s\n' "$key" | keep oauth_provider_key
fi
