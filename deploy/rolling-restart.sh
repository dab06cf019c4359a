#!/bin/sh
# Replace every server process, one after the other; nobody who is connected loses anything.
#
#   deploy/rolling-restart.sh             the units chatchat@PORT that run on this machine
#   deploy/rolling-restart.sh compose     the containers of the service web, by ones of the image that is there now
set -eu

units() {
    found=$(systemctl list-units --plain --no-legend --state=active 'chatchat@*.service' | cut -d ' ' -f 1)
    [ -n "$found" ] || { echo "no unit chatchat@ is running" >&2; exit 1; }
    for unit in $found; do
        # Returns when the new process answers: ExecStartPost waits for that.
        systemctl restart "$unit"
        echo "$unit"
    done
}

containers() {
    old=$(docker compose ps --quiet web)
    number=$(echo "$old" | wc -l)
    [ -n "$old" ] || { echo "no container of web is running" >&2; exit 1; }
    # As many new ones beside them; --wait returns when their health checks pass.
    docker compose up --detach --wait --no-deps --no-recreate --scale "web=$((number * 2))" web
    for container in $old; do
        docker stop --time 30 "$container" >/dev/null
        docker rm "$container" >/dev/null
        echo "$container"
    done
}

case ${1:-units} in
units) units ;;
compose) containers ;;
*) echo "usage: rolling-restart.sh [compose]" >&2; exit 2 ;;
esac
