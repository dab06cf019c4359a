#!/bin/sh
# For containers, whenever certbot has a new certificate (its --deploy-hook): the files themselves go to deploy/tls/, for
# certbot's own are links that lead nowhere inside a container; then nginx reads them.
set -eu
umask 077
cd "$(dirname "$0")/.."
: "${RENEWED_LINEAGE:?is not set: certbot calls this}"

for name in fullchain.pem privkey.pem; do
    cp --dereference "$RENEWED_LINEAGE/$name" "deploy/tls/$name.new"
    mv "deploy/tls/$name.new" "deploy/tls/$name"
done
if [ -n "$(docker compose ps --quiet nginx)" ]; then
    docker compose exec -T nginx nginx -s reload
fi
