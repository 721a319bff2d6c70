// Notes what reaches the page, for harness.rs to compare.
const notes = [];
const held = (event) => ['ctrl', 'shift', 'alt'].filter((key) => event[`${key}Key`]).map((key) => `${key}+`).join('');

customElements.define('flamefall-viewer', class extends HTMLElement {
  async idle() {
    await new Promise(requestAnimationFrame);
  }
  async take() {
    await this.idle();
    return notes.splice(0);
  }
});
Object.assign(document.querySelector('main').style, { position: 'fixed', inset: '100px 0 0 0' });
document.body.append(document.createElement('flamefall-viewer'));

for (const kind of ['click', 'dblclick', 'pointerdown', 'pointerup']) {
  addEventListener(kind, (event) => notes.push(`${kind} ${event.clientX},${event.clientY}`));
}
addEventListener('keydown', (event) => notes.push(`key ${held(event)}${event.key}`));
addEventListener('wheel', (event) => {
  notes.push(`wheel ${held(event)}${event.deltaX},${event.deltaY}`);
  event.preventDefault();
}, { passive: false });
addEventListener('dragover', (event) => event.preventDefault());
addEventListener('drop', async (event) => {
  event.preventDefault();
  for (const file of event.dataTransfer.files) {
    notes.push(`drop ${file.name} ${(await file.text()).slice(0, 4)}`);
  }
});
document.querySelector('input').addEventListener('change', (event) => {
  for (const file of event.target.files) notes.push(`chosen ${file.name}`);
});
