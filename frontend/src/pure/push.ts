/** What opting in to web push needs: keys as bytes, and what a browser is called. */

/** The bytes of a base64url text. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  const made = new Uint8Array(plain.length);
  for (let i = 0; i < plain.length; i++) made[i] = plain.charCodeAt(i);
  return made;
}

/** What a browser calls itself, short enough for a list: "Chrome · Android". */
export function browserName(agent: string): string {
  const name = /Edg/.test(agent)
    ? "Edge"
    : /Firefox/.test(agent)
      ? "Firefox"
      : /Chrom/.test(agent)
        ? "Chrome"
        : /Safari/.test(agent)
          ? "Safari"
          : "";
  const place = (/Android|iPhone|iPad|Windows|Mac OS X|Linux/.exec(agent)?.[0] ?? "").replace("Mac OS X", "macOS");
  return [name, place].filter(Boolean).join(" · ");
}
