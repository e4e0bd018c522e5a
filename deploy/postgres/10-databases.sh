#!/bin/bash
# One database per service with an owner (migrations) and a role of its own that may only read and write rows.
# Runs once, when the data folder is new. Passwords come from the environment of the container.
set -euo pipefail
for service in catalog sales stock purchasing alerts reporting backoffice; do
  upper=$(printf '%s' "$service" | tr a-z A-Z)
  owner_password="${upper}_OWNER_PASSWORD" app_password="${upper}_PASSWORD"
  psql -v ON_ERROR_STOP=1 -qU "$POSTGRES_USER" -d postgres \
    -v service="$service" -v owner="${service}_owner" -v owner_password="${!owner_password}" -v app_password="${!app_password}" <<'SQL'
create role :"owner" login password :'owner_password';
create role :"service" login password :'app_password';
create database :"service" owner :"owner";
revoke all on database :"service" from public;
grant connect on database :"service" to :"service";
SQL
done
