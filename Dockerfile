# One image for every role: `plantroom collect`, `plantroom serve`, `plantroom run`.
FROM node:20-bookworm-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund --omit=dev
COPY web/ ./
RUN npm run build

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/plantroom
COPY requirements/uv.txt requirements/run.txt requirements/
RUN /opt/plantroom/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements/uv.txt \
 && /opt/plantroom/bin/uv pip install --no-cache --python /opt/plantroom/bin/python --require-hashes --no-deps -r requirements/run.txt
COPY pyproject.toml README.md ./
COPY plantroom/ plantroom/
COPY gateway/ gateway/
COPY ingest/ ingest/
COPY maintenance/ maintenance/
COPY models/ models/
COPY api/ api/
COPY simulators/ simulators/
COPY --from=web /src/web/dist web/dist
RUN /opt/plantroom/bin/uv pip install --no-cache --python /opt/plantroom/bin/python --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
# Reports as PDF: Pango, and a font with Chinese characters.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /var/lib/plantroom --create-home plantroom
COPY --from=build /opt/plantroom /opt/plantroom
ENV PATH=/opt/plantroom/bin:$PATH PLANTROOM_DATA_DIR=/var/lib/plantroom
# The folders of the models and of the broker's files are volumes of their own in the compose file: they take their
# owners from here. The group of the second is that of Mosquitto's image, which reads there.
RUN mkdir -p /var/lib/plantroom/models /var/lib/plantroom/wire && chown -R plantroom:plantroom /var/lib/plantroom \
 && chgrp 1883 /var/lib/plantroom/wire && chmod 2770 /var/lib/plantroom/wire
USER plantroom
VOLUME /var/lib/plantroom
EXPOSE 8080
CMD ["plantroom", "serve"]
