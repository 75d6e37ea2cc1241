#!/usr/bin/env bash
# The entry point of one of two PostgreSQL nodes. An empty one begins as it is told: `primary`, with an empty database, or
# `standby`, as a copy of the other that follows it until it is promoted. One that is not empty goes on as what it is,
# unless both would be primaries then. The rest is done by the image's own entry point.
#
# NODE                  what this node is called: its slot at the other, which so keeps what this one has not had yet
# OTHER, OTHER_PORT     where the other is
# BEGIN_AS              primary or standby
# REPLICATION_PASSWORD  of the role `replicator`
set -euo pipefail
: "${NODE:?}" "${OTHER:?}" "${BEGIN_AS:?}" "${PGDATA:?}"
: "${REPLICATION_PASSWORD:?must be set, in .env for instance}"

other="host=$OTHER port=${OTHER_PORT:-5432} user=replicator dbname=postgres application_name=$NODE connect_timeout=3"
at_other() { PGPASSWORD="$REPLICATION_PASSWORD" "$@"; }
ask_other() { at_other psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$other" "$@"; }

begin_as_standby() {
    until [[ "$(ask_other --command='SELECT pg_is_in_recovery()')" == f ]]; do
        echo "node.sh: waiting for a primary at $OTHER" >&2
        sleep 1
    done
    # An earlier life of this node may have left its slot.
    ask_other --set=node="$NODE" > /dev/null <<'SQL'
SELECT pg_create_physical_replication_slot(:'node')
WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = :'node');
SQL
    # Beside it first: what is there of a copy that was cut short must not pass for a node.
    local copy="$PGDATA.copy"
    rm -rf "$copy"
    mkdir -p "$PGDATA"
    at_other pg_basebackup --dbname="$other" --pgdata="$copy" --write-recovery-conf --slot="$NODE" --checkpoint=fast
    rmdir "$PGDATA"
    mv "$copy" "$PGDATA"
}

if [[ ! -s "$PGDATA/PG_VERSION" ]]; then
    if [[ "$BEGIN_AS" == standby ]]; then
        begin_as_standby
    fi
elif [[ ! -e "$PGDATA/standby.signal" && "$(ask_other --command='SELECT pg_is_in_recovery()' 2> /dev/null || true)" == f ]]; then
    echo "node.sh: $OTHER is the primary by now; empty this node, and let it BEGIN_AS=standby" >&2
    exit 1
fi

exec docker-entrypoint.sh "$@"
