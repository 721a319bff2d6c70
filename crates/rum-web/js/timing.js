// What the browser knows of an interaction: how long it waited, and which frames were long.

const MAX_KEPT = 200;

export function timing({ also, at, observe, redactedUrl }) {
  const kept = (type, options) => {
    const entries = [];
    const records = observe(
      type,
      (entry) => {
        entries.push(entry);
        if (entries.length > MAX_KEPT) entries.shift();
      },
      options,
    );
    return () => {
      records();
      return entries;
    };
  };
  const events = kept('event', { durationThreshold: 16 });
  const frames = kept('long-animation-frame');
  const navigations = kept('soft-navigation');

  also('onClose', ({ span, stamp }, end) => {
    // Keys of an interaction may be several, up and down; its events of the same time are one wait.
    const near = ({ startTime }) => Math.abs(startTime - stamp) < 1;
    const same = events().filter((it) => it.interactionId && near(it));
    if (same.length) {
      const { startTime } = same[0];
      const began = Math.min(...same.map((it) => it.processingStart));
      const done = Math.max(...same.map((it) => it.processingEnd));
      const shown = Math.max(...same.map((it) => startTime + it.duration));
      span.setAttributes({
        'flamefall.interaction.id': same[0].interactionId,
        'flamefall.interaction.input_delay': began - startTime,
        'flamefall.interaction.processing': done - began,
        'flamefall.interaction.presentation': Math.max(0, shown - done),
      });
    }
    for (const { startTime, duration, blockingDuration, scripts } of frames()) {
      if (at(startTime) > end || at(startTime + duration) < span.start) continue;
      const [script] = [...scripts].sort((a, b) => b.duration - a.duration);
      const attributes = { 'flamefall.duration': duration, 'flamefall.blocking_duration': blockingDuration };
      const tell = (key, text) => text && (attributes[key] = /^https?:/.test(text) ? redactedUrl(text) : text);
      tell('flamefall.invoker', script?.invoker);
      tell('code.file.path', script?.sourceURL);
      tell('code.function.name', script?.sourceFunctionName);
      span.addEvent('long_animation_frame', attributes, at(startTime));
    }
    for (const it of navigations()) {
      if (near(it)) span.addEvent('soft_navigation', { 'url.full': redactedUrl(it.name) }, at(it.presentationTime || it.paintTime || it.startTime));
    }
  });
}
