"""The live world: Kafka in, forecasts to Redis, actions out."""
