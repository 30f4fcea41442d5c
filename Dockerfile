# One image for every role; the role is the command: worker, console, gateway, feed, topics, catalog, ...
FROM python:3.13-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
WORKDIR /src
COPY requirements/run.lock requirements/
RUN python -m venv /opt/headgate \
    && /opt/headgate/bin/pip install --no-cache-dir --require-hashes --requirement requirements/run.lock
COPY . .
RUN /opt/headgate/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
COPY --from=build /opt/headgate /opt/headgate
RUN useradd --uid 10001 --user-group --create-home headgate && install --directory --owner headgate --group headgate /data
USER headgate
WORKDIR /data
ENV PATH=/opt/headgate/bin:$PATH PYTHONUNBUFFERED=1 HEADGATE_DATA_DIR=/data
VOLUME /data
ENTRYPOINT ["headgate"]
CMD ["--help"]
