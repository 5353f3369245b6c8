#!/bin/sh
# Run once by the PostgreSQL image, on an empty database: the logins of the worker, the projector and the server. What each may do comes from
# the role it belongs to; `annal migrate` gives the roles their rights.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set worker="$ANNAL_WORKER_PASSWORD" --set projector="$ANNAL_PROJECTOR_PASSWORD" \
    --set server="$ANNAL_SERVER_PASSWORD" <<'SQL'
CREATE ROLE annal_runtime NOLOGIN;
CREATE ROLE annal_projector NOLOGIN;
CREATE ROLE annal_server NOLOGIN IN ROLE annal_runtime;
CREATE ROLE annal_worker LOGIN PASSWORD :'worker' IN ROLE annal_runtime;
CREATE ROLE annal_projector_login LOGIN PASSWORD :'projector' IN ROLE annal_projector;
CREATE ROLE annal_server_login LOGIN PASSWORD :'server' IN ROLE annal_server;
SQL
