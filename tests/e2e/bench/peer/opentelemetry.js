// The same `start` as the tracer's, by OpenTelemetry's web SDK as its guide sets it up.
import { trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { DocumentLoadInstrumentation } from '@opentelemetry/instrumentation-document-load';
import { FetchInstrumentation } from '@opentelemetry/instrumentation-fetch';
import { UserInteractionInstrumentation } from '@opentelemetry/instrumentation-user-interaction';
import { XMLHttpRequestInstrumentation } from '@opentelemetry/instrumentation-xml-http-request';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, WebTracerProvider } from '@opentelemetry/sdk-trace-web';

export function starter(contextManager) {
  return ({ serviceName, endpoint, maxQueueSize, maxExportBatchSize, scheduledDelayMillis }) => {
    const listeners = [];
    const exporter = endpoint ? new OTLPTraceExporter({ url: endpoint }) : { export(_, done) { done({ code: 0 }); }, shutdown: async () => {} };
    const listening = {
      export(spans, done) {
        if (listeners.length) {
          const json = new TextDecoder().decode(JsonTraceSerializer.serializeRequest(spans));
          for (const it of listeners) it(json);
        }
        // Its first part writes the JSON, at once.
        (window.timing ?? ((work) => work()))(() => exporter.export(spans, done));
      },
      shutdown: () => exporter.shutdown(),
    };
    const provider = new WebTracerProvider({
      resource: resourceFromAttributes({ 'service.name': serviceName }),
      spanProcessors: [new BatchSpanProcessor(listening, { maxQueueSize, maxExportBatchSize, scheduledDelayMillis })],
    });
    provider.register({ contextManager: contextManager() });
    registerInstrumentations({
      instrumentations: [
        new FetchInstrumentation({ ignoreUrls: [endpoint ?? /^$/] }),
        new XMLHttpRequestInstrumentation(),
        new UserInteractionInstrumentation(),
        new DocumentLoadInstrumentation(),
      ],
    });
    const tracer = trace.getTracer('bench');
    return {
      span(name, a, b, c, d) {
        const span = tracer.startSpan(name, { attributes: { 'bench.a': a, 'bench.b': b } });
        span.setAttribute('bench.c', c);
        span.setAttribute('bench.d', d);
        span.end();
      },
      run: async (name, body) => tracer.startActiveSpan(name, async (span) => {
        try {
          return await body(span);
        } finally {
          span.end();
        }
      }),
      onSpans: (listener) => listeners.push(listener),
      flush: () => provider.forceFlush(),
    };
  };
}
