/**
 * <camera-view data-code data-kind="hls|mjpeg|still" data-token …>: one camera's picture, opened and closed without leaving the page.
 * Opening and closing are said to the server, which writes them down; leaving the page closes too. Without script its forms do the same.
 * <camera-near>: links to cameras beside a subject; a press shows that camera in a frame with a policy of its own.
 */

interface Opened {
  viewing: string;
  kind: string;
  source: string;
  every: number;
  /** µs since 1970 UTC */
  until: number;
}

export class CameraView extends HTMLElement {
  #viewing = "";
  #stop: (() => void)[] = [];

  connectedCallback(): void {
    const open = this.querySelector<HTMLFormElement>("form[data-open]");
    const close = this.querySelector<HTMLFormElement>("form[data-close]");
    const opening = (event: Event) => {
      event.preventDefault();
      void this.#open();
    };
    const closing = (event: Event) => {
      event.preventDefault();
      this.close("");
    };
    const leaving = () => this.#tell(true);
    open?.addEventListener("submit", opening);
    close?.addEventListener("submit", closing);
    addEventListener("pagehide", leaving);
    this.#stop.push(
      () => open?.removeEventListener("submit", opening),
      () => close?.removeEventListener("submit", closing),
      () => removeEventListener("pagehide", leaving),
    );
    const { viewing, source, every, until } = this.dataset;
    if (viewing && source)
      void this.#show({
        viewing,
        kind: this.dataset.kind ?? "",
        source,
        every: Number(every),
        until: Number(until) * 1000,
      });
  }

  disconnectedCallback(): void {
    this.#tell(true);
    this.#quiet();
    for (const one of this.#stop.splice(0)) one();
  }

  get #url(): string {
    return `/operations/cameras/${encodeURIComponent(this.dataset.code ?? "")}`;
  }
  #say(text: string): void {
    const said = this.querySelector(".said");
    if (said && said.textContent !== text) said.textContent = text;
  }

  async #open(): Promise<void> {
    const body = new URLSearchParams({ _token: this.dataset.token ?? "" });
    try {
      const answer = await fetch(`${this.#url}/open`, {
        method: "POST",
        body,
        headers: { accept: "application/json" },
      });
      if (!answer.ok) return this.#say(this.dataset.refused ?? "");
      await this.#show((await answer.json()) as Opened);
    } catch {
      this.#say(this.dataset.broken ?? "");
    }
  }

  #running: (() => void)[] = [];
  #quiet(): void {
    for (const one of this.#running.splice(0)) one();
  }

  async #show(opened: Opened): Promise<void> {
    this.#tell(false);
    this.#quiet();
    this.#viewing = opened.viewing;
    const room = this.querySelector(".picture");
    room?.querySelector("img, video, .blank")?.remove();
    const shown = document.createElement(opened.kind === "hls" ? "video" : "img");
    if (shown instanceof HTMLVideoElement) {
      shown.controls = shown.muted = shown.playsInline = shown.autoplay = true;
      shown.setAttribute("aria-label", this.dataset.alt ?? "");
      await this.#play(shown, opened.source);
    } else {
      shown.alt = this.dataset.alt ?? "";
      shown.referrerPolicy = "no-referrer";
      shown.src = opened.source;
      if (opened.kind === "still") {
        const mark = opened.source.includes("?") ? "&" : "?";
        const timer = setInterval(() => {
          if (!document.hidden) shown.src = `${opened.source}${mark}n=${Date.now()}`;
        }, opened.every * 1000);
        this.#running.push(() => clearInterval(timer));
      }
    }
    shown.addEventListener("error", () => this.#viewing && this.close(this.dataset.broken ?? ""));
    this.#running.push(() => {
      // an emptied source ends the stream; a removed picture goes on loading
      shown.removeAttribute("src");
      shown.remove();
    });
    room?.prepend(shown);
    const until = opened.until / 1000;
    const tell = () => {
      const left = Math.ceil((until - Date.now()) / 60_000);
      if (left <= 0) this.close(this.dataset.over ?? "");
      else this.#say((this.dataset.left ?? "").replace("{minutes}", String(left)));
    };
    const timer = setInterval(tell, 5000);
    this.#running.push(() => clearInterval(timer));
    this.#buttons(true);
    tell();
  }

  async #play(video: HTMLVideoElement, source: string): Promise<void> {
    if (video.canPlayType("application/vnd.apple.mpegurl")) {
      video.src = source;
      return;
    }
    const { default: Hls } = await import("hls.js/light");
    if (!Hls.isSupported()) return this.#say(this.dataset.broken ?? "");
    const player = new Hls({ enableWorker: true, lowLatencyMode: true });
    player.on(Hls.Events.ERROR, (_event, said) => {
      if (said.fatal) this.close(this.dataset.broken ?? "");
    });
    player.loadSource(source);
    player.attachMedia(video);
    this.#running.push(() => player.destroy());
  }

  close(said: string): void {
    this.#tell(false);
    this.#quiet();
    this.#buttons(false);
    this.#say(said);
  }

  /** Tells the server that nobody looks any more. leaving: the page goes away, so nothing waits for the answer. */
  #tell(leaving: boolean): void {
    if (!this.#viewing) return;
    const body = new URLSearchParams({ _token: this.dataset.token ?? "", viewing: this.#viewing, beacon: "1" });
    this.#viewing = "";
    if (leaving) navigator.sendBeacon(`${this.#url}/close`, body);
    else void fetch(`${this.#url}/close`, { method: "POST", body, keepalive: true }).catch(() => undefined);
  }

  #buttons(looking: boolean): void {
    const close = this.querySelector<HTMLFormElement>("form[data-close]");
    const open = this.querySelector<HTMLFormElement>("form[data-open]");
    const had = this.contains(document.activeElement);
    if (close) close.hidden = !looking;
    if (open) open.hidden = looking;
    if (had) (looking ? close : open)?.querySelector("button")?.focus();
    if (!looking && !this.querySelector(".picture :is(img, video, .blank)")) {
      const blank = document.createElement("p");
      blank.className = "blank";
      this.querySelector(".picture")?.prepend(blank);
    }
  }
}
customElements.define("camera-view", CameraView);

class CameraNear extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("click", this.#press);
  }
  disconnectedCallback(): void {
    this.removeEventListener("click", this.#press);
  }
  #press = (event: MouseEvent): void => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-code]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const item = link.closest("li");
    const there = item?.querySelector("iframe");
    for (const other of this.querySelectorAll("iframe")) other.remove();
    for (const one of this.querySelectorAll("a[data-code]")) one.removeAttribute("aria-expanded");
    if (there || !item) return;
    const shown = document.createElement("iframe");
    shown.title = link.dataset.name ?? "";
    shown.src = `${link.getAttribute("href")}?frame=1`;
    item.append(shown);
    link.setAttribute("aria-expanded", "true");
  };
}
customElements.define("camera-near", CameraNear);
