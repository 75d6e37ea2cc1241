# Dateline in a container: `docker build -t dateline .`
#
# It needs nothing but a place to keep its database, so it runs with a read-only root, no capabilities and no root user:
# docker run --read-only --cap-drop=all --security-opt=no-new-privileges -v dateline:/data -p 8000:8000 dateline

# Any image with python3 3.11 or later and its venv module; glibc, or pip would have to compile what has no musl wheel.
ARG BASE=python:3.13-slim-trixie


# Build: everything that only an installation needs stays in this stage.
FROM ${BASE} AS build

# pip lives in an environment of its own, so that the one that is shipped never holds it.
RUN python3 -m venv /opt/pip && python3 -m venv --without-pip /opt/venv

# Dependencies before the code: this layer is built again only when the lock changes. Nothing is installed that the lock
# does not name with its hash. Bytecode is compiled below.
WORKDIR /opt/dateline
COPY requirements.txt ./
RUN /opt/pip/bin/pip --python /opt/venv install --no-cache-dir --no-compile --require-hashes -r requirements.txt

# Editable: the code finds migrations/ and seed_data/ beside itself. The build backend, which came with the lock, has
# then done its work.
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY migrations migrations
COPY seed_data seed_data
RUN /opt/pip/bin/pip --python /opt/venv install --no-cache-dir --no-compile --no-deps --no-build-isolation -e . \
    && /opt/pip/bin/pip --python /opt/venv uninstall --yes flit-core \
    && rm requirements.txt README.md

# The container cannot write bytecode next to the code, so it is compiled now: unchecked, which no rewriting of file
# times on the image's way makes stale. The modes are made the same whatever the umask of the checkout was.
RUN python3 -m compileall -q --invalidation-mode unchecked-hash /opt/venv/lib app migrations \
    && chmod -R u=rwX,go=rX /opt/venv /opt/dateline


# Run: the base, the environment and the code.
FROM ${BASE}

LABEL org.opencontainers.image.title="Dateline" \
      org.opencontainers.image.description="A REST API over the facts of news articles: no fact without its words." \
      org.opencontainers.image.licenses="MIT"

COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/dateline /opt/dateline
ENV PATH=/opt/venv/bin:$PATH

# A number, because Kubernetes' runAsNonRoot refuses names; a volume gets its owner from the folder it is mounted over.
# Migrating and loading once proves that the image works; it also leaves bytecode of exactly those modules of the
# standard library that Dateline imports, since official images have none, and would compile them at every start.
RUN install -d -o 10001 -g 10001 /data \
    && export DATELINE_DATABASE_URL=sqlite:////tmp/dateline.db \
    && dateline migrate && dateline load /opt/dateline/seed_data/*/ && dateline openapi > /dev/null \
    && python3 -c 'import app.routers.desk, app.server, httpx' \
    && rm /tmp/dateline.db*
USER 10001:10001
VOLUME /data
WORKDIR /data

ENV DATELINE_DATABASE_URL=sqlite:////data/dateline.db \
    DATELINE_HOST=0.0.0.0 \
    DATELINE_PORT=8000 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
EXPOSE 8000

# `localhost` reaches IPv4 and IPv6; trust_env=False, or a proxy that Docker hands to containers would be asked.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python3", "-c", "import httpx, os; httpx.get('http://localhost:' + os.environ['DATELINE_PORT'] + '/ready', trust_env=False).raise_for_status()"]

# No shell in between: signals reach Dateline itself. It ends with code 0 on SIGINT and SIGTERM alike, once requests in
# flight are answered; but in its first second, while it imports and handles neither yet, the kernel drops a SIGTERM to
# process 1, and `docker stop` would wait for its time-out. SIGINT is handled by Python from the first moment.
STOPSIGNAL SIGINT
ENTRYPOINT ["dateline"]
CMD ["serve"]
