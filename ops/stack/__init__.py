"""The embedded Apache Kafka and Valkey that make a laptop a deployment."""
