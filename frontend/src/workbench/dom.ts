/** Elements in a few words. */
type Child = Node | string | null | undefined | false;
type Props<K extends keyof HTMLElementTagNameMap> = Partial<Omit<HTMLElementTagNameMap[K], "style" | "dataset">> & {
  class?: string;
  attrs?: Record<string, string | number | boolean | null | undefined>;
  on?: Partial<{ [E in keyof HTMLElementEventMap]: (event: HTMLElementEventMap[E]) => void }>;
};

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props<K> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  const { class: name, attrs, on, ...rest } = props as Props<"div">;
  if (name) element.className = name;
  Object.assign(element, rest);
  for (const [key, value] of Object.entries(attrs ?? {}))
    if (value !== null && value !== undefined && value !== false)
      element.setAttribute(key, value === true ? "" : String(value));
  for (const [event, hear] of Object.entries(on ?? {})) element.addEventListener(event, hear as EventListener);
  element.append(...children.filter((one): one is Node | string => one !== null && one !== undefined && one !== false));
  return element;
}

const PATHS: Record<string, string> = {
  point: "M12 2v4M12 18v4M2 12h4M18 12h4M12 8a4 4 0 1 0 .01 0z",
  line: "M4 20 20 4M4 20h.01M20 4h.01M9 11l2 2M13 7l2 2M6 14l3 3",
  area: "M4 7 13 3l7 6-3 11-11-2zM13 3v.01M4 7v.01M20 9v.01",
  polygon: "M5 5l9-2 6 8-5 10-9-3zM5 5h.01M14 3h.01M20 11h.01M15 21h.01M6 18h.01",
  box: "M4 6h16v12H4z",
  circle: "M12 3a9 9 0 1 0 .01 0zM12 12h8",
  compare: "M12 3v18M5 6h4v12H5zM15 6h4v12h-4z",
  print: "M6 9V3h12v6M6 18H4a1 1 0 0 1-1-1v-6a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v6a1 1 0 0 1-1 1h-2M7 14h10v7H7z",
  share: "M18 8a3 3 0 1 0-2.8-4M6 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6M18 22a3 3 0 1 0-.01 0M8.6 13.5l6.8 4M15.4 6.5l-6.8 4",
  up: "m6 15 6-6 6 6",
  down: "m6 9 6 6 6-6",
  x: "M18 6 6 18M6 6l12 12",
  eye: "M2 12s3.5-7 10-7 10 7 10 7-3.5 7-10 7-10-7-10-7zM12 9a3 3 0 1 0 .01 0z",
  off: "m3 3 18 18M10.6 5.1A10 10 0 0 1 12 5c6.5 0 10 7 10 7a17 17 0 0 1-3 3.9M6.6 6.6A17 17 0 0 0 2 12s3.5 7 10 7a10 10 0 0 0 4.4-1M9.9 9.9a3 3 0 1 0 4.2 4.2",
  grip: "M9 5h.01M9 12h.01M9 19h.01M15 5h.01M15 12h.01M15 19h.01",
  more: "M4 6h10M18 6h2M4 12h2M10 12h10M4 18h8M16 18h4M14 4v4M8 10v4M14 16v4",
  plus: "M5 12h14M12 5v14",
  minus: "M5 12h14",
  home: "M8 3H5a2 2 0 0 0-2 2v3m18 0V5a2 2 0 0 0-2-2h-3m0 18h3a2 2 0 0 0 2-2v-3M3 16v3a2 2 0 0 0 2 2h3",
  layers: "m12 2 9.2 4.6L12 11.2 2.8 6.6zM2.8 12 12 16.6l9.2-4.6M2.8 17 12 21.6l9.2-4.6",
  filter: "M3 5h18l-7 8v6l-4 2v-8z",
  download: "M12 15V3M7 10l5 5 5-5M21 15v4a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-4",
  copy: "M8 8h12v12H8zM4 16V4h12",
};
export function icon(name: string): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({
    viewBox: "0 0 24 24",
    fill: "none",
    stroke: "currentColor",
    "stroke-width": "2",
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    "aria-hidden": "true",
    class: "ic",
  }))
    svg.setAttribute(key, value);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name] ?? "");
  svg.append(path);
  return svg;
}
export function button(
  name: string,
  word: string,
  press: () => void,
  options: { text?: boolean; class?: string; pressed?: boolean; short?: string } = {},
): HTMLButtonElement {
  return h(
    "button",
    {
      type: "button",
      class: options.class ?? (options.text ? "btn" : "btn quiet ico"),
      title: word,
      attrs: {
        "aria-label": options.text ? null : word,
        "aria-pressed": options.pressed === undefined ? null : String(options.pressed),
      },
      on: { click: press },
    },
    icon(name),
    options.text || options.short ? h("span", {}, options.short ?? word) : null,
  );
}
