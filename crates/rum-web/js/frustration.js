// Clicks of somebody who loses patience, and clicks that did nothing.

const RAGE_CLICKS = 3;
const RAGE_MILLIS = 1000;
const RAGE_PIXELS = 100;

const MUTATIONS = { attributes: true, characterData: true, childList: true, subtree: true };
// Signs of life that are no mutation.
const SIGNS = ['focusin', 'focusout', 'input', 'change', 'scroll', 'selectionchange', 'toggle', 'play', 'pause', 'copy', 'blur', 'beforeunload', 'hashchange', 'popstate'];

export function frustration({ also, listen, onUndo, tracer, TYPED }) {
  let clicks = [];
  let pressed = 0;
  let sign = 0;
  for (const type of SIGNS) listen(window, type, ({ timeStamp }) => (sign = timeStamp));
  listen(window, 'pointerdown', ({ timeStamp }) => (pressed = timeStamp));

  // One at a time: what answers the last click says nothing of the one before.
  let watched;
  const observer = new MutationObserver(() => {
    // Once is enough, and a page that changes a lot shall not pay for it.
    observer.disconnect();
    if (watched) watched.answered = true;
  });
  onUndo(() => observer.disconnect());

  const frustrated = (interaction, how) => interaction.span.setAttribute('flamefall.interaction.frustration', how);

  also('onInteraction', (interaction, event) => {
    if (event.type !== 'click') return;
    const { clientX: x, clientY: y, timeStamp: time } = event;
    clicks = clicks.filter((it) => time - it.time < RAGE_MILLIS && Math.hypot(it.x - x, it.y - y) <= RAGE_PIXELS);
    if (clicks.push({ x, y, time }) >= RAGE_CLICKS) {
      interaction.raged = true;
      frustrated(interaction, 'rage_click');
    }
    const { element } = interaction;
    // Links go somewhere and fields take a caret, whether or not the page sees it.
    interaction.answered = element.closest(`${TYPED},a[href],label,option,video,audio,iframe`) != null;
    interaction.pressed = Math.min(pressed || time, time);
    watched = interaction;
    observer.disconnect();
    observer.observe(document, MUTATIONS);
    for (const it of event.composedPath()) if (it instanceof ShadowRoot) observer.observe(it, MUTATIONS);
  });

  also('onClose', (interaction) => {
    // Someone else's click came before this one could be answered.
    if (interaction !== watched) return;
    const { answered, pressed, raged, requests, span } = interaction;
    const changed = observer.takeRecords().length;
    observer.disconnect();
    watched = undefined;
    const dead = !answered && !changed && !requests && !raged && sign < pressed && !span.events;
    if (dead && document.visibilityState === 'visible') frustrated(interaction, 'dead_click');
  });
}
