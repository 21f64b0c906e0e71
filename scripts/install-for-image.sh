#!/bin/sh
# Installs what the named workspaces need to run, for an image (see Dockerfile), and drops what nobody
# loads: maps, declarations, pages, and binaries for other systems than Linux.
#
#     install-for-image.sh WORKSPACE...
set -eu
# The authorities of a proxy that opens TLS, if the build was given some.
certificates=/run/secrets/certificates
[ ! -r "$certificates" ] || export NODE_EXTRA_CA_CERTS="$certificates"

for name; do
  set -- "$@" --workspace "$name"
  shift
done
# No package's script runs: none of ours needs one. Peers are types here, optional is the pinned Node.
npm ci --omit=dev --omit=peer --omit=optional --ignore-scripts --no-audit --no-fund \
  --no-update-notifier "$@"
find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \
  -o -iname '*.md' -o -name '*.tsbuildinfo' \) -delete
find node_modules -type d -path '*/prebuilds/*' ! -name 'linux-*' -prune -exec rm -r {} +
