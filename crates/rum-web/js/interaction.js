// What a person does is a root span, one however many listeners there are, none included. It lasts as long as the work
// it caused, and is named by what was acted on.

import { enter, listen } from './context.js';
import { INTERNAL } from './otlp.js';
import { closest, ignored, redactedUrl } from './privacy.js';
import { settleTimings } from './requests.js';
import { touch } from './session.js';
import { at, now, Span } from './span.js';
import { consented, later, options, tracer } from './tracer.js';

const QUIET_MILLIS = 100;
const LONGEST_MILLIS = 10_000;
const MOST_TEXT = 96;
// Of NodeFilter.
const SHOW_TEXT = 4;

const open = new Set();
let recent;

export class Interaction extends Span {
  // Requests under way, and all there were.
  pending = 0;
  requests = 0;

  constructor(name, type, start, parent) {
    super(name, parent, { 'flamefall.interaction.type': type, 'browser.document.url.full': redactedUrl(location.href) }, INTERNAL, start);
    this.type = type;
    this.interaction = recent = this;
    // When work was last seen, and when a request or the first task ended.
    this.last = this.work = start;
    this.deadline = start + LONGEST_MILLIS;
    open.add(this);
    later(closeQuiet, QUIET_MILLIS);
  }

  /** A task of it has run. */
  ran(time = now()) {
    if (this.ended) return;
    if (this.last === this.start) this.work = time;
    this.last = Math.max(this.last, time);
  }

  /** A request began. */
  began() {
    this.pending++;
    this.requests++;
    this.ran();
  }

  /** A request ended. */
  finished(time = now()) {
    this.pending--;
    this.ran(time);
    this.work = this.last;
    later(closeQuiet, QUIET_MILLIS);
  }

  close(cause) {
    // What it knows of its requests comes before it is decided whether it is kept.
    settleTimings(false, this.group);
    // Timers that go on and on are not what it lasted for.
    const end = cause === 'timeout' ? this.work : this.last;
    open.delete(this);
    tracer.onClose?.(this, end);
    // What began while the page was loading is explained by that for as long as it loads.
    this.expired = this.type === 'page_load';
    this.setAttribute('flamefall.interaction.end', cause).end(end);
  }
}

/** The id of the interaction a person began last, while it may still explain work of unknown origin that begins at `time`. */
const recentId = (time) => (recent && time - recent.start < LONGEST_MILLIS ? (recent.id ??= recent.spanId) : undefined);

/** A span in `context`; without one it is a root of its own, with a hint. */
export function child(name, attributes, context, kind, start) {
  const span = new Span(name, context, attributes, kind, start);
  if (context) return span;
  return span.setAttribute('flamefall.interaction.recent_id', recentId(span.start));
}

function closeQuiet() {
  const time = now();
  for (const it of open) {
    if (time >= it.deadline) it.close('timeout');
    else if (!it.pending && time - it.last >= QUIET_MILLIS) it.close();
  }
  if (open.size) later(closeQuiet, QUIET_MILLIS / 2);
}

/** The page leaves. */
export function closeAll() {
  for (const it of open) {
    if (it.pending) it.ran();
    it.close(it.pending ? 'page_hidden' : undefined);
  }
}

const ACTIONABLE = 'a,button,input,select,textarea,label,summary,option,[role],[onclick],[data-flamefall-name],[contenteditable]';
const NAME = 'data-flamefall-name';
/** What a person types into. */
export const TYPED = 'input,textarea,select,[contenteditable]';

function tidy(text) {
  // Numbers make names many: "Cart (3)" and "Cart (4)" are one thing to act on.
  return text?.replace(/\s+/g, ' ').trim().replace(/\d+([.,]\d+)*/g, '#').replace(/^(.{47})..+/, '$1…');
}

