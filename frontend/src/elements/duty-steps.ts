/** <duty-steps>: a step is ticked in place; without script each step's own form does the same. */
class DutySteps extends HTMLElement {
  #sent = (event: SubmitEvent) => {
    const form = event.target as HTMLFormElement;
    event.preventDefault();
    void this.#send(form);
  };
  connectedCallback() {
    this.addEventListener("submit", this.#sent);
  }
  disconnectedCallback() {
    this.removeEventListener("submit", this.#sent);
  }
  async #send(form: HTMLFormElement): Promise<void> {
    const data = new URLSearchParams({ part: "1" });
    for (const [name, value] of new FormData(form)) data.append(name, String(value));
    const step = data.get("step");
    try {
      const answer = await fetch(form.action, { method: "POST", body: data, headers: { accept: "text/html" } });
      if (!answer.ok && answer.status !== 409) throw new Error(String(answer.status));
      const made = document.createElement("template");
      made.innerHTML = await answer.text();
      const fresh = made.content.querySelector("duty-steps");
      if (!fresh) throw new Error("no steps");
      this.replaceChildren(...fresh.childNodes);
      const again = this.querySelector<HTMLInputElement>(`input[name=step][value="${CSS.escape(step ?? "")}"]`);
      again?.form?.querySelector("button")?.focus();
      document.dispatchEvent(new CustomEvent("duty:stepped", { detail: { alarm: data.get("alarm") } }));
    } catch {
      form.submit(); // the plain form says what is wrong
    }
  }
}
customElements.define("duty-steps", DutySteps);
