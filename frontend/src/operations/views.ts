/** Saved views under the keys 1 to 9: a way of looking (filters, map, layers), never a moment. */
import { button, make } from "../dom";
import { icon, toast } from "./dom";
import { register } from "./keys";
import * as state from "./state";
import { say } from "./words";

interface View {
  key: number;
  title: string;
  href: string;
  state: Record<string, string>;
}
let views: View[] = [];

function apply(view: View): void {
  const given = state.read(`?${new URLSearchParams(view.state)}`);
  state.set({
    filters: { ...given.filters },
    camera: given.camera || state.get().camera,
    layers: given.layers,
    view: view.key,
  });
}
async function load(): Promise<void> {
  try {
    const answer = await fetch("/operations/views.json");
    if (answer.ok) views = ((await answer.json()) as { views: View[] }).views;
  } catch {
    // the keys then say that there is none
  }
}

export async function start(): Promise<void> {
  register(
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => ({
      key: String(n),
      word: say("keyViews"),
      run: () => {
        const found = views.find((one) => one.key === n);
        if (found) apply(found);
        else toast(say("noView", { n }));
      },
    })),
  );
  await load();
  const tools = document.querySelector("ops-map .maptools");
  if (!tools) return;
  const menu = make("details", "views");
  const summary = make("summary", "btn");
  menu.append(summary);
  const name = () => {
    const now = views.find((one) => one.key === state.get().view);
    summary.replaceChildren(icon("bookmark"), now ? `${say("view", { n: now.key })}: ${now.title}` : say("keyViews"));
  };
  const list = make("ul", "card");
  for (const one of views) {
    const row = make("li");
    const press = button("", one.title, () => {
      apply(one);
      menu.open = false;
    });
    press.prepend(make("kbd", "", String(one.key)));
    row.append(press);
    list.append(row);
  }
  const last = make("li");
  const keep = make("a", "", say("save"));
  keep.prepend(icon("plus"));
  keep.addEventListener("click", () => {
    keep.href = `/operations/views?${new URLSearchParams({ state: state.write(state.get()) })}`;
  });
  keep.href = "/operations/views";
  last.append(keep);
  list.append(last);
  menu.append(list);
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    summary.focus();
    event.stopPropagation();
  });
  tools.append(menu);
  state.subscribe(name);
  name();
}
