#!/usr/bin/env bash
# Runs a command against the deployed stacks of an emulator:
#
#     infra/test/emulator.sh node my-test.ts
#
# Starts moto (Python; installed into a folder of its own, which stays for the next time), runs a real
# `cdk bootstrap` and `cdk deploy` of the stacks that it holds, and ends it after the command. The
# command finds AWS_ENDPOINT_URL with keys for it, and MESHWORK_TEST_LEDGER_BUCKET,
# MESHWORK_TEST_TASK_DATA_BUCKET and MESHWORK_TEST_ANCHOR_TABLE as they were deployed.
#
# moto 5.2.5 makes no secrets by CloudFormation, so the relay, api, validator and monitoring stacks are
# not deployed; and it passes over a bucket's versioning, lock and policy and a table's point-in-time
# recovery: the tests beside this file hold those promises.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
MOTO=5.2.5

tools=${XDG_CACHE_HOME:-$HOME/.cache}/meshwork/moto-$MOTO
if [ ! -x "$tools/bin/moto_server" ]; then
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet "moto[server]==$MOTO"
fi

work=$(mktemp -d)
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
"$tools/bin/moto_server" -H 127.0.0.1 -p "$port" >"$work/moto.log" 2>&1 &
moto=$!
trap 'kill $moto 2>/dev/null || true; wait $moto 2>/dev/null || true; rm -rf "$work"' EXIT

export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1
export AWS_EC2_METADATA_DISABLED=true CDK_DISABLE_CLI_TELEMETRY=1
# An address, not a name: the SDK then puts the bucket into the path.
export AWS_ENDPOINT_URL="http://127.0.0.1:$port"
# moto finds a template in a path only under this name.
export AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION="http://localhost:$port"
node -e '
  const until = Date.now() + 60_000;
  const ask = () => fetch(process.env.AWS_ENDPOINT_URL).catch((error) => {
    if (Date.now() > until) throw error;
    return new Promise((resolve) => setTimeout(resolve, 200)).then(ask);
  });
  ask();'

context=(
  -c domain=mesh.example.org -c hostedZoneId=Z0123456789ABC
  -c relayImage=none:0 -c apiImage=none:0 -c proxyImage=none:0
)
quiet() { "$@" >"$work/out" 2>&1 || { cat "$work/out" "$work/moto.log" >&2; return 1; }; }
quiet cdk bootstrap aws://123456789012/us-east-1 --output "$work/cdk.out" "${context[@]}"
quiet cdk deploy meshwork-network meshwork-data meshwork-cluster --method direct \
  --require-approval never --outputs-file "$work/outputs.json" --output "$work/cdk.out" "${context[@]}"

output() { node -p 'require(process.argv[1])["meshwork-data"][process.argv[2]]' "$work/outputs.json" "$1"; }
MESHWORK_TEST_LEDGER_BUCKET=$(output LedgerBucket)
MESHWORK_TEST_TASK_DATA_BUCKET=$(output TaskDataBucket)
MESHWORK_TEST_ANCHOR_TABLE=$(output AnchorTable)
export MESHWORK_TEST_LEDGER_BUCKET MESHWORK_TEST_TASK_DATA_BUCKET MESHWORK_TEST_ANCHOR_TABLE
"$@"
