// Ways through the views of one page: an event of the interaction that took them, or a root span where nobody clicked.

import { at, attempt, current, enter, hook, Interaction, listen, redactedUrl, tracer } from './core.js';

/** A path with few values: what looks like an id is none of its own. */
const pathTemplate = (path) =>
  path
    .split('/')
    .map((it) => (/^(\d+|(?=.*\d)[\da-f-]{8,}|.{40,})$/i.test(it) ? ':id' : it.replace(/\d{2,}/g, ':id')))
    .join('/');

export function navigation() {
  let url = location.href;

  const went = ({ navigationType, timeStamp }) => {
    if (url === location.href || !tracer.recording()) return;
    url = location.href;
    // Routes in the fragment are routes as well.
    const path = pathTemplate(location.pathname + (/^#!?\//.test(location.hash) ? location.hash : ''));
    let interaction = current()?.interaction;
    if (!interaction || interaction.ended) {
      interaction = new Interaction(`navigation ${path}`, 'navigation', at(timeStamp));
      enter(interaction);
    }
    const to = { 'flamefall.navigation.path': path };
    interaction.setAttributes(to).addEvent('browser.navigation', {
      ...to,
      'url.full': redactedUrl(url),
      'browser.navigation.type': navigationType ?? 'replace',
    });
  };
  if (window.navigation) return listen('currententrychange', went, window.navigation);
  for (const type of ['popstate', 'hashchange']) listen(type, ({ timeStamp }) => went({ navigationType: 'traverse', timeStamp }));
  for (const type of ['push', 'replace']) {
    hook(History.prototype, `${type}State`, (native, self, args) => {
      native.apply(self, args);
      attempt(went, { navigationType: type, timeStamp: performance.now() });
    });
  }
}
