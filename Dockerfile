# Two stages: the tools that build stay behind.
FROM python:3.12-slim AS build
WORKDIR /src
RUN pip install --no-cache-dir uv
COPY requirements.lock ./
RUN python -m venv /opt/balagh \
    && /opt/balagh/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY piccolo_migrations piccolo_migrations
COPY src src
RUN uv build --wheel --out-dir /tmp/wheel \
    && /opt/balagh/bin/pip install --no-cache-dir --no-deps /tmp/wheel/*.whl

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/balagh --create-home balagh
COPY --from=build /opt/balagh /opt/balagh
ENV PATH=/opt/balagh/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    BALAGH_HOST=0.0.0.0 \
    BALAGH_DATA=/var/lib/balagh
USER balagh
WORKDIR /var/lib/balagh
VOLUME /var/lib/balagh
EXPOSE 8000
HEALTHCHECK --start-period=60s --interval=30s --timeout=5s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('BALAGH_PORT', '8000') + '/health', timeout=4)"]
CMD ["balagh", "serve"]
