# Keywarden's image: every role, and the operator's shell. docker build -t keywarden . or bin/image; docs/run.md runs it.
ARG BASE=docker.io/library/node:24-bookworm-slim

FROM ${BASE} AS build
# Of a network whose proxy has a certificate authority of its own: its file, which has to be mounted here.
ARG NODE_EXTRA_CA_CERTS
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY local-slack/package.json local-slack/
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY client client
COPY jobs jobs
COPY migrations migrations
RUN npm run build
# The packages of the local Slack are of its workspace; without it nobody needs them.
COPY deploy/image/slim.sh deploy/image/
RUN npm pkg delete workspaces && npm prune --omit=dev --ignore-scripts && sh deploy/image/slim.sh node_modules dist

FROM ${BASE}
LABEL org.opencontainers.image.title="Keywarden" \
  org.opencontainers.image.description="Governs a platform's API keys from Slack" \
  org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production KEYWARDEN_HTTP_HOST=0.0.0.0 KEYWARDEN_HTTP_PORT=8080
WORKDIR /app
COPY LICENSE package.json manifest.yml ./
COPY bin/keywarden bin/setup bin/
COPY docs/openapi.yml docs/
COPY schema schema
COPY deploy/image/healthy.mjs deploy/image/
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
# The only place to write to: for KEYWARDEN_AUDIT_CHECKPOINTS. A volume that is new takes its owner from here.
RUN install -d -o 1000 -g 1000 -m 0700 /var/lib/keywarden
# By number, so that Kubernetes can see that it is not root.
USER 1000:1000
EXPOSE 8080
STOPSIGNAL SIGTERM
# Whether the process answers. A verifier is better asked with /readyz, as compose.yml does: it says whether it may answer.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "deploy/image/healthy.mjs"]
ENTRYPOINT ["/app/bin/keywarden"]
CMD ["start"]
