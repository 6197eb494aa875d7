// What the types of playwright-core name of the DOM. The tests don't see more of it: what runs in a page is written for
// pages, and checked as such.
interface Node {
  readonly nodeName: string;
}
interface Element extends Node {
  readonly tagName: string;
}
interface HTMLElement extends Element {
  readonly title: string;
}
interface SVGElement extends Element {
  readonly ownerSVGElement: SVGElement | null;
}
interface HTMLElementTagNameMap {
  readonly body: HTMLElement;
}
