// What a person does is a root span, one however many listeners there are, none included. It lasts as long as the work
// it caused, and is named by what was acted on.

import { current, enter, listen } from './context.js';
import { ignored, redactedUrl } from './privacy.js';
import { at, Kind, now } from './span.js';
import { settle } from './record.js';

const QUIET_MILLIS = 100;
const LONGEST_MILLIS = 10_000;
const NAME_LENGTH = 48;

let tracer;
const open = new Set();
let recent;

export class Interaction {
  constructor(name, type, start, parent) {
    this.span = tracer.root(name, Kind.INTERNAL, parent, start);
    this.span.setAttribute('flamefall.interaction.type', type);
    this.group = this.span.group;
    this.context = { span: this.span, interaction: this };
    // Requests under way, and when work was last seen.
    this.pending = 0;
    this.last = start;
    this.closed = false;
    open.add(this);
    recent = this;
    tracer.later(closeQuiet, QUIET_MILLIS);
  }

  /** A task of it has run. */
  ran(time = now()) {
    if (!this.closed) this.last = Math.max(this.last, time);
  }

  /** A request began. */
  began() {
    this.pending++;
    this.ran();
  }

  /** A request ended. */
  finished(time) {
    this.pending--;
    this.ran(time);
    tracer.later(closeQuiet, QUIET_MILLIS);
  }

  close(cause) {
    if (this.closed) return;
    this.closed = true;
    open.delete(this);
    this.onClose?.(cause);
    if (cause) this.span.setAttribute('flamefall.interaction.end', cause);
    this.span.end(this.last);
    settle(this.group);
  }
}

/** The interaction a person began last, while it may still explain work of unknown origin. */
export const recentInteraction = () => (recent && now() - recent.span.start < LONGEST_MILLIS ? recent : undefined);

function closeQuiet() {
  const time = now();
  for (const it of open) {
    if (time - it.span.start >= LONGEST_MILLIS) it.close('timeout');
    else if (!it.pending && time - it.last >= QUIET_MILLIS) it.close();
  }
  if (open.size) tracer.later(closeQuiet, QUIET_MILLIS / 2);
}

/** The page leaves. */
export function closeAll(cause) {
  for (const it of [...open]) {
    if (it.pending) it.ran();
    it.close(it.pending ? cause : undefined);
  }
}

const ACTIONABLE = 'a,button,input,select,textarea,label,summary,option,[role],[onclick],[data-flamefall-name],[contenteditable]';

/** What was acted on: the nearest element on the event's path, into shadow roots, that one acts on. */
function actedOn(event) {
  const path = event.composedPath().filter((it) => it instanceof Element);
  return path.find((it) => it.matches(ACTIONABLE)) ?? path[0];
}

const tidy = (text) => {
  // Numbers make names many: "Cart (3)" and "Cart (4)" are one thing to act on.
  const short = text?.replace(/\s+/g, ' ').trim().replace(/\d+([.,]\d+)*/g, '#');
  return short && (short.length > NAME_LENGTH ? `${short.slice(0, NAME_LENGTH - 1)}…` : short);
};

/** The words for an element that its page shows, never what a person typed. */
export function nameOf(element) {
  const attribute = (name) => element.getAttribute(name);
  const named = element.closest('[data-flamefall-name]');
  if (named) return named.getAttribute('data-flamefall-name');
  const typed = element.matches('input,textarea,select,[contenteditable]');
  const isButton = element.matches('input[type=submit],input[type=button],input[type=reset]');
  const labelledBy = attribute('aria-labelledby')?.split(/\s+/).map((id) => element.getRootNode().getElementById?.(id)?.textContent).join(' ');
  const label = element.labels?.[0];
  const text = !tracer.names ? '' : tidy(
    attribute('aria-label') ||
    labelledBy ||
    (label && textOf(label)) ||
    (isButton && attribute('value')) ||
    (!typed && !element.matches('form,body,html') && textOf(element)) ||
    element.querySelector?.('img[alt],svg[aria-label]')?.getAttribute('alt') ||
    attribute('alt') ||
    attribute('title') ||
    attribute('placeholder'),
  );
  if (text) return `"${text}"`;
  const role = attribute('role') ?? element.localName;
  const id = attribute('name') || element.id;
  return id && !/\d{3}/.test(id) ? `${role}#${id}` : role;
}

/** The text of an element without what stands in editable or ignored parts of it. Short: a name needs no page. */
function textOf(element) {
  if (element.childElementCount > 40) return '';
  let text = '';
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
    node.nodeType === Node.TEXT_NODE ? NodeFilter.FILTER_ACCEPT
    : node.matches('input,textarea,select,script,style,[contenteditable],[data-flamefall-ignore],[hidden]') ? NodeFilter.FILTER_REJECT
    : NodeFilter.FILTER_SKIP);
  while (text.length < NAME_LENGTH * 2 && walker.nextNode()) text += `${walker.currentNode.data} `;
  return text;
}

/** A short selector: ids and classes from the element outwards, until one is an id. */
export function selectorOf(element) {
  const parts = [];
  for (let it = element; it && parts.length < 5; it = it.parentElement) {
    if (it.id) {
      parts.unshift(`#${it.id}`);
      break;
    }
    const [first] = it.classList;
    parts.unshift(it.localName + (first ? `.${first}` : ''));
  }
  return parts.join(' > ');
}

const VERBS = { keydown: 'key' };

function onEvent(event) {
  // A listener of the page that dispatches events itself is work, not a person.
  if (!event.isTrusted) return;
  if (current()?.interaction && event.type !== 'click') return;
  enter(undefined);
  if (!tracer.recording()) return;
  const element = actedOn(event);
  if (!element || ignored(element)) return;
  if (event.type === 'keydown' && !wantsKey(event)) return;
  const target = event.type === 'submit' ? event.submitter ?? element : element;
  const verb = VERBS[event.type] ?? event.type;
  const name = event.type === 'keydown' ? `key ${event.key}` : `${verb} ${nameOf(target)}`;
  const interaction = new Interaction(name, event.type, at(event.timeStamp));
  interaction.span.setAttributes({
    'browser.css_selector': selectorOf(element),
    'browser.tag_name': element.localName,
    'browser.document.url.full': redactedUrl(location.href, tracer.options.allowQuery),
  });
  tracer.onInteraction(interaction, event, element);
  enter(interaction.context);
}

const wantsKey = ({ key, ctrlKey, metaKey, altKey }) => key === 'Enter' || key === 'Escape' || ((ctrlKey || metaKey || altKey) && key.length === 1);

/** One capturing listener on window a kind of event: first of all, and nothing of the page is wrapped. */
export function hookInteractions(window, theTracer) {
  tracer = theTracer;
  for (const type of tracer.options.interactions ?? ['click', 'submit', 'change']) listen(window, type, onEvent);
}
