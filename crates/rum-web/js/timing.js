// What the browser knows of an interaction: how long it waited, and which frames were long.

import { also, at, entriesOf, redactedUrl } from './core.js';

const MAX_KEPT = 200;

export function timing() {
  const kept = (type, options) => {
    const entries = [];
    const records = entriesOf(type, (entry) => entries.push(entry) > MAX_KEPT && entries.shift(), options);
    return () => {
      records();
      return entries;
    };
  };
  const events = kept('event', { durationThreshold: 16 });
  const frames = kept('long-animation-frame');
  const navigations = kept('soft-navigation');
  const told = (text) => (/^https?:/.test(text) ? redactedUrl(text) : text || undefined);

  also('onClose', (span, end) => {
    // Keys of an interaction may be several, up and down; its events of the same time are one wait.
    const near = ({ startTime }) => Math.abs(startTime - span.stamp) < 1;
    const same = events().filter((it) => it.interactionId && near(it));
    const most = (value) => Math.max(...same.map(value));
    if (same.length) {
      const { startTime } = same[0];
      const began = -most((it) => -it.processingStart);
      const done = most((it) => it.processingEnd);
      span.setAttributes({
        'flamefall.interaction.input_delay': began - startTime,
        'flamefall.interaction.processing': done - began,
        'flamefall.interaction.presentation': Math.max(0, startTime + most((it) => it.duration) - done),
      });
    }
    for (const { startTime, duration, blockingDuration, scripts } of frames()) {
      if (at(startTime) > end || at(startTime + duration) < span.start) continue;
      const [script] = [...scripts].sort((a, b) => b.duration - a.duration);
      const attributes = {
        'flamefall.duration': duration,
        'flamefall.blocking_duration': blockingDuration,
        'flamefall.invoker': told(script?.invoker),
        'code.file.path': told(script?.sourceURL),
        'code.function.name': told(script?.sourceFunctionName),
      };
      span.addEvent('long_animation_frame', attributes, at(startTime));
    }
    for (const it of navigations()) {
      if (near(it)) span.addEvent('soft_navigation', { 'url.full': redactedUrl(it.name) }, at(it.presentationTime || it.paintTime || it.startTime));
    }
  });
}
