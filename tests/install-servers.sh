#!/usr/bin/env bash
# Install the servers the tests run against, when they are missing and we may.
set -euo pipefail
missing=()
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
compgen -G '/usr/share/postgresql/*/extension/postgis.control' >/dev/null || missing+=(postgis postgresql-postgis)
command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ] || missing+=(mosquitto)
command -v mosquitto_pub >/dev/null || missing+=(mosquitto-clients)
command -v xmlsec1 >/dev/null || missing+=(xmlsec1)
command -v chromium >/dev/null || missing+=(chromium)
[ -d /usr/lib/python3/dist-packages/qgis ] || missing+=(python3-qgis qgis-providers)
if ! command -v chromium-headless-shell >/dev/null && [ "$(id -u)" = 0 ]; then  # quicker than chromium, which does too
  DEBIAN_FRONTEND=noninteractive timeout 120 apt-get install -y -qq --no-install-recommends chromium-headless-shell >/dev/null 2>&1 || true
fi
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" != 0 ]; then
  echo "The tests need these Debian packages: ${missing[*]}" >&2
  echo "Install them (apt-get install ${missing[*]}) and run again." >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
