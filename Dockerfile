# hclmod in a container: everything in it comes from Debian's packages and PyPI.
#
#   docker build --tag hclmod:0.2.0 .
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/repository" hclmod:0.2.0 check --rule drop-helm-atomic .
#
# docs/guides/install.md says what of this was tried.
FROM debian:bookworm-slim AS build
# hadolint ignore=DL3008 # Debian keeps one version of a package in a release, and replaces it when it is unsafe
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY requirements requirements
COPY hclmod hclmod
COPY rules rules
RUN python3 -m venv /opt/hclmod \
    && /opt/hclmod/bin/pip install --no-cache-dir --disable-pip-version-check \
        --constraint requirements/dev.txt '.[gohcl]' \
    && /opt/hclmod/bin/python -m compileall -q /opt/hclmod/lib

FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 hclmod
COPY --from=build /opt/hclmod /opt/hclmod
ENV PATH=/opt/hclmod/bin:$PATH
USER 1000:1000
WORKDIR /repository
ENTRYPOINT ["hclmod"]
CMD ["--help"]
