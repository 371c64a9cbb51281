# One file for the four services and the command line: docker build --build-arg SERVICE=gateway .  (the worker: --target
# worker as well)
# The first stage does not mention SERVICE, so it is built once and shared.
FROM node:24-bookworm-slim AS build
RUN npm install --global pnpm@10.34.9
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/pnpm-store pnpm config set store-dir /pnpm-store \
 && pnpm install --frozen-lockfile \
 && pnpm build
RUN --mount=type=cache,target=/pnpm-store for service in gateway auth media worker cli; do \
      pnpm --filter "@kinora/$service" deploy --prod --legacy "/out/$service" || exit 1; \
    done

FROM node:24-bookworm-slim AS base
ENV NODE_ENV=production
# A volume that is mounted here takes over these folders and their owner. Compose covers those of the storage that a service
# does not use, and Docker would create a missing one as root.
RUN install -d -o node -g node /var/lib/kinora /var/lib/kinora-mailbox \
 && install -d -o node -g node -m 0750 /var/lib/kinora/objects /var/lib/kinora/incoming \
 && install -d -o node -g node -m 0711 /var/lib/kinora/work
USER node
WORKDIR /app
CMD ["node", "--enable-source-maps", "dist/main.js"]

FROM base AS worker
USER root
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ffmpeg util-linux \
 && rm -rf /var/lib/apt/lists/* \
 # The decoder's socket: made by its root, for the group of the workers. A volume that is mounted here takes over both.
 && install -d -m 2750 -o root -g node /run/kinora-decoder
USER node
COPY --from=build /out/worker /app

FROM base AS edge
USER root
RUN apt-get update \
 && apt-get install --yes --no-install-recommends nginx gettext-base \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o node -g node /var/cache/kinora
USER node
COPY deploy/nginx /etc/kinora-edge
# Only these are replaced: nginx has variables of its own.
CMD ["sh", "-c", "envsubst '$GATEWAY $EDGE_PORT $EDGE_CACHE_DIR $EDGE_CACHE_SIZE $EDGE_RUN_DIR $EDGE_RESOLVER $STORAGE_DIR $DELIVERY_SECRET $EDGE_OPEN_FILES $EDGE_OPEN_DOWNLOADS $EDGE_FILES_RATE $EDGE_FILES_BURST $EDGE_DOWNLOAD_RATE' < /etc/kinora-edge/kinora.conf.template > /tmp/kinora.conf && exec nginx -e stderr -c /etc/kinora-edge/nginx.conf"]

FROM base AS service
ARG SERVICE
COPY --from=build /out/${SERVICE} /app
