# thumbsmith in a container: `server` by default, or any other command. Built from a clone: docker build -t thumbsmith .
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN npm run build && npm prune --omit=dev --workspaces=false

# Not Node's own image: its program always loads at the same address, which helps whoever breaks into a decoder. Ubuntu's Node 22 is built to load anywhere.
FROM ubuntu:26.04
RUN apt-get update && apt-get install -y --no-install-recommends nodejs ca-certificates && rm -rf /var/lib/apt/lists/*
# glibc gives memory back instead of keeping it in pools; decoder processes get settings of their own.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=131072 MALLOC_MMAP_THRESHOLD_=4194304
COPY --from=build /app/package.json /app/thumbsmith.yaml /app/
COPY --from=build /app/bin /app/bin
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
# Folder stores and a thumbsmith.yaml of one's own go here; nothing else is written, but for /tmp.
RUN mkdir /data && chown ubuntu:ubuntu /data
WORKDIR /data
USER ubuntu
EXPOSE 8080
ENTRYPOINT ["node", "/app/bin/thumbsmith.mjs"]
CMD ["server"]
# Of the server; a worker listens nowhere, and ends where it cannot work.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD \
  ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 8080}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
