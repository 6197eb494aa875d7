/** The element of the page with this id. */
export function byId<E extends HTMLElement>(id: string, kind: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} ${id}`);
  return found;
}

/** Text never becomes markup. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  ...content: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...content);
  return element;
}

/** The first letters of a name on a colour of its own. */
export function avatar(name: string): HTMLElement {
  const face = make('span', 'avatar', name.slice(0, 2));
  face.setAttribute('aria-hidden', 'true');
  face.title = name;
  face.style.setProperty('--hue', String(hueOf(name)));
  return face;
}

/** 0 to 359, always the same for a name, and far apart for similar ones (FNV-1a). */
function hueOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const letter of name) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0) % 360;
}