/** The words for an element that its page shows, never what a person typed. */
function nameOf(element) {
  const given = closest(element, `[${NAME}]`)?.getAttribute(NAME);
  if (given) return given;
  const attribute = (name) => element.getAttribute(name);
  const text =
    (options.elementNames ?? !navigator.globalPrivacyControl) &&
    tidy(
      attribute('aria-label') ||
        element.ariaLabelledByElements?.map(textOf).join(' ') ||
        textOf(element.labels?.[0]) ||
        (element.matches('[type=submit],[type=button]') && attribute('value')) ||
        (!element.matches(`${TYPED},form,body,html`) && textOf(element)) ||
        element.querySelector('[alt]')?.alt ||
        attribute('alt') ||
        attribute('title') ||
        attribute('placeholder'),
    );
  if (text) return `"${text}"`;
  const role = attribute('role') ?? element.localName;
  const id = attribute('name') || element.id;
  // Ids with numbers or colons are mostly made by a library, anew each time.
  return id && !/\d\d|:/.test(id) ? `${role}#${id}` : role;
}

/** The text of an element without what stands in editable or ignored parts of it. Short: a name needs no page. */
function textOf(element) {
  if (!element) return '';
  let text = '';
  const walker = document.createTreeWalker(element, SHOW_TEXT);
  while (text.length < MOST_TEXT && walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    if (!parentElement.closest(`${TYPED},script,style,[data-flamefall-ignore],[hidden]`)) text += `${data} `;
  }
  return text;
}

/** A short selector: ids and classes from the element outwards, until one is an id. */
function selectorOf({ id, localName, classList, parentElement }, depth = 5) {
  if (id) return `#${id}`;
  const own = classList[0] ? `${localName}.${classList[0]}` : localName;
  return parentElement && --depth ? `${selectorOf(parentElement, depth)} > ${own}` : own;
}

// What a gesture is named by, the best last.
const RANKS = ['keydown', 'change', 'submit', 'click'];
const GESTURE_MILLIS = 1000;
const GESTURES = ['keydown', 'pointerdown'];

// The events of one press of a key or a button are one interaction.
let gesture = {};

function onGesture(event) {
  if (!event.isTrusted || event.repeat) return;
  // A person comes from nowhere.
  enter(null);
  gesture = { at: event.timeStamp, key: event.type === 'keydown' && event.composedPath()[0] };
}

const wantsKey = ({ key, ctrlKey, metaKey, altKey }) => /^(Enter|Escape)$/.test(key) || ((ctrlKey || metaKey || altKey) && !key[1]);

function onEvent(event) {
  const { timeStamp } = event;
  let { type } = event;
  // A listener of the page that dispatches events itself is work, not a person.
  if (!event.isTrusted || !consented || (type === 'keydown' && !wantsKey(event))) return;
  const path = event.composedPath().filter((it) => it instanceof Element);
  const element = path.find((it) => it.matches(ACTIONABLE)) ?? path[0];
  if (!element) return;
  if (timeStamp - gesture.at > GESTURE_MILLIS) gesture = {};
  const { key } = gesture;
  let { interaction } = gesture;
  // Enter in a field clicks the button that submits, which nobody did.
  if (type === 'click' && key && !path.includes(key)) type = 'submit';
  // On something else than what a press took the focus from: another one.
  if (interaction?.ended || (!key && interaction?.type === 'change' && interaction.element !== element)) interaction = undefined;
  gesture = { at: timeStamp, key };
  if (ignored(element)) return enter(null);
  if (!interaction || RANKS.indexOf(type) > RANKS.indexOf(interaction.type)) {
    const name = type === 'keydown' ? `key ${event.ctrlKey || event.metaKey ? 'Control+' : ''}${event.key}` : `${type} ${nameOf(event.submitter ?? element)}`;
    if (!interaction) {
      touch();
      interaction = new Interaction(name, type, at(timeStamp));
    }
    Object.assign(interaction, { type, element, stamp: timeStamp }).updateName(name).setAttributes({
      'flamefall.interaction.type': type,
      'browser.css_selector': selectorOf(element),
    });
    tracer.onInteraction?.(interaction, event);
  }
  gesture.interaction = interaction;
  enter(interaction);
}

/** One capturing listener on window a kind of event: first of all, and nothing of the page is wrapped. */
export function hookInteractions() {
  for (const type of options.interactions ?? ['click', 'submit', 'change']) if (!GESTURES.includes(type)) listen(type, onEvent);
}

/** What begins such an event, a task later: without it an event is an interaction all the same. */
export function hookGestures() {
  for (const type of GESTURES) {
    listen(type, onGesture);
    if (options.interactions?.includes(type)) listen(type, onEvent);
  }
}
