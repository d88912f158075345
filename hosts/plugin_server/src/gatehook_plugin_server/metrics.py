"""What Prometheus is told. The plugins' runners count in plain integers, which are put together when it asks."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from gatehook_plugin_server.plugins import Plugins

COUNTED = {
    "runs": "Calls of the plugin.",
    "modified": "Calls in which it changed the payload.",
    "violations": "Calls that it objected to.",
    "responses": "Calls that it answered in the server's place.",
}


class PluginMetrics:
    """A collector of ``prometheus_client``."""

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        plugins = self._plugins
        yield GaugeMetricFamily("gatehook_serve_calls_running", "Calls that run now.", value=plugins.running)
        refused = CounterMetricFamily(
            "gatehook_serve_refused", "Calls that reached no plugin, by the code of the answer.", labels=["code"]
        )
        for code, times in plugins.refused.items():
            refused.add_metric([code], times)
        yield refused
        yield self._up()
        yield from self._counts()

    def _up(self) -> Metric:
        up = GaugeMetricFamily("gatehook_plugin_healthy", "1 while the plugin says that it is well.", labels=["plugin"])
        for name, well in self._plugins.health().items():
            up.add_metric([name], well is True)
        return up

    def _counts(self) -> Iterator[Metric]:
        labels = ["plugin", "hook"]
        stats = self._plugins.stats()
        for key, told in COUNTED.items():
            family = CounterMetricFamily(f"gatehook_plugin_{key}", told, labels=labels)
            for place, counts in stats.items():
                family.add_metric(place, counts[key])
            yield family
        seconds = CounterMetricFamily("gatehook_plugin_seconds", "Time spent in the plugin.", labels=labels)
        errors = CounterMetricFamily("gatehook_plugin_errors", "Calls that failed.", labels=[*labels, "error_type"])
        for place, counts in stats.items():
            seconds.add_metric(place, counts["seconds"])
            for key, times in counts.items():
                if key.startswith("errors."):
                    errors.add_metric([*place, key.removeprefix("errors.")], times)
        yield seconds
        yield errors
