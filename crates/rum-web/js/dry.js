// Tells a page that asks for it which requests would get headers.

export function dryRun(tracer) {
  const tell = ({ url, method, more, headers, body }) =>
    tracer.options.dryRun({ url, method, headers: more.map(([name]) => name), wouldCausePreflight: isSimple(method, headers, body) });
  tracer.dry.forEach(tell);
  tracer.dry = { push: tell };
}

/** Whether a cross-origin request needs no preflight (Fetch, "CORS-safelisted request-header"). */
function isSimple(method, headers, body) {
  const type = headers?.get('content-type') ?? body?.type;
  return (
    /^(GET|HEAD|POST)$/.test(method) &&
    (!type || /^(text\/plain|multipart\/form-data|application\/x-www-form-urlencoded)\b/i.test(type)) &&
    !(body instanceof ReadableStream) &&
    [...(headers ?? [])].every(([name, value]) => /^(accept|(accept|content)-language|content-type)$/.test(name) && value.length <= 128)
  );
}
