#!/bin/sh
# Put ejabberd and Prosody, with what they need, into var/peers, unpacked beside the system and not installed in
# it. Where that cannot be, bench-peers says so and goes on without them.
set -eu
cd "$(dirname "$0")/.."
folder=var/peers
log=var/peers.log
if [ -e $folder/ready ]; then
    exit 0
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo "      no apt-get here: ejabberd and Prosody are left out" >&2
    exit 0
fi

echo "      unpacking ejabberd and Prosody into $folder (once)" >&2
rm -rf $folder
mkdir -p $folder/debs/partial $folder/root
packages="ejabberd prosody lua5.4 lua-dbi-mysql lua-sec erlang-p1-mysql erlang-p1-sqlite3 erlang-p1-pgsql"
fetch() {
    apt-get install --yes --download-only --no-install-recommends \
        -o Dir::Cache::archives="$PWD/$folder/debs" $packages >$log 2>&1
}
# Stale lists name packages that are gone.
if ! fetch && ! { apt-get update --quiet >/dev/null 2>&1 && fetch; }; then
    tail -n 10 $log >&2
    echo "      ejabberd and Prosody could not be fetched (the whole of it: $log) and are left out" >&2
    exit 0
fi
for deb in $folder/debs/*.deb; do
    dpkg-deb -x "$deb" $folder/root
done
rm -rf $folder/debs
touch $folder/ready
