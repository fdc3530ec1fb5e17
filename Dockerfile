# The whole product in one image: which part of it a container is, its command says (see compose.yaml).

FROM python:3.13-slim AS build
WORKDIR /build
RUN python -m venv /opt/couveuse
# As `make test` does: exact versions with hashes, wheels only.
COPY constraints/run.txt constraints/run.txt
RUN /opt/couveuse/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes \
    --no-build-isolation --only-binary :all: -r constraints/run.txt
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY src src
RUN /opt/couveuse/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-index --no-deps \
    --no-build-isolation . && /opt/couveuse/bin/python -m pip check

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/couveuse --create-home --shell /usr/sbin/nologin couveuse \
    && mkdir /var/lib/couveuse/backups /var/lib/couveuse/archive \
    && chown -R couveuse:couveuse /var/lib/couveuse && chmod 700 /var/lib/couveuse
COPY --from=build /opt/couveuse /opt/couveuse
ENV PATH=/opt/couveuse/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 COUVEUSE_DATA=/var/lib/couveuse
USER couveuse
WORKDIR /var/lib/couveuse
VOLUME /var/lib/couveuse
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["couveuse"]
CMD ["up"]
