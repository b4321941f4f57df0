/** The conditions of one layer: picked field by field, or written as CQL2. */
import { type Condition, type Conditions, type Kind, operators, read, write } from "./cql";
import { button, h } from "./dom";
import type { Field, Layer } from "./model";
import { t, type Word } from "./words";

export function filterForm(layer: Layer, current: string, apply: (text: string) => void): HTMLElement {
  const fields = layer.fields.filter((one) => one.kind !== "object" && one.kind !== "geometry");
  const kind = (name: string): Kind => fields.find((one) => one.name === name)?.kind ?? "string";
  const given = read(current);
  const state: Conditions = given ?? { all: true, rows: [] };
  if (!state.rows.length && fields[0]) state.rows.push(fresh(fields[0]));
  const rows = h("div", { class: "conds" });
  const text = h("textarea", {
    class: "in mono",
    value: current,
    rows: 3,
    spellcheck: false,
    attrs: { "aria-label": t("advanced") },
  });
  const error = h("p", { class: "err sm", hidden: true, attrs: { role: "alert" } });
  const sync = () => {
    text.value = write(state, kind);
  };

  const draw = (focus?: number) => {
    rows.replaceChildren(...state.rows.map((one, i) => row(one, i)));
    if (focus !== undefined) rows.children[focus]?.querySelector("select")?.focus();
  };
  const row = (one: Condition, i: number): HTMLElement => {
    const field = fields.find((f) => f.name === one.field) ?? fields[0];
    const pick = select(
      fields.map((f) => [f.name, f.title]),
      one.field,
      t("field"),
    );
    pick.addEventListener("change", () => {
      const chosen = fields.find((f) => f.name === pick.value);
      if (chosen) state.rows[i] = fresh(chosen);
      draw(i);
      sync();
    });
    const how = select(
      field ? operators(field.kind, Boolean(field.values)).map((op) => [op, t(`op.${op}` as Word)]) : [],
      one.operator,
      t("operator"),
    );
    how.addEventListener("change", () => {
      one.operator = how.value as Condition["operator"];
      draw();
      sync();
      (rows.children[i]?.querySelectorAll("select")[1] as HTMLElement | undefined)?.focus();
    });
    const value = one.operator === "null" || one.operator === "there" ? null : input(field, one, sync);
    return h(
      "div",
      { class: "cond", attrs: { role: "group", "aria-label": field?.title ?? "" } },
      pick,
      how,
      value,
      button("x", t("removeCondition"), () => {
        state.rows.splice(i, 1);
        draw(Math.max(0, i - 1));
        sync();
      }),
    );
  };
  draw();
  const joint = select(
    [
      ["all", t("all")],
      ["any", t("any")],
    ],
    state.all ? "all" : "any",
    t("filter"),
  );
  joint.addEventListener("change", () => {
    state.all = joint.value === "all";
    sync();
  });
  const send = async () => {
    const wanted = text.value.trim();
    error.hidden = true;
    // the server knows the language best: ask it about one record before the map does
    const query = new URLSearchParams({ ...(wanted ? { filter: wanted } : {}), limit: "1" });
    const answer = await fetch(`/ogc/collections/${layer.code}/items?${query}`, {
      headers: { accept: "application/geo+json" },
    });
    if (answer.status === 400) {
      const told = (await answer.json().catch(() => ({}))) as { detail?: string; description?: string };
      error.textContent = told.detail ?? told.description ?? t("failed");
      error.hidden = false;
      return;
    }
    apply(wanted);
  };
  const more = h("details", { class: "cql" }, h("summary", {}, t("advanced")), text);
  if (!given) {
    more.open = true;
    rows.hidden = true;
  }
  const form = h(
    "form",
    {
      class: "filter",
      on: {
        submit: (event: Event) => {
          event.preventDefault();
          void send();
        },
      },
    },
    given ? rows : h("p", { class: "sm muted" }, t("tooRich")),
    given && fields.length
      ? h(
          "div",
          { class: "row wrap" },
          button(
            "plus",
            t("addCondition"),
            () => {
              if (fields[0]) state.rows.push(fresh(fields[0]));
              draw(state.rows.length - 1);
            },
            { text: true, class: "btn quiet" },
          ),
          joint,
        )
      : null,
    more,
    error,
    h(
      "div",
      { class: "row" },
      h("button", { class: "btn primary", type: "submit" }, t("apply")),
      h("button", { class: "btn quiet", type: "button", on: { click: () => apply("") } }, t("clear")),
    ),
  );
  sync();
  if (!given) text.value = current;
  return form;
}
const fresh = (field: Field): Condition => ({
  field: field.name,
  operator: operators(field.kind, Boolean(field.values))[0] as Condition["operator"],
  value: "",
});

function select(options: [string, string][], value: string, label: string): HTMLSelectElement {
  return h(
    "select",
    { class: "in", attrs: { "aria-label": label } },
    ...options.map(([key, said]) => h("option", { value: key, selected: key === value }, said)),
  );
}
function input(field: Field | undefined, one: Condition, sync: () => void): HTMLElement {
  const take = (event: Event) => {
    one.value = (event.target as HTMLInputElement).value;
    sync();
  };
  const choices: [string, string][] | null =
    field?.values?.map((each) => [String(each.value), each.title]) ??
    (field?.kind === "boolean"
      ? [
          ["true", t("yes")],
          ["false", t("no")],
        ]
      : null);
  if (choices) {
    if (!one.value) one.value = choices[0]?.[0] ?? "";
    const made = select(choices, one.value, t("value"));
    made.addEventListener("change", take);
    return made;
  }
  const type = field?.kind === "date" ? "date" : "text";
  return h("input", {
    class: "in",
    type,
    value: one.value,
    on: { input: take },
    attrs: {
      "aria-label": field?.unit ? `${t("value")} (${field.unit})` : t("value"),
      placeholder: field?.unit || null,
      inputmode: field?.kind === "number" || field?.kind === "integer" ? "decimal" : null,
    },
  });
}
