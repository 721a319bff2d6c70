// Clicks of somebody who loses patience, and clicks that did nothing.

import { also, listen, TYPED } from './core.js';

const RAGE_CLICKS = 3;
const RAGE_MILLIS = 1000;
const RAGE_PIXELS = 100;

const MUTATIONS = { attributes: true, characterData: true, childList: true, subtree: true };
// Signs of life that are no mutation.
const SIGNS = 'input change scroll toggle play pause copy beforeunload';

export function frustration() {
  let clicks = [];
  // What was pressed last, and whether anything has answered it.
  let pressed;
  let answered;
  let watched;

  // One change is enough, and a page that changes a lot shall not pay for it.
  const answer = () => {
    answered = true;
    observer.disconnect();
  };
  const observer = new MutationObserver(answer);

  const press = (event) => {
    observer.disconnect();
    answered = false;
    pressed = event.target;
    for (const it of event.composedPath()) if (it === document || it instanceof ShadowRoot) observer.observe(it, MUTATIONS);
  };
  listen('pointerdown', press);
  for (const type of SIGNS.split(' ')) listen(type, answer);
  // What was pressed has the focus, or what is around it.
  listen('focusin', ({ target }) => target.contains(pressed) || answer());
  listen('blur', ({ target }) => target === window && answer());

  const frustrated = (interaction, how) => interaction.setAttribute('flamefall.interaction.frustration', how);

  also('onInteraction', (interaction, event) => {
    if (event.type !== 'click') return;
    const near = (it) => event.timeStamp - it.timeStamp < RAGE_MILLIS && Math.hypot(event.clientX - it.clientX, event.clientY - it.clientY) <= RAGE_PIXELS;
    clicks = [...clicks, event].filter(near);
    watched = clicks.length < RAGE_CLICKS && interaction;
    if (!watched) frustrated(interaction, 'rage_click');
    // By a key.
    if (!event.pointerType) press(event);
  });

  also('onClose', (interaction) => {
    // Somebody else's click came before this one could be answered.
    if (interaction !== watched) return;
    const changed = answered || observer.takeRecords().length;
    observer.disconnect();
    const { element, events, requests } = interaction;
    // Links go somewhere and fields take a caret, whether or not the page sees it.
    const elsewhere = element.closest(`${TYPED},a[href],label,option,video,audio,iframe`) || !getSelection().isCollapsed;
    if (!changed && !requests && !elsewhere && !events && document.visibilityState === 'visible') frustrated(interaction, 'dead_click');
  });
}
