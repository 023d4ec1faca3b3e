"""Images that hold data in a format of their own, which another major may not read (FACTS 5.4)."""

from __future__ import annotations

HOLDERS_OF_DATA = (
    "postgres", "postgresql", "postgis", "pgvector", "pgvecto-rs", "vectorchord*", "timescaledb", "*-postgres",
    "*-postgresql", "mysql", "*-mysql", "mariadb", "percona*", "dolt", "dolt-sql-server", "cockroach", "scylla",
    "cassandra", "mongo", "mongodb*", "couchdb", "arangodb", "surrealdb", "rethinkdb", "neo4j", "redis",
    "redis-stack*", "valkey", "keydb", "clickhouse*", "questdb", "influxdb", "elasticsearch", "opensearch", "solr",
    "meilisearch", "etcd", "zookeeper", "kafka", "cp-kafka", "rabbitmq", "qdrant", "weaviate", "milvus", "chroma",
)  # fmt: skip
"""Globs over full, short and last names of images; `stateful` in `hclmod.toml` adds to them."""
