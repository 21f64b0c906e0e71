# The three programs, an image each:
#
#     docker build --target edge-node -t meshwork-edge-node .
#     docker build --target relay -t meshwork-relay .
#     docker build --target api -t meshwork-api .
#
# What they promise stands in infra/README.md, "What a container must offer"; how a person runs one,
# in docs/operate/run-a-worker.md. Behind a proxy that opens TLS, name its authorities:
# --secret id=certificates,src=FILE

# The Node of the lock: docs/decisions/pinned-node.md.
ARG BASE_IMAGE=node:24.21.0-slim

# Whoever builds on x64 for ARM64 needs no emulation: modules are JavaScript, what is native among them
# comes prebuilt for both, and no RUN stands in a stage that is shipped.
FROM --platform=$BUILDPLATFORM ${BASE_IMAGE} AS manifests
WORKDIR /app
# What decides on modules, and nothing else: a change of the sources installs none anew. npm wants the
# manifest of each workspace that the lock names.
COPY package.json package-lock.json .npmrc ./
COPY shared/foundation/package.json shared/foundation/
COPY shared/storage/package.json shared/storage/
COPY shared/observability/package.json shared/observability/
COPY shared/crypto/package.json shared/crypto/
COPY shared/protocol/package.json shared/protocol/
COPY shared/p2p/package.json shared/p2p/
COPY shared/ledger/package.json shared/ledger/
COPY shared/consensus/package.json shared/consensus/
COPY shared/verify/package.json shared/verify/
COPY edge-node/package.json edge-node/
COPY relay/package.json relay/
COPY api/package.json api/
COPY cli/package.json cli/
COPY infra/package.json infra/
COPY test/package.json test/
COPY scripts/install-for-image.sh scripts/
RUN mkdir /empty && chown 1000:1000 /empty

FROM manifests AS relay-files
RUN --mount=type=secret,id=certificates scripts/install-for-image.sh relay
COPY scripts/launch.mjs scripts/
COPY shared shared
COPY relay relay
RUN chmod -R a+rX .

# A node and a gateway differ by a few small packages: they share theirs. The `meshwork` command comes
# along, which needs the rest.
FROM manifests AS node-files
RUN --mount=type=secret,id=certificates scripts/install-for-image.sh edge-node relay api cli
COPY scripts/launch.mjs scripts/
COPY shared shared
COPY edge-node edge-node
COPY relay relay
COPY api api
COPY cli cli
# npm links a command only when it is there.
RUN chmod -R a+rX . && ln -s ../../cli/bin/meshwork.mjs node_modules/.bin/meshwork

FROM ${BASE_IMAGE} AS program
WORKDIR /app
ENV NODE_ENV=production \
    PATH=/app/node_modules/.bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    MESHWORK_DATA=/data \
    MESHWORK_PROBE_PORT=9464
# Nothing else is written to. A volume begins as the folder in the image is, its owner included.
COPY --from=manifests --chown=1000:1000 /empty /data
COPY --from=manifests --chown=1000:1000 /empty /run/meshwork
VOLUME /data /run/meshwork
USER 1000:1000
ENTRYPOINT []
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.MESHWORK_PROBE_PORT + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]

FROM program AS relay
COPY --from=relay-files /app .
EXPOSE 4001 4002
CMD ["node", "relay/bin/relay.mjs"]

FROM program AS api
COPY --from=node-files /app .
# Open to who runs the container; to others when its port is published.
ENV MESHWORK_API_HOST=0.0.0.0 \
    MESHWORK_API_PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.MESHWORK_API_PORT + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "api/bin/api.mjs"]

FROM program AS edge-node
COPY --from=node-files /app .
CMD ["node", "edge-node/bin/edge-node.mjs"]
