# syntax=docker/dockerfile:1
# Pin the base by digest where images are built for production, after reading the digest from the registry that you pull
# from (`docker buildx imagetools inspect node:24.21.0-bookworm-slim`), for example in your pipeline:
#   docker build --build-arg NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:<the digest that you read> .
# The tag alone is the default, because a digest that nobody compared with its registry would only look like safety.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/var/cache/npm npm ci --cache /var/cache/npm --loglevel=error
COPY tsconfig*.json ./
COPY scripts scripts
COPY src src
RUN npm run build -- --only src

# Installed apart from the build, so that no compiler or test tool is in what runs.
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/var/cache/npm npm ci --cache /var/cache/npm --omit=dev --loglevel=error

FROM ${NODE_IMAGE}
WORKDIR /app
ENV NODE_ENV=production
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist/src dist/src
COPY --from=build /app/dist/page dist/page
COPY package.json ./
COPY scripts/baton /usr/local/bin/baton
# A number, not a name: the kubelet can check runAsNonRoot only for a number. It is also the chart's runAsUser.
USER 10001:10001
EXPOSE 8080 8081
# Exec form: the process is PID 1 itself, so that SIGTERM reaches the drain and not a shell.
ENTRYPOINT ["node", "dist/src/main.js"]
