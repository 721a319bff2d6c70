// Clicks of somebody who loses patience, and clicks that did nothing.

const RAGE_CLICKS = 3;
const RAGE_MILLIS = 1000;
const RAGE_PIXELS = 100;

const MUTATIONS = { attributes: true, characterData: true, childList: true, subtree: true };
// Signs of life that are no mutation.
const SIGNS = ['input', 'change', 'scroll', 'toggle', 'play', 'pause', 'copy', 'beforeunload', 'hashchange', 'popstate'];

export function frustration({ also, listen, onUndo, TYPED }) {
  let clicks = [];
  // Since a press: whether anything has answered it, and what was given the focus.
  let answered = false;
  let focused;
  let watched;

  // One change is enough, and a page that changes a lot shall not pay for it.
  const answer = () => {
    answered = true;
    observer.disconnect();
  };
  const observer = new MutationObserver(answer);
  onUndo(() => observer.disconnect());

  const press = (event) => {
    answered = false;
    focused = undefined;
    observer.disconnect();
    observer.observe(document, MUTATIONS);
    for (const it of event.composedPath()) if (it instanceof ShadowRoot) observer.observe(it, MUTATIONS);
  };
  listen(window, 'pointerdown', press);
  for (const type of SIGNS) listen(window, type, answer);
  listen(window, 'focusin', ({ target }) => (focused = target));
  listen(window, 'blur', ({ target }) => target === window && answer());

  const frustrated = (interaction, how) => interaction.span.setAttribute('flamefall.interaction.frustration', how);

  also('onInteraction', (interaction, event) => {
    if (event.type !== 'click') return;
    const { clientX: x, clientY: y, timeStamp: time } = event;
    clicks = clicks.filter((it) => time - it.time < RAGE_MILLIS && Math.hypot(it.x - x, it.y - y) <= RAGE_PIXELS);
    if (clicks.push({ x, y, time }) >= RAGE_CLICKS) {
      interaction.raged = true;
      frustrated(interaction, 'rage_click');
    }
    // By a key.
    if (!event.pointerType) press(event);
    watched = interaction;
  });

  also('onClose', (interaction) => {
    // Somebody else's click came before this one could be answered.
    if (interaction !== watched) return;
    watched = undefined;
    const changed = answered || observer.takeRecords().length;
    observer.disconnect();
    const { element, raged, requests, span } = interaction;
    // Links go somewhere and fields take a caret, whether or not the page sees it; and what was pressed has the focus.
    const elsewhere = element.closest(`${TYPED},a[href],label,option,video,audio,iframe`) || (focused && !focused.contains(element)) || !getSelection().isCollapsed;
    if (!changed && !requests && !raged && !elsewhere && !span.events && document.visibilityState === 'visible') frustrated(interaction, 'dead_click');
  });
}
