"""Spans by OpenTelemetry: to a collector, or to a file. Needs the extra `otel`.

OtelTracer("http://collector:4318")      BadOption for what is neither an address nor a file
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version
from pathlib import Path

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from printroom.core.errors import BadOption, PrintroomError
from printroom.core.tracing import Value, trace_of

_PATH = "/v1/traces"
"""Where a collector takes spans, below its address."""


class OtelTracer:
    """Implements `printroom.core.tracing.Tracer`."""

    on = True

    def __init__(self, place: str) -> None:
        resource = Resource.create(
            {"service.name": "printroom", "service.version": version("printroom")}
        )
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(_exporter(place)))
        self._tracer = self._provider.get_tracer("printroom")
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def _spanned(
        self, name: str, facts: Mapping[str, Value], context: Context | None
    ) -> Iterator[object]:
        with self._tracer.start_as_current_span(
            name, context, attributes=dict(facts), record_exception=False,
            set_status_on_exception=False,
        ) as span:  # fmt: skip
            try:
                yield span
            except BaseException as error:
                code = error.code if isinstance(error, PrintroomError) else type(error).__name__
                span.set_attribute("error.type", code)
                span.set_status(Status(StatusCode.ERROR, str(error)[:200]))
                raise

    def span(
        self,
        name: str,
        facts: Mapping[str, Value] | None = None,
        *,
        run: str | None = None,
        parent: str | None = None,
    ) -> AbstractContextManager[object]:
        """See `Tracer`."""
        context = None
        if run is not None:
            context = _within(run)
        elif parent is not None:
            context = self._propagator.extract({"traceparent": parent})
        return self._spanned(name, facts or {}, context)

    def past(
        self, name: str, began: float, ended: float, facts: Mapping[str, Value], *, run: str
    ) -> None:
        """See `Tracer`."""
        span = self._tracer.start_span(
            name, _within(run), attributes=dict(facts), start_time=int(began * 1e9)
        )
        span.end(int(max(began, ended) * 1e9))

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


class FileExporter(SpanExporter):
    """Spans as lines of JSON, added to a file; several processes may share it."""

    def __init__(self, path: Path) -> None:
        """Raises BadOption."""
        try:
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise BadOption(f"{path} cannot be written: {error.strerror}", "mend it") from None
        self._lock = threading.Lock()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """One write for each span: lines of several processes do not mix."""
        try:
            with self._lock:
                for span in spans:
                    self._file.write(span.to_json(indent=None).encode() + b"\n")
        except (OSError, ValueError):
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()


def _exporter(place: str) -> SpanExporter:
    if place.startswith(("http://", "https://")):
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return OTLPSpanExporter(place.rstrip("/").removesuffix(_PATH) + _PATH)
    path = Path(place).expanduser()
    if not path.is_absolute():
        raise BadOption(
            f"spans cannot go to {place[:200]!r}", "name http://host:4318, or /a/file.jsonl"
        )
    return FileExporter(path)


def _within(run: str) -> Context:
    number, span = trace_of(run)
    known = SpanContext(number, span, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return trace.set_span_in_context(NonRecordingSpan(known))
