# PostgreSQL's official image with the extension, preloaded:
#
#   docker build -t personalization .
#   docker run -e POSTGRES_PASSWORD=… personalization
#
# A new data directory has the extension in its database (POSTGRES_DB); in others, CREATE EXTENSION.

ARG PG_MAJOR=17
FROM postgres:${PG_MAJOR}-bookworm AS build

RUN apt-get update && apt-get install -y --no-install-recommends \
        gcc libc6-dev libhiredis-dev libjansson-dev librdkafka-dev make "postgresql-server-dev-$PG_MAJOR"
COPY . /src
# No bitcode: it takes clang, and is for inlining into compiled expressions only.
RUN make -C /src -f Makefile -j"$(nproc)" with_llvm=no && \
    make -C /src -f Makefile install with_llvm=no DESTDIR=/out

FROM postgres:${PG_MAJOR}-bookworm

RUN apt-get update && \
    apt-get install -y --no-install-recommends libhiredis0.14 libjansson4 librdkafka1 && \
    rm -rf /var/lib/apt/lists/* && \
    echo 'CREATE EXTENSION personalization;' >/docker-entrypoint-initdb.d/personalization.sql
COPY --from=build /out/ /

CMD ["postgres", "-c", "shared_preload_libraries=personalization"]
