#!/bin/sh
# Put MySQL itself, which this Debian may not have, into var/mysql: a small Debian sid of its own, of which only
# mysqld is run. Once; needs root, for debootstrap does.
set -eu
cd "$(dirname "$0")/.."
folder=var/mysql
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

fail() {
    printf '\n%s\n' "$*" >&2
    exit 1
}

if [ -e $folder/ready ]; then
    exit 0
fi
[ "$(id -u)" -eq 0 ] || fail "make test-mysql needs root the first time: it unpacks Debian packages into $folder.
    sudo scripts/mysql.sh"
command -v apt-get >/dev/null || fail "make test-mysql needs Debian, or one of its kind: it unpacks Debian packages."
if ! command -v debootstrap >/dev/null; then
    echo "      installing the Debian package debootstrap"
    apt-get update --quiet >/dev/null || true # stale lists may still do
    apt-get install --yes --no-install-recommends debootstrap >/dev/null || fail "debootstrap could not be installed."
fi

# The mirror that this machine's apt uses, and its proxy.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
[ -n "$mirror" ] || fail "apt's sources name no mirror of Debian."
proxy=$(apt-config dump --format '%v%n' Acquire::http::Proxy)
if [ -n "$proxy" ]; then
    export http_proxy="$proxy"
fi

echo "      unpacking MySQL into $folder (some minutes, once)"
rm -rf $folder
mkdir -p var
log=var/mysql.log
if ! debootstrap --variant=minbase --include=mysql-server-core sid $folder "$mirror" >$log 2>&1; then
    tail -n 20 $log >&2
    fail "MySQL could not be unpacked; the whole of what was said is in $log."
fi
rm -rf $folder/var/cache/apt/archives
touch $folder/ready
