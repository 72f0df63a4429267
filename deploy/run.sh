#!/bin/bash
# What compose.yaml starts, without containers: a primary, a replica that streams, three instances, nginx.
#
#   deploy/run.sh [--check] [--masthead FILE] [NGINX PRIMARY REPLICA INSTANCE1 INSTANCE2 INSTANCE3]
#
# The last are ports. Runs until Ctrl-C; with --check it writes through nginx, waits until all three instances show it, and ends: 0 where
# they did within a second. Everything is in a folder of its own and gone afterwards. Needs PostgreSQL's programs, nginx, curl.
set -euo pipefail

usage() { sed -n '4,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }

here=$(cd "$(dirname "$0")" && pwd)
masthead=$here/../target/release/masthead
check=
while [ $# -gt 0 ]; do
    case $1 in
        --check) check=1; shift ;;
        --masthead) masthead=${2:?}; shift 2 ;;
        -*) usage ;;
        *) break ;;
    esac
done
[ $# -eq 0 ] || [ $# -eq 6 ] || usage
nginx_port=${1:-8080} primary_port=${2:-5532} replica_port=${3:-5533}
ports=("${4:-8081}" "${5:-8082}" "${6:-8083}")
[ -x "$masthead" ] || { echo "no program at $masthead; build it, or name one with --masthead" >&2; exit 2; }
masthead=$(realpath "$masthead")

# Debian keeps the server's programs apart, one folder a version.
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb)")
# PostgreSQL refuses to run as root.
as=()
if [ "$(id -u)" = 0 ]; then
    account=$(id -u postgres >/dev/null 2>&1 && echo postgres || echo nobody)
    as=(setpriv "--reuid=$account" "--regid=$(id -gn "$account")" --clear-groups)
fi

home=$(mktemp -d /tmp/masthead-deploy-XXXXXX)
chmod 711 "$home"
started=()
finish() {
    trap - EXIT INT TERM
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
    for data in replica primary; do
        [ ! -f "$home/postgres/$data/postmaster.pid" ] || postgres pg_ctl -D $data -m fast -w stop >/dev/null || true
    done
    rm -rf "$home"
}
trap finish EXIT
trap 'exit 130' INT TERM

postgres() {
    local program=$1
    shift
    (cd "$home/postgres" && exec env LC_ALL=C ${as[@]+"${as[@]}"} "$bin/$program" "$@" </dev/null)
}

fail() {
    echo "$1" >&2
    tail -n 20 "$home"/*.log "$home"/postgres/*.log >&2 || true
    exit 1
}

mkdir "$home/postgres" "$home/media" "$home/nginx"
[ ${#as[@]} -eq 0 ] || chown "$account" "$home/postgres"
postgres initdb -D primary -U masthead -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$home/initdb.log" 2>&1 || fail "initdb failed"
settings="-c listen_addresses=127.0.0.1 -c unix_socket_directories="
postgres pg_ctl -D primary -l primary.log -w -o "-p $primary_port $settings" start >/dev/null || fail "the primary does not start"
postgres createdb -h 127.0.0.1 -p "$primary_port" -U masthead masthead
postgres pg_basebackup -h 127.0.0.1 -p "$primary_port" -U masthead -D replica -R -X stream -c fast --no-sync -C -S replica
postgres pg_ctl -D replica -l replica.log -w -o "-p $replica_port $settings" start >/dev/null || fail "the replica does not start"

export DATABASE_URL=postgres://masthead@127.0.0.1:$primary_port/masthead
export DATABASE_REPLICA_URLS=postgres://masthead@127.0.0.1:$replica_port/masthead
export MASTHEAD_PUBLIC_URL=http://127.0.0.1:$nginx_port
export MASTHEAD_TRUSTED_PROXIES=127.0.0.1
export MASTHEAD_MEDIA_STORAGE=$home/media
for port in "${ports[@]}"; do
    MASTHEAD_BIND=127.0.0.1:$port "$masthead" serve 2>"$home/masthead-$port.log" &
    started+=($!)
done
sed -e "s#masthead1:8080#127.0.0.1:${ports[0]}#" -e "s#masthead2:8080#127.0.0.1:${ports[1]}#" \
    -e "s#masthead3:8080#127.0.0.1:${ports[2]}#" -e "s#listen 8080#listen 127.0.0.1:$nginx_port#" \
    -e "s#/tmp/nginx#$home/nginx/nginx#" "$here/nginx.conf" >"$home/nginx.conf"
# Where it starts as root, its workers do not run as root.
chmod 777 "$home/nginx"
nginx -p "$home/nginx" -c "$home/nginx.conf" -e "$home/nginx.log" -g 'daemon off;' 2>>"$home/nginx.log" &
started+=($!)

wait_for() {
    for _ in $(seq 300); do
        ! curl -fsS -o /dev/null "$1" 2>/dev/null || return 0
        sleep 0.1
    done
    fail "no answer from $1"
}
for port in "${ports[@]}" "$nginx_port"; do wait_for "http://127.0.0.1:$port/readyz"; done
echo "three instances on 127.0.0.1:${ports[0]}, ${ports[1]}, ${ports[2]}; nginx on http://127.0.0.1:$nginx_port"

if [ -z "$check" ]; then
    wait "${started[@]}"
    exit
fi

# What an answer has as the value of a member.
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
api=http://127.0.0.1:$nginx_port/api/v1
password=$(head -c 24 /dev/urandom | base64)
"$masthead" user create --email check@example.org --role admin --name Check <<<"$password" >/dev/null 2>"$home/user.log" || fail "no account"
token=$(curl -fsS "$api/auth/token" -H 'content-type: application/json' \
    -d "{\"email\":\"check@example.org\",\"password\":\"$password\"}" | member access_token)
[ -n "$token" ] || fail "signing in failed"
call() { curl -fsS -X "$1" "$api$2" -H "authorization: Bearer $token" -H 'if-match: *' -H 'content-type: application/json' -d "$3"; }
call POST /manage/sites '{"slug":"check","name":"Check 0","default_locale":"en"}' >/dev/null || fail "writing failed"
site=$(psql -h 127.0.0.1 -p "$primary_port" -U masthead -d masthead -Atc 'SELECT id FROM sites')

slowest=0
for n in $(seq 20); do
    # In the memory of all, so that they have to be told.
    for port in "${ports[@]}"; do curl -fsS -o /dev/null "http://127.0.0.1:$port/api/v1/sites/check"; done
    call PATCH "/manage/sites/$site" "{\"name\":\"Check $n\"}" >/dev/null || fail "writing failed"
    begun=$(date +%s%N)
    for port in "${ports[@]}"; do
        until curl -fsS "http://127.0.0.1:$port/api/v1/sites/check" | grep -q "\"Check $n\""; do
            [ $(($(date +%s%N) - begun)) -lt 5000000000 ] || fail "the instance on $port does not show what was written"
            sleep 0.005
        done
    done
    took=$((($(date +%s%N) - begun) / 1000000))
    [ $took -le $slowest ] || slowest=$took
done
reading=$(psql -h 127.0.0.1 -p "$replica_port" -U masthead -d masthead -Atc \
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'masthead'")
echo "20 writes through nginx, each shown by all three instances after at most $slowest ms; $reading connections read from the replica"
[ $slowest -le 1000 ] || fail "more than a second is too slow"
[ "$reading" -gt 0 ] || fail "nothing is read from the replica"
