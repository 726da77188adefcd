# One image for web, worker, beat and migrate; docker-compose.yml says which is which.
FROM python:3.12-slim AS environment
COPY --chmod=644 pyproject.toml requirements.lock /build/
RUN pip install --no-cache-dir uv \
    && uv venv /environment \
    && cd /build \
    && uv pip install --python /environment/bin/python --no-cache --require-hashes --group rules \
       --constraint requirements.lock --requirement pyproject.toml

FROM python:3.12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --home-dir /app procure \
    && install -d -o procure /app /media
COPY --from=environment /environment /environment
ENV PATH=/environment/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PROCURE_ENVIRONMENT=system \
    DJANGO_SETTINGS_MODULE=procure.settings \
    DEBUG=0 \
    BIND=0.0.0.0 \
    PORT=8000 \
    MEDIA_ROOT=/media \
    LOG_FORMAT=json
WORKDIR /app
COPY . /app
# Of the typeface only the files that the style sheets name; the rest would double the image.
RUN SECRET_KEY=only-to-build ALLOWED_HOSTS=only-to-build python manage.py collectstatic --noinput --ignore='*.otf' --ignore='*Black*' --ignore='*Light*' --ignore='*It.ttf'
USER procure
EXPOSE 8000
VOLUME /media
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "-m", "procure.heartbeat", "web"]
CMD ["gunicorn", "--config", "python:procure.gunicorn", "procure.wsgi"]
