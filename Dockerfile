# The embedded service, and a proxy that answers behind the names of the real services: docs/offline.md.
FROM python:3.12-slim

WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY docs docs
COPY generated generated
COPY extensions extensions
RUN pip install --no-cache-dir --constraint constraints.txt '.[offline,cli]' \
    && useradd --create-home service \
    && install --directory --owner service /certificates

USER service
WORKDIR /home/service
VOLUME /certificates
EXPOSE 8080 8081

HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/_emulator/health').close()"]

ENTRYPOINT ["qrr", "emulator", "serve", "--proxy", "--host", "0.0.0.0", "--port", "8080", "--proxy-port", "8081", "--proxy-files", "/certificates"]
