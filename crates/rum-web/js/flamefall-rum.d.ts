/** What an attribute may be: OpenTelemetry's values. */
export type AttributeValue = string | number | bigint | boolean | Uint8Array | null | AttributeValue[] | { [key: string]: AttributeValue };
/** By key. What is undefined is left out. */
export type Attributes = Record<string, AttributeValue | undefined>;
/** A header format: W3C Trace Context, W3C Baggage, B3 in one header or in several, Datadog, AWS X-Ray. */
export type Propagator = 'w3c' | 'baggage' | 'b3' | 'b3multi' | 'datadog' | 'xray';
/** An origin (`https://api.example`), a pattern, or a regular expression over the URL without its query. */
export type UrlRule = string | RegExp | { test(url: string): boolean };

/** Which spans of an unsampled ratio are decided otherwise. The first that fits decides. */
export interface SamplingRule {
  /** The name of the first span of a trace. */
  name?: string | RegExp;
  /** Its attributes. */
  attributes?: Record<string, AttributeValue | RegExp>;
  /** Between 0 and 1. */
  ratio: number;
}

/** What a request of `dryRun` would have got. */
export interface DryRun {
  url: string;
  method: string;
  /** Names of the headers that would be added. */
  headers: string[];
  /** Whether it has no CORS preflight now, and would have one. */
  wouldCausePreflight: boolean;
}

/** What `start` takes. All of it may be left out. */
export interface Options {
  /** `service.name` of the resource. */
  serviceName?: string;
  /** `service.version`. */
  serviceVersion?: string;
  /** `deployment.environment.name`. */
  environment?: string;
  /** More of the resource. */
  resourceAttributes?: Attributes;
  /** Of every span. */
  attributes?: Attributes;

  /** Where OTLP/HTTP JSON is posted; `/v1/traces` of this origin by default. Null: nowhere, spans are for `onSpans` alone. */
  endpoint?: string | null;
  /** Headers of exports. */
  headers?: Record<string, string>;
  /** Credentials of exports; `same-origin` by default. */
  credentials?: RequestCredentials;
  /** By default gzip where the collector takes it. */
  compression?: 'gzip' | 'none';
  /** How long spans wait for others; 5000. */
  scheduledDelayMillis?: number;
  /** Spans in one export; 512. */
  maxExportBatchSize?: number;
  /** Spans that wait; 2048. What is more is dropped and counted. */
  maxQueueSize?: number;
  /** Of an export; 10,000. */
  timeoutMillis?: number;
  /** What a span may hold: 128 each; texts of any length (0). */
  limits?: { attributes?: number; events?: number; links?: number; valueLength?: number };

  /** Who is sampled; all by default. */
  sampling?: {
    /** Between 0 and 1. */
    ratio?: number;
    rules?: SamplingRule[];
    /** Traces a second at most. */
    perSecond?: number;
    /** One decision for all traces of a session. */
    session?: boolean;
  };
  /** What is kept although it was not sampled: errors, by default, and what took longer (ms). False: nothing. */
  keep?: false | { errors?: boolean; slowerThan?: number };

  /** Who gets headers beside our own origin. */
  propagateTo?: UrlRule | UrlRule[];
  /** Which headers; `'w3c'`. */
  propagators?: Propagator | Propagator[];
  /** The members of the `baggage` header, asked for at each request. */
  baggage?: () => Record<string, string>;
  /** Is told of requests to `propagateTo` that would get headers, which they then do not. */
  dryRun?: (request: DryRun) => void;
  /** Requests that are none of ours: a beginning of the URL, or a regular expression over it. */
  ignoreUrls?: string | RegExp | (string | RegExp)[];

  /** False: nothing is recorded, stored or sent before `consent(true)`. */
  consent?: boolean;
  /** Query parameters whose values are kept; the others are `REDACTED`. */
  allowQuery?: string[];
  /** Which attributes are kept, by key. */
  attributeFilter?: (key: string) => boolean;
  /** Whether interactions are named by what elements say; not under Global Privacy Control. */
  elementNames?: boolean;
  /** Where the session is kept: by default in memory, for as long as the page is there. */
  session?: 'tab' | 'browser';
  /** False: what could not be sent when a page was left is not stored until the next visit. */
  storage?: boolean;

  /** Kinds of events that are interactions: `click`, `submit`, `change` by default; `keydown` on request. */
  interactions?: string[];
  /** Exact contexts also where several interactions wait for one promise, and for `import()`. Costs a little on every `await`. */
  precise?: boolean;
  /** The load of the page as a trace. On. */
  pageLoad?: boolean;
  /** Resource timing as events of requests. On. */
  resourceTiming?: boolean;
  /** What else the page loads, as spans. Off. */
  resources?: boolean;
  /** Core Web Vitals. On. */
  webVitals?: boolean;
  /** How long interactions took to be shown, and frames that were long. On. */
  timing?: boolean;
  /** Rage clicks and dead clicks. On. */
  frustration?: boolean;
  /** Navigation without a new page. On. */
  navigation?: boolean;
  /** Uncaught errors and rejections. On. */
  errors?: boolean;
  /** `console.error`. Off. */
  consoleErrors?: boolean;

  /** Where the wasm file is; beside the script. */
  wasm?: string | URL;
  /** Where the module is that a page's scripts need not wait for; beside the script. */
  later?: string | URL;
}

/** A span that has begun. */
export interface Span {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** 16. */
  readonly spanId: string;
  setAttribute(key: string, value: AttributeValue | undefined): this;
  setAttributes(attributes: Attributes): this;
  /** `time` in milliseconds since the page's time origin, as `performance.now()`. */
  addEvent(name: string, attributes?: Attributes, time?: number): this;
  addLink(context: { traceId: string; spanId: string; traceState?: string }, attributes?: Attributes): this;
  /** 0 unset, 1 ok, 2 error. */
  setStatus(code: 0 | 1 | 2, message?: string): this;
  updateName(name: string): this;
  /** An `exception` event, and the status. */
  recordException(error: unknown): this;
}

/** A running tracer. Nothing here throws, but what the page's own functions throw. */
export interface Rum {
  /** A span around `body`, active in it; ended when what it returns has settled. */
  run<T>(name: string, body: (span: Span) => T, attributes?: Attributes): T;
  /** A span that nothing comes to be below by itself; who began it ends it. */
  startSpan(name: string, attributes?: Attributes): Span;
  /** `callback` in the context of now, whoever calls it, and when. */
  bind<F extends (...args: never[]) => unknown>(callback: F): F;
  /** A promise after which the context is that of now. */
  wrapPromise<T>(promise: PromiseLike<T> | T): Promise<Awaited<T>>;
  /** Of every span that begins from now on. */
  setAttributes(attributes: Attributes): void;
  /** On the span of the running code, or on one of its own. */
  recordException(error: unknown): void;
  /** See `Options.consent`. */
  consent(given: boolean): void;
  /** Calls `listener` with OTLP JSON of what ends from now on. Returns what ends that. */
  onSpans(listener: (otlpJson: string) => void): () => void;
  /** Everything that has ended leaves now. */
  flush(): Promise<void>;
  /** What became of spans, requests and bytes since the start: counts by name. None before the second module is there. */
  metrics(): Record<string, number>;
  /** Sends what there is and restores everything. */
  shutdown(): void;
}

/** Starts to trace this page. Never throws. Started again, the tracer that ran is shut down. */
export function start(options?: Options): Rum;
