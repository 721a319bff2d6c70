// Ways through the views of one page: an event of the interaction that took them, or a root span where nobody clicked.

/** A path with few values: what looks like an id is none of its own. */
const pathTemplate = (path) =>
  path
    .split('/')
    .map((it) => (/^(\d+|(?=.*\d)[\da-f-]{8,}|.{40,})$/i.test(it) ? ':id' : it.replace(/\d{2,}/g, ':id')))
    .join('/');

export function navigation({ at, current, enter, hook, Interaction, listen, redactedUrl, safe, tracer }) {
  // Routes in the fragment are routes as well.
  const path = () => pathTemplate(location.pathname + (/^#!?\//.exec(location.hash) ? location.hash : ''));
  let url = location.href;

  const went = safe((type, timeStamp) => {
    if (url === location.href || !tracer.recording()) return;
    const hashChange = url.split('#')[0] === location.href.split('#')[0];
    url = location.href;
    let interaction = current()?.interaction;
    if (!interaction || interaction.closed) {
      interaction = new Interaction(`navigation ${path()}`, 'navigation', at(timeStamp));
      enter(interaction.context);
    }
    const to = { 'url.full': redactedUrl(url, tracer.options.allowQuery), 'flamefall.navigation.path': path() };
    interaction.span.setAttribute('flamefall.navigation.path', path()).addEvent('browser.navigation', {
      ...to,
      'browser.navigation.type': type,
      'browser.navigation.same_document': true,
      'browser.navigation.hash_change': hashChange,
    });
  });

  if (window.navigation) {
    listen(window.navigation, 'currententrychange', ({ navigationType, timeStamp }) => went(navigationType ?? 'replace', timeStamp));
    return;
  }
  for (const [name, type] of [['pushState', 'push'], ['replaceState', 'replace']]) {
    hook(History.prototype, name, (native, self, args) => {
      const result = native.apply(self, args);
      went(type, performance.now());
      return result;
    });
  }
  for (const type of ['popstate', 'hashchange']) listen(window, type, ({ timeStamp }) => went('traverse', timeStamp));
}
