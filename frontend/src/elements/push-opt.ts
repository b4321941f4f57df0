/**
 * <push-opt data-key data-to [data-form]>: this browser opts in to web push.
 *
 * The button appears where the browser can. What the browser gives is sent as a form to data-to: with the fields of the
 * form named by data-form, or with the token inside alone.
 */
import { browserName, bytes } from "../pure/push";
import { language } from "../words";

const WORKER = "/static/push-worker.js";
const SCOPE = "/static/push/";

const WORDS = {
  ready: ["Trình duyệt sẽ hỏi bạn có cho phép không.", "Your browser will ask whether you allow it."],
  refused: [
    "Thông báo đang bị chặn. Mở lại trong phần cài đặt trang của trình duyệt.",
    "Notifications are blocked. Allow them in the browser's settings for this site.",
  ],
  cannot: [
    "Trình duyệt này không nhận được tin, hoặc trang chưa dùng https.",
    "This browser cannot receive messages, or the page is not served over https.",
  ],
  failed: ["Không đăng ký được. Thử lại sau.", "That did not work. Try again later."],
} as const;

const say = (what: keyof typeof WORDS): string => WORDS[what][language() === "en" ? 1 : 0];

export class PushOpt extends HTMLElement {
  #stop?: AbortController;

  connectedCallback(): void {
    const button = this.querySelector("button");
    if (!button) return;
    if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
      this.#say(say("cannot"));
      return;
    }
    this.#stop = new AbortController();
    button.hidden = false;
    this.#say(say(Notification.permission === "denied" ? "refused" : "ready"));
    button.addEventListener("click", () => void this.#optIn(button), { signal: this.#stop.signal });
  }

  disconnectedCallback(): void {
    this.#stop?.abort();
  }

  async #optIn(button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    try {
      if ((await Notification.requestPermission()) !== "granted") {
        this.#say(say("refused"));
        return;
      }
      const worker = await this.#worker();
      const key = bytes(this.dataset.key ?? "");
      const old = await worker.pushManager.getSubscription();
      if (old && !same(old.options.applicationServerKey, key)) await old.unsubscribe();
      const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
      await this.#send(made);
    } catch (error) {
      console.warn("push-opt", error);
      this.#say(say("failed"));
    } finally {
      button.disabled = false;
    }
  }

  /** The worker once it is active; it controls no page, so that `ready` would never come. */
  async #worker(): Promise<ServiceWorkerRegistration> {
    const made = await navigator.serviceWorker.register(WORKER, { scope: SCOPE });
    const coming = made.installing ?? made.waiting;
    if (coming && coming.state !== "activated") {
      await new Promise<void>((done) => {
        coming.addEventListener("statechange", () => coming.state === "activated" && done());
      });
    }
    return made;
  }

  async #send(made: PushSubscription): Promise<void> {
    const { keys, endpoint } = made.toJSON();
    const form = this.dataset.form && (document.getElementById(this.dataset.form) as HTMLFormElement | null);
    const body = new URLSearchParams();
    if (form) for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
    const token = this.querySelector<HTMLInputElement>("input[name=_token]");
    if (token) body.set("_token", token.value);
    body.set("channel", "push");
    body.set("endpoint", endpoint ?? "");
    body.set("p256dh", keys?.p256dh ?? "");
    body.set("auth", keys?.auth ?? "");
    body.set("label", browserName(navigator.userAgent));
    const answer = await fetch(this.dataset.to ?? "", { method: "POST", body, headers: { accept: "text/html" } });
    if (!answer.ok) throw new Error(`${answer.status}`);
    location.assign(answer.url);
  }

  #say(text: string): void {
    const place = this.querySelector("[data-say]");
    if (place) place.textContent = text;
  }
}

function same(one: ArrayBuffer | null, other: Uint8Array): boolean {
  const mine = new Uint8Array(one ?? new ArrayBuffer(0));
  return mine.length === other.length && mine.every((byte, place) => byte === other[place]);
}

customElements.define("push-opt", PushOpt);
