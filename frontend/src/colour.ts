/** Roles read as plain colours, because canvases know neither var() nor light-dark(). */
export function colour(role: string, inside: HTMLElement = document.body): string {
  const probe = document.createElement("i");
  probe.style.color = `var(${role})`;
  probe.hidden = true;
  inside.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
