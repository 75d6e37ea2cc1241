#!/usr/bin/env bash
# What the image runs once, on a node that begins empty: the database, its owner, and the role that standbys come as.
set -euo pipefail
: "${API_PASSWORD:?must be set, in .env for instance}" "${REPLICATION_PASSWORD:?must be set, in .env for instance}"

# psql takes the passwords from the environment: among its arguments all processes would see them.
psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres <<'SQL'
\getenv api_password API_PASSWORD
\getenv replication_password REPLICATION_PASSWORD
CREATE ROLE dateline LOGIN PASSWORD :'api_password';
CREATE ROLE replicator LOGIN REPLICATION PASSWORD :'replication_password';
CREATE DATABASE dateline OWNER dateline ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0;
SQL

# `all` does not stand for replication there.
echo 'host replication replicator all scram-sha-256' >> "$PGDATA/pg_hba.conf"
