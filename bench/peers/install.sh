#!/usr/bin/env bash
# The servers we are measured beside, in an environment of their own: `bench/peers/install.sh FOLDER`.
set -euo pipefail
home="$1"
[ -x "$home/bin/python" ] || python3 -m venv "$home"
"$home/bin/python" -m pip install --quiet --disable-pip-version-check "tipg>=1.0,<2" "pygeoapi>=0.20" "uvicorn>=0.34" \
  "uvloop" "httptools" "gunicorn" "sqlalchemy" "geoalchemy2" "psycopg2-binary"
