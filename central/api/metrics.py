"""What is measured, in Prometheus's words. Every service has a registry of its own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_DECISION = (5, 10, 20, 30, 60, 120, 300, 600, 1800)


class Metrics:
    """Every series of the service."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.events = Counter(
            "central_events_ingested", "Events committed and projected", ["type"],
            registry=registry,
        )  # fmt: skip
        self.ack_lag = Histogram(
            "central_ack_lag_seconds", "From an event's own clock to its commit here",
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30, 300, 3600), registry=registry,
        )  # fmt: skip
        self.alarms = Counter("central_alarms", "Alarms raised", ["name"], registry=registry)
        self.queue_depth = Gauge(
            "central_queue_depth", "Stories that wait for a person", ["queue"], registry=registry
        )
        self.queue_age = Gauge(
            "central_queue_age_seconds", "How long the oldest has waited", ["queue"],
            registry=registry,
        )  # fmt: skip
        self.decision = Histogram(
            "central_decision_seconds", "From a story's arrival to its decision", ["queue"],
            buckets=_DECISION, registry=registry,
        )  # fmt: skip
        self.http = Histogram(
            "central_http_seconds", "Requests", ["method", "route", "status"],
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self.units_online = Gauge("central_units_online", "Units online", registry=registry)
        self.onlookers = Gauge("central_streams", "Open live streams", registry=registry)
        self.commands = Counter("central_commands", "Commands sent", ["verb"], registry=registry)
