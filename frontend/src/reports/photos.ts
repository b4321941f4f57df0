/** Photos of a report: tiles in place of the browser's plain field, made smaller before they are sent, and where they were taken. */
import { button, make } from "../dom";
import { reportSay } from "./words";

const SMALL = 1_500_000; // bytes: what is larger is painted anew before it travels over a phone's network
const SIDE = 2048; // px
const KINDS = ["image/jpeg", "image/png", "image/webp"];

/** A photo no larger than need be. What the browser cannot draw goes as it is; the server judges it. */
export async function smaller(file: File): Promise<File> {
  if (file.size <= SMALL && KINDS.includes(file.type)) return file;
  try {
    const drawn = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, SIDE / Math.max(drawn.width, drawn.height));
    const canvas = make("canvas");
    canvas.width = Math.round(drawn.width * scale);
    canvas.height = Math.round(drawn.height * scale);
    canvas.getContext("2d")?.drawImage(drawn, 0, 0, canvas.width, canvas.height);
    drawn.close();
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    if (!blob || blob.size >= file.size) return file;
    return new File([blob], `${file.name.replace(/\.\w+$/, "")}.jpg`, { type: "image/jpeg" });
  } catch {
    return file;
  }
}

/** Longitude and latitude of a JPEG's EXIF, or null. */
export function placeOf(bytes: ArrayBuffer): [number, number] | null {
  try {
    const view = new DataView(bytes);
    if (view.getUint16(0) !== 0xffd8) return null;
    let at = 2;
    while (at + 4 < view.byteLength) {
      const mark = view.getUint16(at);
      if (mark === 0xffe1 && view.getUint32(at + 4) === 0x45786966) return ofExif(view, at + 10);
      if ((mark & 0xff00) !== 0xff00 || mark === 0xffda) return null;
      at += 2 + view.getUint16(at + 2);
    }
  } catch {
    // a broken file says no place
  }
  return null;
}
function ofExif(view: DataView, base: number): [number, number] | null {
  const little = view.getUint16(base) === 0x4949;
  const u16 = (at: number) => view.getUint16(base + at, little);
  const u32 = (at: number) => view.getUint32(base + at, little);
  const entry = (folder: number, tag: number): number | null => {
    for (let n = u16(folder), at = folder + 2; n > 0; n -= 1, at += 12) if (u16(at) === tag) return at;
    return null;
  };
  const gps = entry(u32(4), 0x8825);
  if (gps === null) return null;
  const folder = u32(gps + 8);
  const degrees = (tag: number, ref: number, minus: string): number | null => {
    const value = entry(folder, tag);
    const letter = entry(folder, ref);
    if (value === null || letter === null) return null;
    const from = u32(value + 8);
    const [d, m, s] = [0, 8, 16].map((step) => u32(from + step) / (u32(from + step + 4) || 1)) as [
      number,
      number,
      number,
    ];
    const sign = String.fromCharCode(view.getUint8(base + letter + 8)) === minus ? -1 : 1;
    return sign * (d + m / 60 + s / 3600);
  };
  const lat = degrees(2, 1, "S");
  const lon = degrees(4, 3, "W");
  return lat !== null && lon !== null && (lat !== 0 || lon !== 0) && Math.abs(lat) <= 90 && Math.abs(lon) <= 180
    ? [lon, lat]
    : null;
}

const icon = (path: string) =>
  `<svg class="ic" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${path}</svg>`;
const CAMERA =
  '<path d="M13.997 4a2 2 0 0 1 1.76 1.05l.486.9A2 2 0 0 0 18.003 7H20a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2h1.997a2 2 0 0 0 1.759-1.048l.489-.904A2 2 0 0 1 10.004 4z"/><circle cx="12" cy="13" r="3"/>';
const IMAGE =
  '<rect width="18" height="18" x="3" y="3" rx="2"/><circle cx="9" cy="9" r="2"/><path d="m21 15-3.1-3.1a2 2 0 0 0-2.8 0L6 21"/>';

/** The tiles over a form's plain field. `changed` is called with every change, `offered` with a place a photo says. */
export class Photos {
  readonly files: File[] = [];
  readonly #box = make("div", "rp-photos");
  readonly #most: number;

  constructor(
    readonly field: HTMLInputElement,
    readonly changed: () => void,
    readonly offered: (at: [number, number]) => void,
    most = 8,
  ) {
    this.#most = most;
    field.hidden = true;
    field.removeAttribute("name"); // the files travel from here
    for (const one of document.querySelectorAll<HTMLElement>(`label[for=${field.id}]`)) one.hidden = true;
    const camera = Object.assign(make("input"), { type: "file", accept: field.accept, hidden: true });
    camera.setAttribute("capture", "environment");
    const tile = (path: string, word: string, input: HTMLInputElement) => {
      const one = button("rp-add", "", () => input.click());
      one.innerHTML = icon(path);
      one.append(make("span", "", word));
      return one;
    };
    this.#box.append(tile(CAMERA, reportSay("camera"), camera), tile(IMAGE, reportSay("library"), field), camera);
    for (const input of [camera, field])
      input.addEventListener("change", () => {
        void this.add([...(input.files ?? [])]);
        input.value = "";
      });
    field.before(this.#box);
  }
  async add(given: File[]): Promise<void> {
    for (const one of given) {
      if (this.files.length >= this.#most) break;
      const place = placeOf(await one.slice(0, 256 * 1024).arrayBuffer());
      if (place) this.offered(place);
      this.files.push(await smaller(one));
    }
    this.#show();
    this.changed();
  }
  clear(): void {
    this.files.length = 0;
    this.#show();
  }
  #show(): void {
    for (const one of this.#box.querySelectorAll("figure")) {
      const picture = one.querySelector("img");
      if (picture) URL.revokeObjectURL(picture.src);
      one.remove();
    }
    this.#box.prepend(
      ...this.files.map((file, at) => {
        const one = make("figure");
        const picture = Object.assign(make("img"), {
          src: URL.createObjectURL(file),
          alt: reportSay("photo", { n: at + 1 }),
        });
        const off = button("x", "×", () => {
          this.files.splice(at, 1);
          this.#show();
          this.changed();
        });
        off.setAttribute("aria-label", reportSay("removePhoto", { n: at + 1 }));
        one.append(picture, off);
        return one;
      }),
    );
  }
}
